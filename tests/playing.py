"""An emulator in this process, and requests to it, as many tests need them."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from llemulator_addon.core.outcome import Answered, Ending, Play
from llemulator_addon.core.request import Request, Way
from llemulator_addon.core.session_key import ExchangeId
from llemulator_addon.core.steps import Head, Send, Steps
from llemulator_addon.emulator import Emulator, EmulatorSettings
from llemulator_addon.engine.session import Session
from llemulator_addon.script.fault import ConnectionFault
from llemulator_addon.script.reader import read_script
from llemulator_addon.store.memory import MemoryStore

TOKEN = "sk-test-1234"


def emulator(script: object = None, **settings: Any) -> Emulator:  # noqa: ANN401 - whatever settings there are
    """Start one; the script is its default script."""
    return Emulator(EmulatorSettings(script=None if script is None else read_script(script), **settings), MemoryStore)


def chat(text: str = "Hi", *, token: str | None = TOKEN, at: float = 0.0, **body: object) -> Request:
    """Ask for a chat completion."""
    asked = {"model": "gpt-4o", "messages": [{"role": "user", "content": text}], **body}
    return post("/v1/chat/completions", asked, token=token, at=at)


def post(
    path: str,
    body: object = None,
    *,
    token: str | None = TOKEN,
    at: float = 0.0,
    headers: Mapping[str, str] | None = None,
) -> Request:
    """Send JSON."""
    return request("POST", path, body=json.dumps(body).encode(), token=token, at=at, headers=headers)


def request(  # noqa: PLR0913 - one for each part of a request
    method: str,
    path: str,
    *,
    body: bytes = b"",
    token: str | None = TOKEN,
    at: float = 0.0,
    headers: Mapping[str, str] | None = None,
) -> Request:
    """Send anything."""
    path, _, query = path.partition("?")
    pairs = tuple((name, value) for name, _, value in (pair.partition("=") for pair in query.split("&") if pair))
    sent = {"content-type": "application/json", **(headers or {})}
    if token is not None:
        sent["authorization"] = f"Bearer {token}"
    # OpenAI's own host has no other paths: those are asked of the program at its own address.
    way: Way = "connect" if path.startswith(("/v1/", "/_emulator/")) else "origin"
    return Request(method=method, path=path, query=pairs, body=body, headers=sent, at=at, way=way, client="127.0.0.1")


def play(server: Emulator, *requests: Request) -> list[Steps]:
    """Let them be answered one after the other."""

    async def one_after_the_other() -> list[Steps]:
        return [await _steps_of(played(await server.answer(each))) for each in requests]

    return asyncio.run(one_after_the_other())


async def _steps_of(play: Play) -> Steps:
    """Return the steps; of an answer that stays open, those that are there at once."""
    if play.rest is None:
        return play.steps
    await play.rest.more()
    play.rest.leave()
    return (*play.steps, *play.rest.take())


def texts(server: Emulator, *requests: Request) -> list[str]:
    """Return what the model says to each, or `STATUS code` of a failure."""
    return [said(steps) for steps in play(server, *requests)]


def said(steps: Steps) -> str:
    """Return what the model says in an answer in one piece, or `STATUS code` of a failure."""
    answer = json_of(steps)
    if "error" in answer:
        return f"{status(steps)} {answer['error']['code']}"
    return str(answer["choices"][0]["message"]["content"])


def json_of(steps: Steps) -> Any:  # noqa: ANN401 - JSON
    """Return the body as JSON."""
    return json.loads(body_of(steps))


def body_of(steps: Steps) -> bytes:
    """Return the whole body."""
    return b"".join(step.piece for step in steps if isinstance(step, Send))


def status(steps: Steps) -> int:
    """Return the status."""
    return next(step.status for step in steps if isinstance(step, Head))


def headers_of(steps: Steps) -> dict[str, str]:
    """Return the headers."""
    return dict(next(step.headers for step in steps if isinstance(step, Head)))


def kinds(steps: Steps) -> list[type]:
    """Return the kinds of the steps."""
    return [type(step) for step in steps]


def sessions(server: Emulator) -> tuple[Session, ...]:
    """Return every session."""
    return asyncio.run(server.sessions())


def connect(server: Emulator, host: str = "api.openai.com") -> ConnectionFault | None:
    """Ask for a tunnel."""
    return asyncio.run(server.answer_connect(host))


def shake_hands(server: Emulator, host: str = "api.openai.com") -> ConnectionFault | None:
    """Begin TLS."""
    return asyncio.run(server.answer_tls(host))


def end(server: Emulator, exchange: ExchangeId | None, ending: Ending) -> None:
    """Note the end of an answer."""
    assert exchange is not None
    asyncio.run(server.note_end(exchange, ending))


def load(server: Emulator, script: object, *, token: str = TOKEN) -> Any:  # noqa: ANN401 - JSON
    """Load a script for a token and return what the server says."""
    return json_of(play(server, post("/_emulator/script", script, token=token))[0])


def outcome(server: Emulator, asked: Request) -> Play:
    """Return the whole outcome of one request."""
    return played(asyncio.run(server.answer(asked)))


def played(answered: Answered) -> Play:
    """Return what is played."""
    assert isinstance(answered, Play)
    return answered
