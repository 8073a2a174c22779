"""`/ws`: requests and preset queues as messages of WebSocket, for clients of mock-openai-tool.

Each message is a JSON object with `type`, and the fields that mock-openai-tool names for it.
"""

from collections import deque
from collections.abc import Callable, Sequence
from functools import partial

from llemulator_addon.admin.exchange_json import readable
from llemulator_addon.admin.route import AdminCall, Server
from llemulator_addon.admin.waiting import find_shown
from llemulator_addon.core.reply import Failure
from llemulator_addon.core.session_key import ANONYMOUS, ExchangeId
from llemulator_addon.core.steps import PlayedAnswer, Send, Steps
from llemulator_addon.core.unclaimed import digest_of
from llemulator_addon.engine.fallback import no_room_to_wait
from llemulator_addon.engine.journal import Exchange
from llemulator_addon.live.news import NewsReader, Notice, Peer
from llemulator_addon.live.room import Share, size_waiting
from llemulator_addon.live.threads import SMALL, run_in_thread
from llemulator_addon.verification import delivered
from llemulator_addon.wire.errors import INVALID, RequestRefused
from llemulator_addon.wire.json_bytes import compact
from llemulator_addon.wire.redaction import redact_texts
from llemulator_addon.wire.websocket import accept_handshake, wants_websocket

PATH = "/ws"
_SECONDS_OF_SILENCE = 3600.0
_PEERS_KEPT = 10_000


async def show(call: AdminCall) -> PlayedAnswer:
    """Send what happens with requests and preset queues as messages of WebSocket.

    `new_request`: a request waits for a person. `completed_request`: a request was answered. `queue_updated`,
    `all_queues_updated`: preset queues changed.
    """
    if not wants_websocket(call.request):
        raise RequestRefused(_NO_WEBSOCKET)
    accepted = accept_handshake(call.request)
    if isinstance(accepted, Failure):
        raise RequestRefused(accepted)
    share = Share(call.server.room)
    if not share.grow_to(size_waiting(call.request)):
        raise RequestRefused(no_room_to_wait(call.server.room.limit))
    return PlayedAnswer((accepted,), rest=_QueueEvents(call.server, await call.server.news.read(), share))


_NO_WEBSOCKET = Failure(
    status=426,
    type=INVALID,
    code="websocket_only",
    headers=(("upgrade", "websocket"), ("connection", "upgrade")),
    message=f"{PATH} speaks WebSocket only. /_emulator/live sends the same, and more, as server-sent events.",
)


_MakeMessage = Callable[[], dict[str, object]]


class _QueueEvents:
    """A `Rest`: each `Send` is one message."""

    def __init__(self, server: Server, reader: NewsReader, share: Share) -> None:
        self._server = server
        self._reader = reader
        self._share = share
        self._peers: dict[ExchangeId, Peer] = {}
        """The clients of requests that have no answer yet."""
        self._notices: deque[Notice] = deque()
        self._next: Steps = ()

    async def more(self) -> None:
        """Wait for the next messages, or until nobody listens."""
        while not self._next and not self._reader.is_left:
            if not self._notices:
                await self._reader.wait(_SECONDS_OF_SILENCE)
                self._notices.extend(self._reader.take())
                continue
            together, size = await self._take_together()
            messages = await run_in_thread(partial(_make_messages, together), size)
            self._next = tuple(Send(compact(message)) for message in messages)

    async def _take_together(self) -> tuple[list[_MakeMessage], int]:
        """Return what makes the next messages: not more than are small work together, but one at least.

        While the event loop is busy, each turn of it takes milliseconds, so a turn for each message would be too many.
        """
        together, size = list[_MakeMessage](), 0
        while self._notices and size < SMALL:
            if (found := await self._look_up(self._notices.popleft())) is not None:
                make, more = found
                together.append(make)
                size += more
        return together, size

    def take(self) -> Steps:
        """Return the messages, once."""
        steps, self._next = self._next, ()
        return steps

    def leave(self) -> None:
        """Listen no more."""
        self._reader.leave()
        self._share.give_back()

    async def _look_up(self, notice: Notice) -> tuple[_MakeMessage, int] | None:
        """Return what makes the message of a notice, and the bytes that it looks at; None if it has none."""
        match notice.happening:
            case "begun" if notice.exchange is not None and isinstance(notice.more, Peer):
                self._remember(notice.exchange, notice.more)
                return None
            case "waiting" if notice.exchange is not None:
                return await self._look_up_waiting(notice.exchange)
            case "ended" if notice.exchange is not None:
                return await self._look_up_ended(notice.exchange)
            case "queue" if notice.session == ANONYMOUS:
                return lambda: {"type": "all_queues_updated"}, 0
            case "queue":
                return lambda: {"type": "queue_updated", "ip": notice.session.name}, 0
            case _:
                return None

    def _remember(self, exchange: ExchangeId, peer: Peer) -> None:
        self._peers[exchange] = peer
        if len(self._peers) > _PEERS_KEPT:
            self._peers.pop(next(iter(self._peers)))

    async def _look_up_waiting(self, named: ExchangeId) -> tuple[_MakeMessage, int] | None:
        if (ask := self._server.waiting.get(named.session, named.number)) is not None:
            peer = Peer(ask.request.client, ask.request.client_port)
            return partial(_show_new, named, ask.request.body, peer), len(ask.request.body)
        # In another process: its body is read from the journal, which may have only the beginning.
        if await find_shown(self._server, named.session, named.number, named.session) is None:
            return None
        peer = self._peers.get(named, Peer(named.session.name, 0))
        exchange = await self._find(named)
        return None if exchange is None else (partial(_show_new, named, exchange.body, peer), exchange.size)

    async def _look_up_ended(self, named: ExchangeId) -> tuple[_MakeMessage, int] | None:
        peer = self._peers.pop(named, Peer(named.session.name, 0))
        exchange = await self._find(named)
        return None if exchange is None else (partial(_show_completed, named, exchange, peer), exchange.size)

    async def _find(self, named: ExchangeId) -> Exchange | None:
        session = await self._server.store.read(named.session)
        return session.journal.get(named.number) if session.life == named.life else None


def _make_messages(together: Sequence[_MakeMessage]) -> list[dict[str, object]]:
    return [make() for make in together]


def _show_new(named: ExchangeId, body: bytes, peer: Peer) -> dict[str, object]:
    return {
        "type": "new_request",
        "id": _name(named),
        "ip": peer.address,
        "port": peer.port,
        "body": redact_texts(readable(body, named.session), named.session),
    }


def _show_completed(named: ExchangeId, exchange: Exchange, peer: Peer) -> dict[str, object]:
    key = named.session
    return {
        "type": "completed_request",
        "id": _name(named),
        "ip": peer.address,
        "port": peer.port,
        "body": redact_texts(readable(exchange.body, key), key),
        "response": redact_texts(readable(delivered.body(exchange), key), key),
        "status_code": exchange.status,
    }


def _name(exchange: ExchangeId) -> str:
    """Name a request as the admin routes do: the digest of its session, and its number there."""
    return f"{digest_of(exchange.session)}/{exchange.number}"
