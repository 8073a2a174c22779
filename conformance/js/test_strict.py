"""The strict helpers of OpenAI's JavaScript SDK, in both versions that frameworks use, over suites of node:test."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from conformance.server import Server, plain_environment

_FOLDER = Path(__file__).parent
_SUITES = sorted(path.name for path in (_FOLDER / "strict").glob("*.test.mjs"))
_SDKS = ("openai", "openai-6")
"""As package.json names them."""
_WAYS = {"through HTTPS_PROXY": Server.through_proxy, "by base URL": Server.by_base_url}
_SECONDS = 600


@pytest.mark.parametrize("way", _WAYS)
@pytest.mark.parametrize("sdk", _SDKS)
@pytest.mark.parametrize("suite", _SUITES)
def test_the_strict_helpers_of_the_sdk_take_what_is_sent(suite: str, sdk: str, way: str, server: Server) -> None:
    node = shutil.which("node", path=_FOLDER / "node_modules/.bin")
    assert node, "no Node in conformance/js: run `make conformance`, which installs what is needed"
    env = {**plain_environment(), **_WAYS[way](server), "LLEMULATOR_URL": server.origin, "OPENAI_SDK": sdk}
    command = [node, "--test", "--test-reporter=tap", f"strict/{suite}"]

    ended = subprocess.run(command, cwd=_FOLDER, env=env, capture_output=True, text=True, timeout=_SECONDS, check=False)

    assert ended.returncode == 0, ended.stdout[-8000:] + ended.stderr[-2000:]
    counted = {name: int(count) for name, count in re.findall(r"^# (\w+) (\d+)$", ended.stdout, re.MULTILINE)}
    assert counted["tests"] == counted["pass"] > 0
