from pathlib import Path

import pytest

from llemulator_addon.adapters.command_line import main


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_it_writes_one_line_and_may_be_done_again(folder: Path) -> None:
    statuses = [main(["init"]), main(["init"])]

    assert statuses == [0, 0]
    assert len((folder / "llemulator_addon").read_text("utf-8").splitlines()) == 1


def test_it_does_not_overwrite_something_else(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "llemulator_addon").write_text("mine", "utf-8")

    status = main(["init"])

    assert (status, (folder / "llemulator_addon").read_text("utf-8")) == (1, "mine")
    assert capsys.readouterr().err == (
        "llemulator: llemulator_addon is here already and is something else; remove it, or run this in another folder\n"
    )


def test_where_the_package_itself_is_it_names_the_file_to_use(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "llemulator_addon").mkdir()

    status = main(["init"])

    assert status == 1
    assert "mitmdump -s llemulator_addon/addon.py" in capsys.readouterr().err
