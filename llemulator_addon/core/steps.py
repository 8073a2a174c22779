"""The steps of an answer on its connection, in four words.

An answer is a tuple of steps. Every latency, pacing, stall, truncation and reset is a rewriting of that tuple, so
that a fault is a small pure function and a test compares values.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from llemulator_addon.core.answer_tokens import AnswerTokens

if TYPE_CHECKING:
    from llemulator_addon.core.rest import Rest

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Head:
    """Status and headers. Before it come only waits, or the cut of an answer that never begins."""

    status: int
    headers: Headers = ()


@dataclass(frozen=True, slots=True)
class Send:
    """Bytes of the body. Sends that are due together may leave as one piece."""

    piece: bytes
    alone: bool = False
    """Whether it leaves in a write of its own, whatever is due together with it."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Silence. Counted from the end of the previous wait as it was planned, so that pacing does not drift."""

    seconds: float
    under_load: bool = False
    """Whether a model server takes it for its work, so that it takes longer while other requests run."""


@dataclass(frozen=True, slots=True)
class Cut:
    """The end of the connection in the middle of an answer; nothing after it is played.

    `close`: HTTP/1.1 closes without the last chunk, HTTP/2 resets the stream. `reset`: TCP RST of the whole connection.
    `goaway`: HTTP/2 GOAWAY and close, or on WebSocket a close frame; on HTTP/1.1 the same as `close`.
    """

    how: Literal["close", "reset", "goaway"] = "close"
    close_code: int = 1001
    """Of the close frame (RFC 6455, 7.4)."""


@dataclass(frozen=True, slots=True)
class SendMessage:
    """A text message of WebSocket, or a part of one, in place of a `Send`."""

    text: str
    ends: bool = True
    """Whether the message ends with it."""


Step = Head | Send | Wait | Cut
Steps = tuple[Step, ...]
TalkStep = SendMessage | Wait | Cut
"""A step on a WebSocket connection. A cut is the loss of the connection, or with `goaway` a close with its code."""
Make = Callable[[], Iterator[Step]]
"""Makes all steps of an answer: each call starts again, and makes the same."""


class PlayedAnswer(NamedTuple):
    """An answer as it is played: all of its steps, or the first, where it is too large to be there at once."""

    steps: Steps
    """The head is among them, and all before it."""
    whole: Make | None = None
    """Makes all of it while it is sent, where these steps are only the first."""
    holds: int = 0
    """Bytes of memory that `whole` holds, in addition to the request."""
    is_slow: bool = False
    """Whether a single step of `whole` may take long to make."""
    rest: "Rest | None" = None
    """Waits for the steps behind these."""
    tokens: AnswerTokens | None = None
    """None: they can only be read from the bytes."""
    faults: tuple[str, ...] = ()
    """Names of the faults that changed it."""
