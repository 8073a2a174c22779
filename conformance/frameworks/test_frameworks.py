"""Frameworks above OpenAI's SDKs, unmodified: only the environment leads them here, and their base URL is OpenAI's.

Each has a small program beside this file, which plays all of its cases in one process.
"""

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from conformance.frameworks.expected import JAVASCRIPT, PYTHON, Case, Sent, sent_under
from conformance.server import Server, plain_environment, running
from conformance.venvs import ROOT, node_modules_of, programs_of
from llemulator_addon.client import Client, Exchange

_HERE = Path(__file__).parent
_SECONDS = 900

_FRAMEWORKS = [("python", name) for name in PYTHON] + [("js", name) for name in JAVASCRIPT]


@pytest.mark.parametrize(("language", "name"), _FRAMEWORKS)
def test_a_framework_returns_what_the_script_says(language: str, name: str, simulating: Server) -> None:
    played = _played(language, name, simulating)

    assert played.problems == {}, played.said
    assert played.got == {case: expected.got for case, expected in _cases(language, name).items()}


@pytest.mark.parametrize(("language", "name"), _FRAMEWORKS)
def test_every_request_of_a_framework_is_answered_as_intended(language: str, name: str, simulating: Server) -> None:
    played, cases = _played(language, name, simulating), _cases(language, name)

    assert _sent(played.scripted) == sent_under(cases, scripted=True)
    assert _sent(played.unscripted) == sent_under(cases, scripted=False)
    assert [exchange.unmatched for exchange in played.scripted if exchange.unmatched] == []
    assert {exchange.host for exchange in (*played.scripted, *played.unscripted)} == {"api.openai.com"}


def test_the_traces_of_the_agents_sdk_are_taken(simulating: Server) -> None:
    played = _played("python", "openai_agents", simulating)
    traces = [exchange for exchange in played.scripted if exchange.endpoint == "traces.ingest"]

    assert {exchange.status for exchange in traces} == {204}
    assert "[non-fatal]" not in played.said  # how that SDK begins what it says when it could not send them


# Playing --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Played:
    """What came of a program."""

    got: Mapping[str, object]
    problems: Mapping[str, str]
    scripted: Sequence[Exchange]
    unscripted: Sequence[Exchange]
    said: str


@pytest.fixture(scope="module")
def simulating() -> Iterator[Server]:
    """Run a server that simulates what no rule answers; scripts here have an error for that."""
    with running("--on-unmatched", "simulate") as server:
        yield server


def _cases(language: str, name: str) -> Mapping[str, Case]:
    return {"python": PYTHON, "js": JAVASCRIPT}[language][name]


@cache
def _played(language: str, name: str, server: Server) -> _Played:
    """Play all cases of a framework, once for all tests."""
    key, other_key = f"sk-{language}-{name}", f"sk-{language}-{name}-without-a-script"
    keys = {"OPENAI_API_KEY": key, "OTHER_KEY": other_key}
    command, more = {"python": python_command, "js": js_command}[language](f"with_{name}")
    env = {**plain_environment(), **server.through_proxy(), **keys, **more}
    with Client(server.origin, key) as admin:
        _load(admin, name)
        ended = subprocess.run(command, env=env, capture_output=True, text=True, timeout=_SECONDS, check=False)
        results = [json.loads(line) for line in ended.stdout.splitlines()]
        return _Played(
            got={result["case"]: result["got"] for result in results if "got" in result},
            problems={result["case"]: result["problem"] for result in results if "problem" in result},
            scripted=admin.requests(),
            unscripted=admin.copy_for(other_key).requests(),
            said=f"ended with {ended.returncode}: {ended.stderr[-8000:]}",
        )


def _load(admin: Client, name: str) -> None:
    """Load what the framework needs of its own, and then what all have."""
    for script in (_HERE / "scripts" / f"{name}.yaml", _HERE / "scripts" / "common.yaml"):
        if script.exists():
            admin.load_text(script.read_text())


_UNCOUNTED = ("traces.ingest", "vector_stores.files.retrieve")
"""Traces are sent by a thread of their own, whenever it comes to it; a file is polled as often as it takes."""


def _sent(exchanges: Sequence[Exchange]) -> list[Sent]:
    return [
        Sent(endpoint=str(exchange.endpoint), rule=exchange.rule, stream=exchange.stream)
        for exchange in exchanges
        if exchange.endpoint not in _UNCOUNTED
    ]


def python_command(name: str) -> tuple[list[str], Mapping[str, str]]:
    """Return the command that runs a program in Python, and its variables."""
    programs = programs_of(ROOT / "requirements" / "frameworks.txt")
    (vocabularies,) = programs.parent.glob("lib/*/site-packages/litellm/litellm_core_utils/tokenizers")
    return [str(programs / "python"), str(_HERE / "programs" / f"{name}.py")], {
        # Not over the network: tiktoken's vocabularies, which LiteLLM brings along, and LiteLLM's list of prices.
        "TIKTOKEN_CACHE_DIR": str(vocabularies),
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    }


def js_command(name: str) -> tuple[list[str], Mapping[str, str]]:
    """Return the command that runs a program in JavaScript, and its variables."""
    folder = node_modules_of(_HERE / "js").parent
    node = ROOT / "conformance" / "js" / "node_modules" / ".bin" / "node"
    return [str(node), str(folder / f"{name}.mjs")], {}
