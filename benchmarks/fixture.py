"""The cost of the pytest fixture for a test, once the proxy is up: a run with it, less a run without."""

import subprocess
import sys
import tempfile
from pathlib import Path

_TESTS = 300

_SUITE = """
import pathlib, time
import pytest

BEGIN = []

def test_first({fixture}):
    BEGIN.append(time.perf_counter())  # the proxy is up

@pytest.mark.parametrize("number", range({tests}))
def test_it({fixtures}):
    pass

def test_last():
    pathlib.Path(__file__).with_name("seconds").write_text(str(time.perf_counter() - BEGIN[0]))
"""


def milliseconds() -> float:
    """Return what it costs one test, in milliseconds, its set-up and its verification together."""
    return (_seconds("llemulator") - _seconds("")) * 1000 / _TESTS


def _seconds(fixture: str) -> float:
    """Return how long all tests but the first take."""
    with tempfile.TemporaryDirectory(prefix="llemulator-bench-") as folder:
        fixtures = ", ".join(filter(None, (fixture, "number")))
        Path(folder, "test_it.py").write_text(_SUITE.format(fixture=fixture, fixtures=fixtures, tests=_TESTS), "utf-8")
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
        return float(Path(folder, "seconds").read_text("utf-8"))
