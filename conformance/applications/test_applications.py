"""Applications as they are released, each with a tool loop: only the environment leads them here.

Each runs twice: by a script, and simulated without one. No other host is reached (`--hermetic`).
"""

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from conformance.server import Server, plain_environment, running
from conformance.venvs import ROOT, node_modules_of, programs_of
from llemulator_addon.client import Client, Exchange

_HERE = Path(__file__).parent
_SECONDS = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """How an application is run, and what comes of it."""

    command: Sequence[str]
    """`{js}` is the folder of npm's packages, `{node}` its Node, `{python}` CrewAI's Python."""
    script: Path
    says: str
    """Something that it prints when the script plays."""
    rules: Sequence[str]
    """The rules that answer it, in order."""
    simulated: str
    """Something that it prints of the tool's result when nothing is scripted."""
    more: Mapping[str, str] = field(default_factory=dict)
    """Variables that it needs to ask nobody else."""
    is_below_run: bool = False
    """Whether it reads no proxy variable for WebSocket, and so runs as below `llemulator run`."""


_CODEX = ("{js}/.bin/codex", "exec", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox")
_OPENCODE = ("{js}/opencode-linux-x64-baseline/bin/opencode", "run", "--model", "openai/gpt-5.4")
APPLICATIONS = {
    "codex": Application(
        # By default it plays with a model whose tools are called from a program.
        command=(*_CODEX, "--model", "gpt-5.2", "Say hello with a command, in a file evil.txt"),
        script=ROOT / "scripts" / "codex.yaml",
        says="The command said hello.",
        rules=("runs a command", "says what the command printed"),
        simulated="hello",
    ),
    "opencode": Application(
        command=(*_OPENCODE, "Run the bash command that makes a file evil.txt"),
        script=ROOT / "scripts" / "opencode.yaml",
        says="The command said hello.",
        rules=("names the chat", "runs a command", "says what the command printed"),
        simulated="hello",
    ),
    "agents": Application(
        command=("{node}", "{js}/../agents.mjs"),
        script=_HERE / "scripts" / "weather.yaml",
        says="Take an umbrella to Oslo.",
        rules=("calls the tool", "uses the result"),
        simulated="rain in Oslo",
    ),
    "agents-websocket": Application(
        command=("{node}", "{js}/../agents_websocket.mjs"),
        script=_HERE / "scripts" / "weather.yaml",
        says="Take an umbrella to Oslo.",
        rules=("calls the tool", "uses the result"),
        simulated="rain in Oslo",
    ),
    "agents-realtime": Application(
        command=("{node}", "{js}/../agents_realtime.mjs"),
        script=_HERE / "scripts" / "weather_aloud.yaml",
        says="Take an umbrella to Oslo.\nIt was heard.",
        rules=("calls the tool.heard", "calls the tool", "uses the result"),
        simulated="It was heard.",
        is_below_run=True,
    ),
    "crewai": Application(
        command=("{python}", str(_HERE / "programs" / "crew.py")),
        script=_HERE / "scripts" / "weather.yaml",
        says="Take an umbrella to Oslo.",
        rules=("calls the tool", "uses the result"),
        simulated="rain in Oslo",
        more={"OTEL_SDK_DISABLED": "true", "CREWAI_DISABLE_TELEMETRY": "true", "CREWAI_TRACING_ENABLED": "false"},
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What came of a run."""

    status: int
    printed: str
    exchanges: Sequence[Exchange]
    made: Sequence[str]
    """Files in its working folder."""


@pytest.fixture(scope="module")
def hermetic() -> Iterator[Server]:
    with running("--on-unmatched", "simulate", "--hermetic") as server:
        yield server


@pytest.mark.parametrize("name", APPLICATIONS)
def test_an_application_plays_its_script_to_the_end(name: str, hermetic: Server, tmp_path: Path) -> None:
    application = APPLICATIONS[name]

    ran = _run(name, hermetic, tmp_path, scripted=True)

    assert ran.status == 0, ran.printed
    assert application.says in ran.printed
    assert [exchange.rule for exchange in ran.exchanges if exchange.rule] == list(application.rules)
    assert {exchange.host for exchange in ran.exchanges} == {"api.openai.com"}


@pytest.mark.parametrize("name", APPLICATIONS)
def test_an_application_is_simulated_to_the_end_without_harm(name: str, hermetic: Server, tmp_path: Path) -> None:
    ran = _run(name, hermetic, tmp_path, scripted=False)

    assert ran.status == 0, ran.printed
    assert APPLICATIONS[name].simulated in ran.printed
    assert ran.made == []


def test_codex_speaks_websocket(hermetic: Server, tmp_path: Path) -> None:
    ran = _run("codex", hermetic, tmp_path, scripted=True)

    handshake, warm_up, *turns = ran.exchanges
    assert [exchange.status for exchange in ran.exchanges] == [101, 200, 200, 200]
    assert (handshake.endpoint, warm_up.rule) == ("responses.connect", None)
    assert [exchange.rule for exchange in turns] == list(APPLICATIONS["codex"].rules)


def test_turns_of_the_agents_sdk_come_on_one_websocket_connection(hermetic: Server, tmp_path: Path) -> None:
    ran = _run("agents-websocket", hermetic, tmp_path, scripted=True)

    handshake, *turns = (exchange for exchange in ran.exchanges if exchange.endpoint != "traces.ingest")
    assert (handshake.endpoint, handshake.status) == ("responses.connect", 101)
    assert [exchange.connection["handshake"] for exchange in turns] == [handshake.number] * 2


def test_the_turn_of_a_voice_agent_is_heard_and_answered_on_one_connection(hermetic: Server, tmp_path: Path) -> None:
    ran = _run("agents-realtime", hermetic, tmp_path, scripted=True)

    handshake, *others = ran.exchanges
    assert [exchange.endpoint for exchange in ran.exchanges] == [
        "realtime.connect",
        "realtime.transcription",
        "realtime",
        "realtime",
    ]
    assert {exchange.connection["handshake"] for exchange in others} == {handshake.number}


def _run(name: str, server: Server, folder: Path, *, scripted: bool) -> Ran:
    application = APPLICATIONS[name]
    key = f"sk-{name}-{folder.name}"
    home, work = folder / "home", folder / "work"
    for made in (home, work):
        made.mkdir()
    keys = {"OPENAI_API_KEY": key, "CODEX_API_KEY": key}
    homes = {"HOME": home, "CODEX_HOME": home, "XDG_CONFIG_HOME": home, "XDG_DATA_HOME": home, "XDG_STATE_HOME": home}
    env = {
        **plain_environment(),
        **server.through_proxy(),
        **(server.below_run() if application.is_below_run else {}),
        **keys,
        **{variable: str(path) for variable, path in homes.items()},
        "XDG_CACHE_HOME": str(home / "cache"),
        **application.more,
    }
    with Client(server.origin, key) as admin:
        if scripted:
            admin.load_text(application.script.read_text())
        ended = subprocess.run(
            [_filled(part) for part in application.command],
            env=env,
            cwd=work,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        exchanges = [exchange for exchange in admin.requests() if exchange.endpoint != "traces.ingest"]
    return Ran(
        status=ended.returncode,
        printed=f"{ended.stdout}\n{ended.stderr[-4000:]}",
        exchanges=exchanges,
        made=[path.name for path in work.iterdir()],
    )


def _filled(part: str) -> str:
    if "{python}" in part:
        return part.replace("{python}", str(programs_of(ROOT / "requirements" / "applications.txt") / "python"))
    node = ROOT / "conformance" / "js" / "node_modules" / ".bin" / "node"
    return (
        part.replace("{node}", str(node)).replace("{js}", str(node_modules_of(_HERE / "js"))) if "{" in part else part
    )
