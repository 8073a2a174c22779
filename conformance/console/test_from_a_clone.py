"""From an empty clone to a request that a person answered in the page, by the one command that the README names."""

import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from conformance.server import plain_environment
from tests.project.pages import ROOT, tracked

_HERE = Path(__file__).parent
_BROWSER = os.environ.get("CHROMIUM") or shutil.which("chromium")
_SECONDS = 1500

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(_BROWSER is None, reason="chromium is not installed (.ci/install clients)"),
    pytest.mark.skipif(not (_HERE / "node_modules").exists(), reason="Playwright is not there (.ci/install clients)"),
    pytest.mark.skipif(not (ROOT / ".git").exists(), reason="this is not a clone"),
]


def test_from_an_empty_clone_to_an_answer_by_hand_it_takes_one_command(tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    for file in tracked():
        copy = clone / file.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(file, copy)
    # With the way to the package registries that this machine has. Certificates go to the home of whoever runs it.
    others = {name: value for name, value in os.environ.items() if not name.startswith("LLEMULATOR_")}
    environment = {**others, "LLEMULATOR_CERTS": str(tmp_path / "certs"), "LLEMULATOR_LISTEN": ""}
    make, node = ["make", "--no-print-directory", "run", "PORT=0"], ["node", "--test", "by-hand.test.mjs"]
    process = subprocess.Popen(
        make,
        cwd=clone,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        origin = _read_origin(process)
        ran = subprocess.run(
            node,
            cwd=_HERE,
            env={**plain_environment(), "LLEMULATOR_URL": origin, "CHROMIUM": _BROWSER or "", "NO_COLOR": "1"},
            check=False,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
        )
    finally:
        os.killpg(process.pid, signal.SIGINT)
        process.communicate(timeout=_SECONDS)

    assert ran.returncode == 0, ran.stdout + ran.stderr


def _read_origin(process: subprocess.Popen[str]) -> str:
    """Return the address of the page, as the command prints it."""
    said = list[str]()
    for line in process.stdout or ():
        said.append(line)
        if (found := re.search(r"http://127\.0\.0\.1:[1-9]\d*", line)) is not None:
            return found[0]
    raise AssertionError("".join(said))
