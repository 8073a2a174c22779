"""Real clients, each asked one question at a time through HTTPS_PROXY."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from threading import Timer
from typing import Any, Protocol, Self

from conformance.faults.case import Ask, ClientName
from conformance.server import Server, plain_environment

_HERE = Path(__file__).parent
_JS = _HERE.parent / "js"
_SECONDS = 300
_CURL = shutil.which("curl") or "curl"

CURL = "7.88.1"
"""The version whose exit statuses are written down."""

Answer = Mapping[str, Any]
"""`text`, `raises`, `status` and `exit`, as `case.Seen` has them."""


class RealClient(Protocol):
    """Something that asks."""

    def ask(self, token: str, ask: Ask) -> Answer:
        """Ask, and return what came of it."""
        ...

    def begin_anew(self) -> None:
        """Leave all connections."""
        ...


@contextmanager
def client(name: ClientName, server: Server) -> Iterator[RealClient]:
    """Start a client that is led to the server by variables alone."""
    env = plain_environment() | server.through_proxy()
    if name.startswith("curl"):
        yield _Curl(version=f"--http{name.rpartition('/')[2]}", ca=server.ca, env=env)
        return
    with _Program(command=_COMMANDS[name], env=env, keeps_connections=name == "JavaScript") as program:
        yield program


@cache
def curl_version() -> str:
    """Return the version of the machine's curl."""
    said = subprocess.run([_CURL, "--version"], capture_output=True, text=True, check=True).stdout
    return said.split()[1]


_PYTHON = (sys.executable, str(_HERE / "sdk.py"))
_COMMANDS: Mapping[ClientName, tuple[str, ...]] = {
    "Python": (*_PYTHON, "sync"),
    "Python async": (*_PYTHON, "async"),
    "Python HTTP/2": (*_PYTHON, "http2"),
    # Node 20 does not know HTTPS_PROXY; the one among the packages does.
    "JavaScript": (str(_JS / "node_modules/.bin/node"), str(_JS / "faults.mjs")),
}


@dataclass(slots=True, kw_only=True)
class _Program:
    """A program of ours around an SDK, which answers line by line."""

    command: tuple[str, ...]
    env: Mapping[str, str]
    keeps_connections: bool
    """Whether the SDK's clients share connections; else each token has a client, and so connections, of its own."""
    _running: ExitStack = field(default_factory=ExitStack)
    _process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._running.close()

    def begin_anew(self) -> None:
        if self.keeps_connections:
            self._running.close()
            self._process = None

    def ask(self, token: str, ask: Ask) -> Answer:
        process = self._process or self._started()
        assert process.stdin
        assert process.stdout
        question = {"token": token, "body": _body(ask), "patience_s": ask.timeout_s, **ask.model_dump()}
        process.stdin.write(f"{json.dumps(question)}\n")
        process.stdin.flush()
        too_long = Timer(_SECONDS, process.kill)
        too_long.start()
        try:
            line = process.stdout.readline()
        finally:
            too_long.cancel()
        if not line:
            raise RuntimeError(f"{self.command} ended with {process.wait()} at {question}")
        answer: Answer = json.loads(line)
        return answer

    def _started(self) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            self.command, env=self.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )
        # On leaving, its input is closed, and it ends.
        self._process = self._running.enter_context(process)
        return process


@dataclass(frozen=True, slots=True, kw_only=True)
class _Curl:
    """curl, which opens a connection for each question."""

    version: str
    ca: Path
    env: Mapping[str, str]

    def begin_anew(self) -> None:
        pass

    def ask(self, token: str, ask: Ask) -> Answer:
        path = "responses" if ask.endpoint == "responses" else "chat/completions"
        command = [_CURL, "-sSN", self.version, "--max-time", str(ask.timeout_s), "-w", "%{stderr}%{http_code}"]
        # The machine may have told curl of other certificates than `SSL_CERT_FILE` does.
        command += ["--cacert", str(self.ca), "-H", f"Authorization: Bearer {token}"]
        command += ["-H", "Content-Type: application/json", "--data-binary", json.dumps(_body(ask))]
        command += [f"https://api.openai.com/v1/{path}"]
        done = subprocess.run(command, env=self.env, capture_output=True, timeout=_SECONDS, check=False)
        status = int(done.stderr[-3:])
        return {
            "text": _text(done.stdout.decode("utf-8", "replace"), ask),
            "status": None if status in {0, 200} else status,
            "exit": done.returncode or None,
        }


def _body(ask: Ask) -> dict[str, Any]:
    body: dict[str, Any] = {"model": "gpt-4o"}
    if ask.stream:
        body["stream"] = True
    if ask.endpoint == "responses":
        return body | {"input": "Hi"}
    if ask.max_tokens is not None:
        body["max_completion_tokens"] = ask.max_tokens
    return body | {"messages": [{"role": "user", "content": "Hi"}]}


def _text(body: str, ask: Ask) -> str:
    """Return what a reader makes of an answer that does not ask whether it is whole."""
    if not ask.stream:
        return "".join(_said(body))
    lines = (line.removeprefix("data: ") for line in body.splitlines() if line.startswith("data: "))
    return "".join(text for line in lines for text in _said(line))


def _said(text: str) -> Iterator[str]:
    try:
        value = json.loads(text)
    except ValueError:
        return
    if value.get("type") == "response.output_text.delta":
        yield value["delta"]
    for choice in value.get("choices", ()):
        yield choice.get("delta", choice.get("message", {})).get("content") or ""
