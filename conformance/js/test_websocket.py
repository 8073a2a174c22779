"""OpenAI's JavaScript SDK speaks Responses and Realtime over WebSocket with a running server, as with OpenAI's."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from conformance.server import Server, plain_environment

_FOLDER = Path(__file__).parent
_SECONDS = 600


_WAYS = {
    "through HTTPS_PROXY": Server.through_proxy,
    "by base URL": Server.by_base_url,
    "below llemulator run": Server.below_run,
}


_NEVER = ("by base URL", "realtime")
# For Realtime, the SDK speaks TLS alone, whatever the base URL says.
_CASES = [(way, spoken) for way in _WAYS for spoken in ("responses", "realtime") if (way, spoken) != _NEVER]


@pytest.mark.parametrize(("way", "spoken"), _CASES)
def test_the_sdk_speaks_over_websocket(way: str, spoken: str, server: Server) -> None:
    node = shutil.which("node", path=_FOLDER / "node_modules/.bin")
    assert node, "no Node in conformance/js: run `make conformance`, which installs what is needed"
    env = {**plain_environment(), **_WAYS[way](server), "LLEMULATOR_URL": server.origin}
    command = [node, "--test", "--test-reporter=tap", f"websocket/{spoken}.test.mjs"]

    ended = subprocess.run(command, cwd=_FOLDER, env=env, capture_output=True, text=True, timeout=_SECONDS, check=False)

    assert ended.returncode == 0, ended.stdout[-8000:] + ended.stderr[-2000:]
    counted = {name: int(count) for name, count in re.findall(r"^# (\w+) (\d+)$", ended.stdout, re.MULTILINE)}
    assert counted["tests"] == counted["pass"] > 0
