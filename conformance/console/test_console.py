"""The console: its logic by Vitest, its size, and the page in Debian's Chromium."""

import gzip
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from conformance.server import plain_environment, running

_HERE = Path(__file__).parent
_ROOT = _HERE.parent.parent
_STATIC = _ROOT / "llemulator_addon/adapters/console/static"
_BROWSER = os.environ.get("CHROMIUM") or shutil.which("chromium")
_SCRIPT_BYTES = 200 << 10

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (_STATIC / "index.html").exists(), reason="the console is not built (.ci/install console)"),
]


def _run(command: list[str], folder: Path, **env: str) -> subprocess.CompletedProcess[str]:
    environment = {**plain_environment(), "PATH": os.environ["PATH"], "NO_COLOR": "1", **env}
    return subprocess.run(
        command, cwd=folder, env=environment, check=False, capture_output=True, text=True, timeout=1500
    )


def test_its_logic_is_as_its_tests_say() -> None:
    ran = _run(["npm", "run", "--silent", "test"], _ROOT / "console")

    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_its_types_fit_what_the_server_says_of_its_routes() -> None:
    ran = _run(["npm", "run", "--silent", "check"], _ROOT / "console")

    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_its_scripts_are_small() -> None:
    sizes = {file.name: len(gzip.compress(file.read_bytes())) for file in _STATIC.glob("*.js")}

    assert 0 < sum(sizes.values()) < _SCRIPT_BYTES, sizes


def test_no_script_and_no_style_is_within_the_page() -> None:
    page = (_STATIC / "index.html").read_text("utf-8")

    assert re.findall(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", page) == []


needs_browser = pytest.mark.skipif(_BROWSER is None, reason="chromium is not installed (.ci/install clients)")


@needs_browser
def test_a_person_sees_and_does_in_the_browser_what_the_page_on_the_console_says() -> None:
    with running("--journal-entries", "20000", "--journal-size", "300MiB", "--journals-size", "600MiB") as server:
        ran = _run(["node", "--test", "console.test.mjs"], _HERE, LLEMULATOR_URL=server.origin, CHROMIUM=_BROWSER or "")

    assert ran.returncode == 0, ran.stdout[-6000:] + ran.stderr


@needs_browser
def test_somebody_who_sees_the_page_for_the_first_time_answers_a_request_by_hand() -> None:
    with running() as server:
        ran = _run(["node", "--test", "by-hand.test.mjs"], _HERE, LLEMULATOR_URL=server.origin, CHROMIUM=_BROWSER or "")

    assert ran.returncode == 0, ran.stdout[-6000:] + ran.stderr


@needs_browser
def test_voice_pictures_and_long_lines_are_seen_and_what_somebody_writes_stays() -> None:
    with running() as server:
        ran = _run(["node", "--test", "kinds.test.mjs"], _HERE, LLEMULATOR_URL=server.origin, CHROMIUM=_BROWSER or "")

    assert ran.returncode == 0, ran.stdout[-6000:] + ran.stderr


@needs_browser
def test_a_server_with_admin_keys_shows_its_sessions_only_to_people_with_one() -> None:
    key = "a-key-for-the-console"
    with running("--admin-key", key) as server:
        environment = {"LLEMULATOR_URL": server.origin, "LLEMULATOR_KEY": key, "CHROMIUM": _BROWSER or ""}
        ran = _run(["node", "--test", "sign-in.test.mjs"], _HERE, **environment)

    assert ran.returncode == 0, ran.stdout[-6000:] + ran.stderr


@needs_browser
def test_a_queue_that_was_imported_is_played_after_a_restart(tmp_path: Path) -> None:
    for half in ("before", "after"):
        with running("--preset-queues", str(tmp_path / "preset_queues.json")) as server:
            environment = {"LLEMULATOR_URL": server.origin, "CHROMIUM": _BROWSER or ""}
            ran = _run(["node", "--test", f"--test-name-pattern=^{half}:", "restart.test.mjs"], _HERE, **environment)

        assert ran.returncode == 0, ran.stdout[-6000:] + ran.stderr
        assert "# pass 1\n" in ran.stdout, ran.stdout
