"""Tests hear no signal below `nohup` or in a shell's background; the programs that they start do."""

import subprocess
import sys
from pathlib import Path

from tests.project.pages import ROOT

_HEARD = "import signal; print([signal.getsignal(each) is signal.SIG_IGN for each in (signal.SIGHUP, signal.SIGINT)])"


def test_a_program_that_a_test_starts_ignores_no_signal() -> None:
    said = subprocess.run([sys.executable, "-c", _HEARD], check=True, capture_output=True, text=True).stdout

    assert said == "[False, False]\n"


def test_below_nohup_too(tmp_path: Path) -> None:
    name = f"{Path(__file__)}::{test_a_program_that_a_test_starts_ignores_no_signal.__name__}"
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--basetemp", str(tmp_path / "t"), name]
    ended = subprocess.run(
        ["sh", "-c", 'trap "" HUP INT QUIT; exec "$@"', "sh", *command],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )

    assert (ended.returncode, "1 passed" in ended.stdout) == (0, True), ended.stdout
