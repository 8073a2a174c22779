"""Files with anything in them: the command says which is what, and does not fall over."""

from pathlib import Path

import pytest

from llemulator_addon.adapters.command_line import main
from llemulator_addon.script.converting import CONVERTERS
from tests.fuzz.values import ODD_TEXTS

_CONTENTS = [
    *(text.encode("utf-8", "surrogatepass") for text in ODD_TEXTS),
    b"\xff\xfe\x00",
    b"PK\x03\x04\x80",
    b"\x80" * 99,
]


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    files = [tmp_path / f"{number}.{end}" for number in range(len(_CONTENTS)) for end in ("yaml", "json", "txt")]
    for number, file in enumerate(files):
        file.write_bytes(_CONTENTS[number // 3])
    return files


def test_check_says_of_each_file_whether_it_is_a_script(files: list[Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", *map(str, files), str(files[0].parent)]) == 1

    said = capsys.readouterr()
    assert [file.name for file in files if str(file) not in said.out + said.err] == []
    assert "Traceback" not in said.err


@pytest.mark.parametrize("tool", CONVERTERS)
def test_convert_makes_a_script_or_says_why_not(
    tool: str, files: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    for file in files:
        status = main(["convert", tool, str(file)])
        said = capsys.readouterr()
        if status == 0:
            (script := file.with_suffix(".made.json")).write_text(said.out, "utf-8")
            assert main(["check", str(script)]) == 0
            assert capsys.readouterr().out.startswith(f"{script}: ")
        else:
            assert said.err.startswith(f"llemulator: {file}: ")
