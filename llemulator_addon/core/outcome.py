"""The decision about a request. A closed union: nothing that is not listed here ever reaches the network."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from llemulator_addon.core.answer_tokens import AnswerTokens
from llemulator_addon.core.capacity import Capacity
from llemulator_addon.core.model_server import Demand
from llemulator_addon.core.prompt import Prompt
from llemulator_addon.core.reply import Failure
from llemulator_addon.core.request import Request
from llemulator_addon.core.rest import Rest
from llemulator_addon.core.session_key import ExchangeId
from llemulator_addon.core.stamp import Stamp
from llemulator_addon.core.steps import Head, Make, Steps
from llemulator_addon.core.upstream import Upstream


class Load(NamedTuple):
    """The work of an answer for a model server."""

    demand: Demand
    capacity: Capacity
    is_shared: bool
    """Whether the server is that of all sessions."""


@dataclass(frozen=True, slots=True)
class Play:
    """Answer by playing these steps."""

    steps: Steps
    exchange: ExchangeId | None = None
    """The player of the steps reports under it how the playing ended."""
    whole: Make | None = None
    """As in `PlayedAnswer`, these three: the steps are only the first, and all are made while they are sent."""
    holds: int = 0
    is_slow: bool = False
    rest: Rest | None = None
    tokens: AnswerTokens | None = None
    """As in `PlayedAnswer`, these two."""
    load: Load | None = None
    """None: no model server has work by it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """Wait for a person, who answers by an admin route."""

    exchange: ExchangeId
    """As in `Play`; the person names the request by its number."""
    request: Request
    prompt: Prompt
    turn: int
    """Of the answer's stamp."""
    manual_timeout: float
    """How long somebody may take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forward:
    """Hand the request to a server that the user named, and what it answers to the client as it comes."""

    exchange: ExchangeId
    """As in `Play`."""
    to: Upstream
    path: str
    """Below the upstream's base URL, beginning with a slash."""
    query: tuple[tuple[str, str], ...] = ()
    """Decoded pairs, without what is secret."""
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Converse:
    """Accept a handshake of WebSocket, and speak it from then on."""

    exchange: ExchangeId
    """As in `Play`; it ends with the connection."""
    head: Head
    request: Request
    """The handshake."""
    stamp: Stamp
    """For what the connection says by itself. It takes no turn: further ones have the number of the exchange."""
    session: Mapping[str, Any] = field(default_factory=dict)
    """Of Realtime."""
    refused: Failure | None = None
    """Why the connection is closed as soon as the client knows that."""


Outcome = Play | Ask | Forward | Converse
"""Of `decide`."""

Answered = Play | Forward | Converse
"""The outcomes that a way in plays: a request for a person was answered before."""


class Closed(NamedTuple):
    """The close frame with which a WebSocket connection ended."""

    code: int
    reason: str
    by_client: bool


HowEnded = Literal["whole", "cut", "client_left", "server_ended"]
"""`whole`: everything was sent. `cut`: the script, or an upstream, ended it before. `client_left`: the client went away
before the end. `server_ended`: this process closed the connection before, because it ends."""

ENDING_WORDS: Mapping[str, str] = {
    "cut": ", cut",
    "client_left": ", the client left",
    "server_ended": ", the server was stopped",
}
"""The last words of a line about an exchange."""


class Ending(NamedTuple):
    """How the playing of an answer ended."""

    how: HowEnded
    bytes_sent: int
    """Bytes of the body that the client took: its socket, and with HTTP/2 its windows."""
    sends: int
    """How many `Send` steps that were."""
    seconds: float
    """From the head to the end."""
    left: tuple[float, ...] = ()
    """For each send, how long after the head it left; empty where all left with it, or where that was not noted."""
    closed: Closed | None = None
    """Of a WebSocket connection; None where it ended without a close frame."""

    @property
    def is_open(self) -> bool:
        """Whether there was more to send, and nothing but the end of the connection kept it from being sent."""
        return self.how in {"client_left", "server_ended"}


NOTHING_SENT = Ending(how="client_left", bytes_sent=0, sends=0, seconds=0.0)
