"""Clients, each in a small program that knows nothing of llemulator, under `llemulator run --`.

What is not on the machine is skipped; `docs/run.md` lists all, and how those were checked that CI does not have.
"""

import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from conformance.server import plain_environment
from conformance.venvs import ROOT, programs_of

_PROGRAMS = Path(__file__).parent / "programs"
_NODE_MODULES = ROOT / "conformance" / "js" / "node_modules"
_SAID = "Hello from the script."
_SCRIPT = f'rules: [{{name: hello, match: {{user_text: "^Hello$"}}, reply: "{_SAID}", optional: true}}]\n'
_SECONDS = 300
_BODY = '{"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}]}'
_TO = ("https://api.openai.com/v1/chat/completions", "Authorization: Bearer any", "Content-Type: application/json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """One client."""

    name: str
    command: Callable[[], Sequence[str]]
    """Raises `pytest.skip` where the machine does not have it."""
    asks: int = 1
    """How many requests it makes."""


def _found(name: str) -> str:
    if (found := shutil.which(name)) is None:
        pytest.skip(f"{name} is not on this machine")
    return found


def _own(*arguments: str) -> Callable[[], Sequence[str]]:
    return lambda: (sys.executable, *_program(*arguments))


def _locked(lock: str, *arguments: str) -> Callable[[], Sequence[str]]:
    return lambda: (str(programs_of(ROOT / "locks" / lock) / "python"), *_program(*arguments))


def _program(name: str, *arguments: str) -> tuple[str, ...]:
    return (str(_PROGRAMS / name), *arguments)


def _node_of_system(program: str) -> Callable[[], Sequence[str]]:
    return lambda: (_found("node"), *_program(program))


def _node_of_tests(program: str) -> Callable[[], Sequence[str]]:
    found = next(_NODE_MODULES.glob("node-*/bin/node"), None)
    return lambda: (str(found), *_program(program)) if found else pytest.skip("the Node of the tests is not installed")


def _curl() -> Sequence[str]:
    url, *headers = _TO
    return (_found("curl"), "-sSf", url, *(word for header in headers for word in ("-H", header)), "-d", _BODY)


def _wget() -> Sequence[str]:
    url, *headers = _TO
    return (_found("wget"), "-qO-", *(f"--header={header}" for header in headers), f"--post-data={_BODY}", url)


_FRAMEWORKS, _OPENAI_1, _OPENAI_2 = "frameworks.txt", "sdk-suite-1.109.1.txt", "sdk-suite-2.54.0.txt"
_OPENAI_3 = "sdk-suite-3.52.0.txt"

CLIENTS = (
    Client(name="openai-python 1", command=_locked(_OPENAI_1, "openai_sync.py"), asks=2),
    Client(name="openai-python 2", command=_locked(_OPENAI_2, "openai_sync.py"), asks=2),
    Client(name="openai-python 3", command=_own("openai_sync.py"), asks=2),
    Client(name="openai-python 1, async", command=_locked(_OPENAI_1, "openai_async.py"), asks=2),
    Client(name="openai-python 2, async", command=_locked(_OPENAI_2, "openai_async.py"), asks=2),
    Client(name="openai-python 3, async", command=_own("openai_async.py"), asks=2),
    Client(name="openai-python 3, aiohttp", command=_locked(_OPENAI_3, "openai_async.py", "aiohttp"), asks=2),
    Client(name="requests", command=_own("python_http.py", "requests")),
    Client(name="httpx", command=_own("python_http.py", "httpx")),
    Client(name="httpx2", command=_own("python_http.py", "httpx2")),
    Client(name="urllib", command=_own("python_http.py", "urllib")),
    Client(name="urllib3", command=_own("python_http.py", "urllib3")),
    Client(name="http.client", command=_own("python_http.py", "http.client")),
    Client(name="aiohttp", command=_locked(_FRAMEWORKS, "python_http.py", "aiohttp")),
    Client(name="litellm", command=_locked(_FRAMEWORKS, "python_http.py", "litellm")),
    Client(name="Node of the system, fetch", command=_node_of_system("fetch.mjs")),
    Client(name="Node of the system, https", command=_node_of_system("https.mjs")),
    Client(name="Node of the system, openai", command=_node_of_system("openai.mjs"), asks=2),
    Client(name="Node 24, fetch", command=_node_of_tests("fetch.mjs")),
    Client(name="Node 24, https", command=_node_of_tests("https.mjs")),
    Client(name="Node 24, openai", command=_node_of_tests("openai.mjs"), asks=2),
    Client(name="Bun, fetch", command=lambda: (_found("bun"), *_program("fetch.mjs"))),
    Client(name="Deno, fetch", command=lambda: (_found("deno"), "run", "--allow-all", *_program("fetch.mjs"))),
    Client(name="curl", command=_curl),
    Client(name="wget", command=_wget),
    Client(name="Go", command=lambda: (_found("go"), "run", *_program("ask.go"))),
    Client(name="Java", command=lambda: (_found("java"), *_program("Ask.java")), asks=2),
    Client(name="Ruby", command=lambda: (_found("ruby"), *_program("ask.rb"))),
    Client(name="PHP", command=lambda: (_found("php"), *_program("ask.php"))),
)


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.name)
def test_an_unmodified_client_is_answered(client: Client, tmp_path: Path) -> None:
    command = client.command()
    (tmp_path / "script.yaml").write_text(_SCRIPT)
    # An import of JavaScript is looked for beside the program.
    programs = tmp_path / "programs"
    shutil.copytree(_PROGRAMS, programs)
    (programs / "node_modules").symlink_to(_NODE_MODULES)
    run = (sys.executable, "-m", "llemulator_addon", "run", "--hermetic", "--script", "script.yaml", "--strict", "--")
    ended = subprocess.run(
        [*run, *(word.replace(str(_PROGRAMS), str(programs)) for word in command)],
        cwd=tmp_path,
        # Go and npm keep what they have built in the user's folder.
        env={
            **plain_environment(),
            "LITELLM_LOCAL_MODEL_COST_MAP": "True",
            "GOFLAGS": "-mod=mod",
            "GO111MODULE": "off",
        },
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert ended.stdout.count(_SAID) == client.asks, ended.stdout + ended.stderr
    assert f" {client.asks}        0        0  api.openai.com" in ended.stderr
