"""`llemulator.mjs` in a suite of node:test, run by Node against a running server."""

import os
import subprocess
from pathlib import Path

import pytest

from conformance.server import Server, plain_environment

_SUITE = Path(__file__).parent / "node_test" / "suite.mjs"


@pytest.fixture(scope="module")
def told(server: Server) -> str:
    command = ["node", "--test", "--test-reporter=tap", str(_SUITE)]
    env = {**plain_environment(), "LLEMULATOR_URL": server.origin, "PATH": os.environ["PATH"]}
    return subprocess.run(command, env=env, check=False, capture_output=True, text=True, timeout=600).stdout


@pytest.mark.parametrize(
    "name",
    [
        "gets what its script says",
        "has a session of its own",
        "is judged by how its client behaves, where it wants to",
    ],
)
def test_a_test_that_goes_as_its_script_says_passes(told: str, name: str) -> None:
    assert f"ok {_number(told, name)} - {name}\n" in told
    assert f"not ok {_number(told, name)} - {name}\n" not in told


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("fails where a rule was not used", 'unused: Rule "responses[1]" never answered.'),
        ("fails with what is wrong in its script", "rulez: unknown key"),
    ],
)
def test_a_test_that_does_not_fails_and_says_why(told: str, name: str, why: str) -> None:
    assert f"not ok {_number(told, name)} - {name}\n" in told
    assert why in told


def _number(told: str, name: str) -> int:
    line = next(line for line in told.splitlines() if line.endswith(f" - {name}"))
    return int(line.partition(" - ")[0].rpartition(" ")[2])
