"""A talk on a WebSocket connection as a value: it hears messages, and returns another talk and what is to be done."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple, Protocol, Self

from llemulator_addon.core.reply import Failure
from llemulator_addon.core.request import Request
from llemulator_addon.core.steps import Headers
from llemulator_addon.wire.credentials import token_of
from llemulator_addon.wire.json_bytes import read
from llemulator_addon.wire.members import text_in


class Begin(NamedTuple):
    """Answer a request, now."""

    request: Request
    lane: str | None
    """One request of a lane is answered at a time."""
    is_silent: bool = False
    """Whether the client gets nothing of its answer: the talk alone takes note of it."""


class Say(NamedTuple):
    """Send a message."""

    text: str


class Stop(NamedTuple):
    """Answer a request of a lane no further."""

    lane: str | None


class Wake(NamedTuple):
    """Call `wake` later."""

    seconds: float
    mark: int


class Close(NamedTuple):
    """Close the connection."""

    code: int
    reason: str


Doing = Begin | Say | Stop | Wake | Close
Doings = tuple[Doing, ...]


class Talk(Protocol):
    """One WebSocket connection and what is spoken on it. A frozen value; all methods are pure.

    `at` is the time in seconds since the epoch.
    """

    @property
    def held(self) -> int:
        """Bytes of memory of what it keeps until the connection ends, or until it is answered."""
        ...

    def begin(self, at: float) -> tuple[Self, Doings]:
        """Begin: the connection was accepted."""
        ...

    def hear(self, message: bytes, event: object, at: float) -> tuple[Self, Doings]:
        """Take a message; `event` is what `read_event` made of it."""
        ...

    def note(self, lane: str | None, text: str) -> Self:
        """Take note of a message of an answer, before it is sent."""
        ...

    def finish(self, lane: str | None, at: float) -> tuple[Self, Doings]:
        """Take note that an answer was sent."""
        ...

    def wake(self, mark: int, at: float) -> tuple[Self, Doings]:
        """Take note that the time of a `Wake` is over."""
        ...

    def spell_answer_refused(
        self, lane: str | None, status: int, error: Mapping[str, object], headers: Headers
    ) -> Iterator[str]:
        """Spell the messages for an answer that is no stream: its status, error object and headers."""
        ...

    def begin_of_message(self, lane: str | None, number: int) -> str:
        """Return what each event of an answer begins with, in addition; `number` counts them from 1."""
        ...

    def end_of_message(self, lane: str | None) -> str:
        """Return what each event of an answer gets in place of its last brace; empty: nothing."""
        ...

    def spell_refusal(self, failure: Failure) -> str:
        """Spell the message for another message that is refused."""
        ...

    def spell_too_old(self) -> str:
        """Spell the last message on a connection that was open for too long."""
        ...


def read_event(message: bytes) -> object:
    """Return the JSON that a message is; None where it is none."""
    try:
        return read(message)
    except ValueError:
        return None


def make_request(handshake: Request, body: bytes, value: Mapping[str, Any], talk: str, at: float) -> Request:
    """Return the request that a message stands for, as it would have come over HTTP.

    `body` is kept as what came; `value` is what an endpoint reads.
    """
    headers = {name: given for name, given in handshake.headers.items() if name not in _OF_HANDSHAKE}
    if "authorization" not in headers and (token := token_of(handshake)) is not None:
        headers["authorization"] = f"Bearer {token}"
    return replace(
        handshake,
        method="POST",
        http_version="WebSocket",
        headers={**headers, "content-type": "application/json"},
        body=body,
        json=value,
        talk=talk,
        at=at,
    )


_OF_HANDSHAKE = frozenset(
    (
        "accept-encoding",
        "connection",
        "content-length",
        "content-type",
        "origin",
        "sec-websocket-accept",
        "sec-websocket-extensions",
        "sec-websocket-key",
        "sec-websocket-protocol",
        "sec-websocket-version",
        "upgrade",
    )
)
"""Headers that say nothing about a request in a message."""


def failure_of(status: int, error: Mapping[str, object]) -> Failure:
    """Return an answer's status and error object as a failure."""
    return Failure(
        status=status,
        message=text_in(error, "message") or "",
        type=text_in(error, "type"),
        code=text_in(error, "code"),
        param=text_in(error, "param"),
    )
