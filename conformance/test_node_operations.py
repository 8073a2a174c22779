"""Each method of the official Node SDK is called once, as it is, with made-up arguments."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from conformance.server import plain_environment, running

_FOLDER = Path(__file__).parent / "js"
_NOT_ANSWERED = {
    "beta.agents.environments.files.prepare": "the SDK takes no other path than one in /workspace",
    "beta.agents.environments.files.upload": "the same",
    "realtime.calls.create": "a call over WebRTC is refused",
}


@pytest.mark.slow
def test_every_method_of_the_node_sdk_is_answered_or_told_which_parameter_is_missing() -> None:
    with running("--lenient") as server:
        env = {**plain_environment(), **server.by_base_url(), "PATH": os.environ["PATH"]}
        command = ["node", "all_operations.mjs"]
        ran = subprocess.run(command, cwd=_FOLDER, env=env, check=True, stdout=subprocess.PIPE, text=True, timeout=300)
    seen: list[tuple[str, int, str]] = [tuple(each) for each in json.loads(ran.stdout)]

    assert len(seen) > 350
    unexpected = [
        (path, status, message)
        for path, status, message in seen
        if status != 200 and path not in _NOT_ANSWERED and not _names_a_parameter(status, message)
    ]
    assert unexpected == []


def _names_a_parameter(status: int, message: str) -> bool:
    return status == 400 and ("parameter" in message or "expected a file" in message)
