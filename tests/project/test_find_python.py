"""The set-up finds a Python that is new enough where there is one, and believes only what it has run."""

import subprocess
import sys
from pathlib import Path

from tests.project.pages import ROOT

_LIES = "#!/bin/sh\nexit 127\n"
_TRUE = f'#!/bin/sh\nexec "{sys.executable}" "$@"\n'


def _found(**environment: str) -> str:
    command = ["/bin/sh", str(ROOT / ".ci/find-python")]
    ended = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return ended.stdout.strip()


def _put(folder: Path, name: str, text: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)
    (folder / name).chmod(0o755)


def test_a_shim_that_does_not_run_is_passed_over(tmp_path: Path) -> None:
    _put(tmp_path / "shims", "python3.13", _LIES)
    _put(tmp_path / "bin", "python3", _TRUE)

    assert Path(_found(PATH=f"{tmp_path / 'shims'}:{tmp_path / 'bin'}:/usr/bin:/bin", HOME=str(tmp_path))) == _ours()


def test_a_python_below_home_is_found_where_path_has_none(tmp_path: Path) -> None:
    _put(tmp_path / ".pyenv/versions/3.13.99/bin", "python3.13", _TRUE)

    assert Path(_found(PATH="/usr/bin:/bin", HOME=str(tmp_path))) == _ours()


def test_the_one_that_is_named_is_taken(tmp_path: Path) -> None:
    _put(tmp_path, "mine", _TRUE)

    assert Path(_found(PYTHON=str(tmp_path / "mine"), PATH="/usr/bin:/bin")) == _ours()


def _ours() -> Path:
    return Path(getattr(sys, "_base_executable", sys.executable))
