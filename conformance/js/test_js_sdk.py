"""OpenAI's official JavaScript SDK plays the same cases; here its results become pytest's.

Node 20 does not know HTTPS_PROXY. A newer Node that does is among the packages of `conformance/js`, so that the SDK and
the program that drives it stay unmodified; by base URL the machine's own Node plays the cases too.
"""

import json
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

from conformance.case import cases
from conformance.server import Server, plain_environment

_FOLDER = Path(__file__).parent
_SECONDS = 600

_RUNS = {
    "Node through HTTPS_PROXY": ("packaged", Server.through_proxy),
    "Node by base URL": ("packaged", Server.by_base_url),
    "the machine's Node by base URL": ("installed", Server.by_base_url),
}


# One worker plays a run once, and all its tests ask there what came of it.
@pytest.mark.parametrize("run", [pytest.param(run, marks=pytest.mark.xdist_group(run)) for run in _RUNS])
@pytest.mark.parametrize("case", [case.name for case in cases()])
def test_case(case: str, run: str, server: Server) -> None:
    problems, ending = _played(run, server)

    assert problems.get(case, [f"was not played; Node {ending}"]) == []


@cache
def _played(run: str, server: Server) -> tuple[dict[str, list[str]], str]:
    """Play all cases, once for all tests; return the problems of each, and how Node ended."""
    which, way = _RUNS[run]
    env = {**plain_environment(), **way(server), "LLEMULATOR": server.origin}
    command = [_node(which), "drive.mjs"]
    ended = subprocess.run(command, cwd=_FOLDER, env=env, capture_output=True, text=True, timeout=_SECONDS, check=False)
    results = [json.loads(line) for line in ended.stdout.splitlines()]
    return {result["name"]: result["problems"] for result in results}, f"ended with {ended.returncode}: {ended.stderr}"


def _node(which: str) -> str:
    found = shutil.which("node") if which == "installed" else shutil.which("node", path=_FOLDER / "node_modules/.bin")
    assert found, f"no {which} Node: run `make conformance`, which installs what is needed"
    return found
