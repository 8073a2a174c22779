"""The input of an admin route, and its answer."""

from collections.abc import Awaitable, Callable, Container, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, NamedTuple

from pydantic import TypeAdapter

from llemulator_addon.admin.query import Query
from llemulator_addon.core.choices import Role
from llemulator_addon.core.console_file import FindFile, find_nothing
from llemulator_addon.core.egress import EgressReport
from llemulator_addon.core.gauges import WriteMetrics
from llemulator_addon.core.reply import Failure
from llemulator_addon.core.request import Request
from llemulator_addon.core.server_settings import DEFAULTS
from llemulator_addon.core.session_key import SessionKey
from llemulator_addon.core.steps import Head, Headers, PlayedAnswer, Send, Step, Steps
from llemulator_addon.core.unclaimed import Unclaimed
from llemulator_addon.engine.manual import forgotten
from llemulator_addon.engine.session import Session
from llemulator_addon.live.admin_access import AdminAccess
from llemulator_addon.live.draining import Draining
from llemulator_addon.live.manual_queue import Waiting
from llemulator_addon.live.model_servers import ModelServers
from llemulator_addon.live.news import Happening, News
from llemulator_addon.live.open_calls import OpenCalls
from llemulator_addon.live.preset_queues import QueuedAddresses
from llemulator_addon.live.room import Room
from llemulator_addon.live.token_queue import Turns
from llemulator_addon.store.port import Store
from llemulator_addon.wire.credentials import key_of, session_of
from llemulator_addon.wire.errors import INVALID, RequestRefused
from llemulator_addon.wire.json_bytes import pretty, write_pieces
from llemulator_addon.wire.prices import FindPrices, Prices
from llemulator_addon.wire.redaction import Token


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Facts about the server for admin routes."""

    store: Store
    fresh: Callable[[SessionKey], Session]
    """The session of a token that was never seen."""
    bare: Callable[[SessionKey], Session]
    """The same without the default script."""
    debug: bool
    ca_certificate: bytes | None
    """PEM; None until there is one."""
    egress: EgressReport = tuple
    """The fate of the traffic, by host."""
    unclaimed: Callable[[], tuple[Unclaimed, ...]] = tuple
    """The last requests that belong to nobody's test, oldest first."""
    waiting: Waiting
    """Requests that wait for a person."""
    access: AdminAccess = field(default_factory=AdminAccess)
    """Who may use the routes about sessions of others."""
    queued: QueuedAddresses = field(default_factory=QueuedAddresses)
    """The clients that are answered from the queues of their addresses."""
    news: News
    """The news of all sessions."""
    room: Room = field(default_factory=lambda: Room(DEFAULTS.waiting_size))
    """The memory of requests that wait, for news too."""
    turns: Turns
    """Requests that wait for each other."""
    calls: OpenCalls
    """The connections of calls."""
    version: str = ""
    """Of this program."""
    names: Container[str] = ()
    """The extra names under which admin routes answer."""
    console: FindFile = find_nothing
    """The files of the console."""
    prices: FindPrices = Prices
    """The prices of models."""
    write_metrics: WriteMetrics | None = None
    """None: nobody counts."""
    draining: Draining = field(default_factory=Draining)
    model_servers: ModelServers = field(
        default_factory=lambda: ModelServers(DEFAULTS.capacity, Room(DEFAULTS.waiting_size))
    )
    """The model servers that have work under load."""

    async def forget_waiting(self, key: SessionKey) -> None:
        """Answer the requests of this process that wait for something in a session that was forgotten."""
        self.turns.forget(key)
        asked = self.waiting.list_here(key)
        session = await self.store.read(key)
        for ask in asked:
            await self.waiting.answer(ask, PlayedAnswer(forgotten(session, ask)))
        await self.store.link.settle()


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminCall:
    """One request to an admin route."""

    request: Request
    server: Server
    routes: "Mapping[str, Route]" = field(default_factory=dict)
    """All routes, for those that describe them."""

    named: SessionKey | None = None
    """The session that the path names by its digest."""

    @property
    def token(self) -> Token:
        """The token, or the address, whose session is meant, to be hidden in what is shown of it.

        Raises `RequestRefused` if there is none.
        """
        if self.named is not None:
            return self.named
        if (token := session_of(self.request)) is None:
            raise RequestRefused(_NO_TOKEN)
        return token

    @property
    def key(self) -> SessionKey:
        """The key of that session; raises `RequestRefused` where there is no token."""
        token = self.token
        return key_of(token) if isinstance(token, str) else token


_NO_TOKEN = Failure(
    status=401,
    type=INVALID,
    code="missing_token",
    message="Which session? Send the token that the application uses: Authorization: Bearer TOKEN. "
    "It may be any text; it isolates scripts from each other and is not checked.",
)

Answering = Callable[[AdminCall], Steps | Awaitable[Steps | PlayedAnswer]]
"""Long work is awaited, and done in a thread (`run_in_thread`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestBody:
    """A request to an admin route."""

    name: str
    """Under which the description of the routes has its schema."""
    schema: Callable[[], Mapping[str, Any]]
    kinds: tuple[str, ...] = ("application/json",)
    """Media types."""
    form: Mapping[str, Any] | None = None
    """The schema of the same as a form, multipart/form-data, where it may be sent so."""


class AnswerBody(NamedTuple):
    """The JSON of an answer of an admin route."""

    type: Any
    """A typed dict, or with a name anything else."""
    named: str = ""

    @property
    def name(self) -> str:
        """The name under which the description of the routes has its schema."""
        return self.named or str(self.type.__name__)

    def schema(self) -> dict[str, Any]:
        """Return its JSON schema."""
        return TypeAdapter(self.type).json_schema()


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A path's methods, and what else a client must know of it. The description of the routes is made of these."""

    get: Answering | None = None
    post: Answering | None = None
    delete: Answering | None = None
    needs_token: bool = True
    """Whether it is about the session of a token."""
    role: Role | None = None
    """The role that its methods need; None: it is about the caller's own session, or about none."""
    role_to_change: Role | None = None
    """The role that `post` and `delete` need, if it is another one."""
    is_own: Callable[[Request], bool] | None = None
    """Whether a request is about the caller's own session all the same, and needs no role."""
    body: RequestBody | None = None
    """Of `post`."""
    query: Query = field(default_factory=dict)
    """Of `get`; the other methods have none."""
    changes: Happening | None = None
    """The kind of news that `post` and `delete` cause."""
    shows: AnswerBody | None = None
    """The answer of `get`; None if it is no JSON."""
    posted: AnswerBody | None = None
    """The answer of `post`."""
    deleted: AnswerBody | None = None
    """The answer of `delete`."""
    produces: str = "application/json"
    """The media type of an answer that is no error."""
    is_only_here: bool = False
    """Whether it is answered only where the program itself is meant; at OpenAI's hosts the path may mean another."""

    def answering(self, method: str) -> Answering | None:
        """Return what answers a method; HEAD is answered as GET."""
        return {"GET": self.get, "HEAD": self.get, "POST": self.post, "DELETE": self.delete}.get(method)

    @property
    def answers(self) -> Mapping[str, AnswerBody]:
        """The described answers, by method in lower case."""
        given = {"get": self.shows, "post": self.posted, "delete": self.deleted}
        return {method: answer for method, answer in given.items() if answer is not None}

    def role_for(self, method: str) -> Role | None:
        """Return the role that a method needs."""
        return self.role if method in {"GET", "HEAD"} else self.role_to_change or self.role

    @property
    def methods(self) -> tuple[str, ...]:
        """Methods that the path has."""
        given = {"GET": self.get, "POST": self.post, "DELETE": self.delete}
        return tuple(method for method, answering in given.items() if answering is not None)


def json_answer(value: object, status: int = 200) -> Steps:
    """Answer with JSON."""
    return answer(pretty(value) + b"\n", "application/json", status)


def long_json_answer(value: object, *, holds: int) -> PlayedAnswer:
    """Answer with JSON in which `Many` stand, made while it is sent; their sources take `size` bytes.

    Small ones are made at once.
    """
    headers: Headers = (("content-type", "application/json"), ("cache-control", "no-store"))

    def make() -> Iterator[Step]:
        yield Head(200, headers)
        for piece in chain(write_pieces(value), (b"\n",)):
            yield Send(piece)

    if holds > _MADE_AT_ONCE:
        return PlayedAnswer((Head(200, headers),), make, holds=holds, is_slow=True)
    return PlayedAnswer(answer(b"".join(write_pieces(value)) + b"\n", "application/json"))


_MADE_AT_ONCE = 64 << 10
"""Bytes of what an answer is made of, up to which it is made before it is sent."""


def answer(body: bytes, content_type: str, status: int = 200) -> Steps:
    """Answer with a body."""
    headers: Headers = (
        ("content-type", content_type),
        ("content-length", str(len(body))),
        ("cache-control", "no-store"),
    )
    return (Head(status, headers), Send(body))
