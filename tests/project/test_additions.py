"""The files that `docs/architecture.md` names for an addition are enough for it, and none of them can be left out."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from importlib.util import cache_from_source
from pathlib import Path

import pytest

from tests.project.added import fallback, fault, form, page, setting, store
from tests.project.additions import Addition
from tests.project.pages import ROOT, additions, tracked

_MODULES = (form, fault, store, page, fallback, setting)
_ADDITIONS = {module.__name__.rpartition(".")[2]: module.ADDITION for module in _MODULES}
_COPIED = ("llemulator_addon", "tests", "docs", "tools", "conformance/faults", "conformance/*.py", "README.md", "certs")
_FILE = re.compile(r"`([\w./]+\.(?:py|md|yaml))`")
_GENERATES = "`make generated`"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Return a copy of what the additions touch and need, with its byte code, which takes long to make."""
    for file in tracked(*_COPIED):
        for each in (file, Path(cache_from_source(str(file)))):
            if each.is_file():
                there = tmp_path / each.relative_to(ROOT)
                there.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(each, there)
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    return tmp_path


def _row(addition: Addition) -> str:
    (files,) = (cells[1] for cells in additions() if cells[0] == addition.row)
    return files


def _make(addition: Addition, paths: Iterable[str], root: Path) -> None:
    for path in paths:
        place, text = addition.change(path, root)
        place.write_text(text, "utf-8")


def _use(root: Path, *names: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.project.added.trying", *names]
    environment = {"PYTHONPATH": str(root), "PATH": "/usr/bin:/bin", "HOME": str(root)}
    return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", _ADDITIONS)
def test_an_addition_touches_the_files_of_its_row(name: str) -> None:
    addition = _ADDITIONS[name]

    assert sorted(_FILE.findall(_row(addition))) == sorted(addition.edits)


@pytest.mark.long
def test_additions_work_once_the_files_of_their_rows_are_written(copy: Path) -> None:
    for addition in _ADDITIONS.values():
        _make(addition, _FILE.findall(_row(addition)), copy)

    used = _use(copy, *_ADDITIONS)

    assert used.returncode == 0, used.stderr[-3000:]


@pytest.mark.slow
@pytest.mark.parametrize("name", _ADDITIONS)
def test_an_addition_works_alone(name: str, copy: Path) -> None:
    addition = _ADDITIONS[name]
    _make(addition, addition.edits, copy)

    used = _use(copy, name)

    assert used.returncode == 0, used.stderr[-3000:]
    assert (_GENERATES in _row(addition)) == bool(used.stdout), used.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "left_out"), [(name, path) for name, addition in _ADDITIONS.items() for path in addition.edits]
)
def test_no_file_of_a_row_can_be_left_out(name: str, left_out: str, copy: Path) -> None:
    addition = _ADDITIONS[name]
    _make(addition, addition.edits.keys() - {left_out}, copy)

    assert _use(copy, name).returncode != 0
