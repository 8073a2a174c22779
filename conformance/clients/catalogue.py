"""Clients, each a small program that knows nothing of llemulator, and where its runtime is.

`.ci/install clients` brings what Python's locks do not. What is not on the machine is skipped; `docs/run.md` lists all,
and how those were tried that cannot be had here.
"""

import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from conformance.venvs import ROOT, programs_of

SAID = "Hello from the script."
"""What each client prints as often as it asks."""

_HERE = Path(__file__).parent
_PROGRAMS = _HERE / "programs"
_MODULES = _HERE / "js" / "node_modules"
_JARS = Path("/usr/share/java")
_SHARED_PHP = Path("/usr/share/php")
_BODY = '{"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}]}'
_TO = ("https://api.openai.com/v1/chat/completions", "Authorization: Bearer any", "Content-Type: application/json")

NEWER = {name: name for name in ("@ai-sdk/openai", "ai", "axios", "openai", "undici")}
"""Where a program's import is found among what npm has installed."""
_OLDER = NEWER | {"@ai-sdk/openai": "ai-sdk-openai-3", "ai": "ai-6", "openai": "openai-6"}
"""The major version before, for a Node that the newest no longer takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """One client."""

    name: str
    command: Callable[[], Sequence[str]]
    """Raises `pytest.skip` where the machine does not have it."""
    asks: int = 1
    """How many requests it makes."""
    imports: Mapping[str, str] = field(default_factory=lambda: NEWER)


def placed(client: Client, folder: Path) -> list[str]:
    """Put a client's program into a folder, with what it imports beside it, and return its command there."""
    command = client.command()
    programs = folder / "programs"
    shutil.copytree(_PROGRAMS, programs)
    shutil.copy(_HERE / "js" / "package.json", programs)
    for name, found in client.imports.items():
        place = programs / "node_modules" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(_MODULES / found)
    return [word.replace(str(_PROGRAMS), str(programs)) for word in command]


def environment(inherited: Mapping[str, str]) -> dict[str, str]:
    """Return an environment in which clients ask for nothing else than the API, and Go builds a file by itself."""
    return {
        **inherited,
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "DENO_NO_UPDATE_CHECK": "1",
        "GOFLAGS": "-mod=mod",
        "GO111MODULE": "off",
    }


# Where they are -------------------------------------------------------------------------------------------------------


def _found(name: str) -> str:
    if (found := shutil.which(name)) is None:
        pytest.skip(f"{name} is not on this machine; `.ci/install clients` brings it, as root on Debian")
    return found


def _installed(path: Path, by: str) -> Path:
    if not path.exists():
        pytest.skip(f"{path} is not there; {by}")
    return path


def _from_npm(path: str) -> str:
    return str(_installed(_MODULES / path, "`.ci/install clients` brings it, to Linux on x64"))


def _from_debian(path: Path) -> Path:
    return _installed(path, "`.ci/install clients` brings it, as root on Debian")


def _program(name: str, *arguments: str) -> tuple[str, ...]:
    return (str(_PROGRAMS / name), *arguments)


def _own(*arguments: str) -> Callable[[], Sequence[str]]:
    return lambda: (sys.executable, *_program(*arguments))


def _locked(lock: str, *arguments: str) -> Callable[[], Sequence[str]]:
    return lambda: (str(programs_of(ROOT / "requirements" / lock) / "python"), *_program(*arguments))


def _node(folder: str, program: str) -> Callable[[], Sequence[str]]:
    return lambda: (_from_npm(f"{folder}/bin/node"), *_program(program))


def _bun(program: str) -> Callable[[], Sequence[str]]:
    return lambda: (_from_npm("bun-linux-x64/bin/bun"), *_program(program))


def _deno(program: str) -> Callable[[], Sequence[str]]:
    options = ("run", "--allow-all", "--node-modules-dir=manual")
    return lambda: (_from_npm("deno-linux-x64/deno"), *options, *_program(program))


def _ruby(program: str) -> Callable[[], Sequence[str]]:
    return lambda: (_found("ruby"), *_program(program))


def _php(program: str) -> Callable[[], Sequence[str]]:
    return lambda: (_found("php"), *_program(program))


def _java(program: str) -> Callable[[], Sequence[str]]:
    return lambda: (_found("java"), *_program(program))


def _faraday() -> Sequence[str]:
    _from_debian(Path("/usr/share/doc/ruby-faraday"))
    return _ruby("faraday.rb")()


def _guzzle() -> Sequence[str]:
    _from_debian(_SHARED_PHP / "GuzzleHttp")
    return _php("guzzle.php")()


def _ok_http() -> Sequence[str]:
    jars = ":".join(str(_from_debian(_JARS / name)) for name in ("okhttp.jar", "okio.jar"))
    return (_found("java"), "-classpath", jars, *_program("OkHttp.java"))


def _curl() -> Sequence[str]:
    url, *headers = _TO
    return (_found("curl"), "-sSf", url, *(word for header in headers for word in ("-H", header)), "-d", _BODY)


def _wget() -> Sequence[str]:
    url, *headers = _TO
    return (_found("wget"), "-qO-", *(f"--header={header}" for header in headers), f"--post-data={_BODY}", url)


# All of them ----------------------------------------------------------------------------------------------------------

_FRAMEWORKS, _OPENAI_1, _OPENAI_2 = "frameworks.txt", "sdk-suite-1.109.1.txt", "sdk-suite-2.54.0.txt"
_OPENAI_3 = "sdk-suite-3.52.0.txt"

_OF_PYTHON = (
    Client(name="openai-python 1", command=_locked(_OPENAI_1, "openai_sync.py"), asks=2),
    Client(name="openai-python 2", command=_locked(_OPENAI_2, "openai_sync.py"), asks=2),
    Client(name="openai-python 3", command=_own("openai_sync.py"), asks=2),
    Client(name="openai-python 1, async", command=_locked(_OPENAI_1, "openai_async.py"), asks=2),
    Client(name="openai-python 2, async", command=_locked(_OPENAI_2, "openai_async.py"), asks=2),
    Client(name="openai-python 3, async", command=_own("openai_async.py"), asks=2),
    Client(name="openai-python 1, aiohttp", command=_locked(_OPENAI_1, "openai_async.py", "aiohttp"), asks=2),
    Client(name="openai-python 2, aiohttp", command=_locked(_OPENAI_2, "openai_async.py", "aiohttp"), asks=2),
    Client(name="openai-python 3, aiohttp", command=_locked(_OPENAI_3, "openai_async.py", "aiohttp"), asks=2),
    Client(name="openai-python 1, own client", command=_locked(_OPENAI_1, "openai_sync.py", "own"), asks=2),
    Client(name="openai-python 2, own client", command=_locked(_OPENAI_2, "openai_sync.py", "own"), asks=2),
    Client(name="openai-python 3, own client", command=_own("openai_sync.py", "own"), asks=2),
    Client(name="requests, no variables", command=_own("python_http.py", "requests, no variables")),
    Client(name="httpx, own roots", command=_own("python_http.py", "httpx, own roots")),
    Client(name="requests", command=_own("python_http.py", "requests")),
    Client(name="httpx", command=_own("python_http.py", "httpx")),
    Client(name="httpx2", command=_own("python_http.py", "httpx2")),
    Client(name="urllib", command=_own("python_http.py", "urllib")),
    Client(name="aiohttp, trust_env", command=_locked(_FRAMEWORKS, "python_http.py", "aiohttp, trust_env")),
    Client(name="litellm", command=_locked(_FRAMEWORKS, "python_http.py", "litellm")),
    Client(name="litellm, async", command=_locked(_FRAMEWORKS, "python_http.py", "litellm, async")),
)
_PYTHON_WITHOUT_PROXY = (
    Client(name="urllib3", command=_own("python_http.py", "urllib3")),
    Client(name="http.client", command=_own("python_http.py", "http.client")),
    Client(name="aiohttp", command=_locked(_FRAMEWORKS, "python_http.py", "aiohttp")),
)

_NODES = {"Node 20": "node-20", "Node 22.20": "node-22-before", "Node 24.4": "node-24-before"}
_NODES_WITH_SWITCH = {"Node 22": "node-22", "Node 24": "node-24"}
_TWICE = frozenset(("openai", "ai"))


def _of_javascript(name: str, command: Callable[[str], Callable[[], Sequence[str]]]) -> tuple[Client, ...]:
    return tuple(
        Client(
            name=f"{name}, {program}",
            command=command(f"{program}.mjs"),
            asks=2 if program in _TWICE else 1,
            imports=_OLDER if name == "Node 20" else NEWER,
        )
        for program in ("fetch", "https", "axios", "openai", "ai")
    )


def _of_node(name: str, folder: str) -> tuple[Client, ...]:
    return _of_javascript(name, lambda program: _node(folder, program))


_OF_JAVASCRIPT = (
    *(client for name, folder in (_NODES | _NODES_WITH_SWITCH).items() for client in _of_node(name, folder)),
    *(
        Client(name=f"{name}, {program}", command=_node(folder, f"{program.replace(' ', '_')}.mjs"))
        for name, folder in (_NODES | _NODES_WITH_SWITCH).items()
        for program in ("own agent", "own dispatcher")
    ),
    Client(name="Node 24, openai 6", command=_node("node-24", "openai.mjs"), asks=2, imports=_OLDER),
    Client(name="Node 24, ai 6", command=_node("node-24", "ai.mjs"), asks=2, imports=_OLDER),
    *_of_javascript("Bun", _bun),
    *_of_javascript("Deno", _deno),
)
_OF_OTHERS = (
    Client(name="curl", command=_curl),
    Client(name="wget", command=_wget),
    Client(name="Go", command=lambda: (_found("go"), "run", *_program("ask.go"))),
    Client(name="Java", command=_java("Ask.java"), asks=2),
    Client(name="Java, OkHttp", command=_ok_http),
    Client(name="Ruby", command=_ruby("ask.rb")),
    Client(name="Ruby, Faraday", command=_faraday),
    Client(name="PHP, curl", command=_php("ask.php")),
    Client(name="PHP, Guzzle", command=_guzzle),
)

CLIENTS = (*_OF_PYTHON, *_PYTHON_WITHOUT_PROXY, *_OF_JAVASCRIPT, *_OF_OTHERS)
"""Those that a command with `llemulator run --` before it leads here."""

WITHOUT_PROXY = (
    *_PYTHON_WITHOUT_PROXY,
    *(client for client in _of_node("Node 20", "node-20") if "axios" not in client.name),
    Client(name="Java, no proxy", command=_java("Direct.java")),
    Client(name="PHP, streams", command=_php("streams.php")),
)
"""Those that read no proxy variable, or not each."""
