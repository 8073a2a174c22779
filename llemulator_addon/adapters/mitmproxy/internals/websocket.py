"""WebSocket on a connection whose handshake was accepted: passes bytes on, and shows messages to addons.

Nothing is dialled: the other side of the connection is this program.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import override

from mitmproxy import ctx, http
from mitmproxy.connection import Client
from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers.websocket import WebsocketEndHook, WebsocketMessageHook, WebsocketStartHook
from mitmproxy.websocket import WebSocketData, WebSocketMessage
from wsproto.frame_protocol import Opcode

from llemulator_addon.adapters.mitmproxy.internals.connection import Connection
from llemulator_addon.adapters.mitmproxy.internals.dispatch import RestOfHook
from llemulator_addon.adapters.mitmproxy.internals.flow_control import SECONDS_TO_TAKE, Outlet
from llemulator_addon.adapters.mitmproxy.internals.servers import Commands, Http1
from llemulator_addon.adapters.mitmproxy.internals.straight import StraightWay, find_way
from llemulator_addon.adapters.mitmproxy.internals.turns import LlemulatorTurnHook
from llemulator_addon.adapters.websocket.connection import WebSocketConnection, WebSocketLine

_MOST_FRAMES = 200
"""Frames, or parts of them, that one connection may bring in its turn: those without bytes take long, too."""


@dataclass
class _ToSend(events.Event):
    """Bytes for the client."""

    frames: bytes


@dataclass
class _SentMessage(events.Event):
    """A message that was sent."""

    text: str


def go_over(parent: Connection, websocket: "WebSocketLayer") -> Commands:
    """Go over from HTTP/1.1 to WebSocket, with what came ahead of the answer to the handshake."""
    client = websocket.context.client
    server = parent.connections[client]
    parent.tunnel = websocket
    yield from websocket.handle_event(events.Start())
    if isinstance(server, Http1) and (ahead := server.take_ahead()):
        yield from websocket.handle_event(events.DataReceived(client, ahead))


class WebSocketLayer(layer.Layer):
    """The layer of one connection."""

    def __init__(
        self,
        context: Context,
        flow: http.HTTPFlow,
        begin: Callable[[WebSocketLine], WebSocketConnection],
        parent: Connection,
    ) -> None:
        super().__init__(context)
        calls = parent.calls
        self._flow = flow
        self._begin = begin
        self._calls = calls
        self._outlet = parent.outlet
        self._connection: WebSocketConnection | None = None
        self._is_watched = calls.has_listener(WebsocketMessageHook.name)
        """Whether messages are kept for addons: as mitmproxy does it, until the connection ends."""

    @override
    def _handle_event(self, event: events.Event) -> Commands:
        match event:
            case events.Start():
                yield from self._start()
            case events.DataReceived(_, received):
                yield from self._receive(received)
            case events.ConnectionClosed():
                yield from self._end()
            case _ToSend(frames):
                yield commands.SendData(self.context.client, frames)
            case _SentMessage(text):
                yield from self._show(text.encode(), is_text=True, from_client=False)
            case _:
                pass

    def _start(self) -> Commands:
        self._flow.websocket = WebSocketData()
        yield from self._call(WebsocketStartHook(self._flow))
        way = find_way(self.context.client, self.context)
        if way is not None:
            way.receive_on(self)
        line = _LineToClient(self.context.client, self._outlet, way, is_watched=self._is_watched)
        self._connection = self._begin(line)

    def _receive(self, received: bytes) -> Commands:
        if (connection := self._connection) is None:
            return
        while True:
            for message in connection.receive(received, _MOST_FRAMES):
                if self._is_watched:
                    yield from self._show(message.content, is_text=message.is_text, from_client=True)
                connection.hear(message)
            if not connection.frames.has_more:
                break
            # Others have their turn, and no more is read meanwhile.
            received = b""
            self._outlet.stop_reading()
            yield LlemulatorTurnHook(self.context.client)
        self._outlet.read_on()
        if outgoing := connection.react():
            yield commands.SendData(self.context.client, outgoing)
        if connection.frames.is_over:
            yield from self._end()

    def _show(self, content: bytes, *, is_text: bool, from_client: bool) -> Commands:
        if self._flow.websocket is None:
            return
        kind = Opcode.TEXT if is_text else Opcode.BINARY
        self._flow.websocket.messages.append(WebSocketMessage(kind, from_client, content))
        yield from self._call(WebsocketMessageHook(self._flow))

    def _end(self) -> Commands:
        connection, self._connection = self._connection, None
        if connection is None or self._flow.websocket is None:
            return
        connection.lose()
        if (closing := connection.frames.closing) is not None:
            self._flow.websocket.closed_by_client = closing.by_client
            self._flow.websocket.close_code = closing.code
            self._flow.websocket.close_reason = closing.reason
        self._flow.websocket.timestamp_end = time.time()
        self._flow.live = False
        yield commands.CloseConnection(self.context.client)
        yield from self._call(WebsocketEndHook(self._flow))

    def _call(self, hook: commands.StartHook) -> Commands:
        if (rest := self._calls.begin(hook)) is not None:
            yield RestOfHook(rest)


class _LineToClient:
    """The client of one connection."""

    def __init__(self, client: Client, outlet: Outlet, way: StraightWay | None, *, is_watched: bool) -> None:
        self._client = client
        self._outlet = outlet
        self._way = way
        self.is_watched = is_watched

    async def send(self, frames: bytes) -> None:
        """Send."""
        if not frames:
            return
        if self._way is not None:
            self._way.send(frames)
        else:
            await self._tell(_ToSend(frames))

    async def show(self, text: str) -> None:
        """Show a message that was sent to the addons that watch the connection."""
        await self._tell(_SentMessage(text))

    async def _tell(self, event: events.Event) -> None:
        server = ctx.master.addons.get("proxyserver")
        if (handler := server and server.connections.get(self._client.id)) is not None:
            await handler.server_event(event)

    def holds(self) -> int:
        """Return how many bytes the client has not taken."""
        return self._outlet.count_held()

    async def wait_until_taken(self) -> None:
        """Wait until the client took all. Raises OSError where it never will, TimeoutError where it takes too long."""
        async with asyncio.timeout(SECONDS_TO_TAKE):
            await self._outlet.wait_until_taken()

    def drop(self) -> None:
        """End the connection at once, without a word."""
        self._outlet.drop()

    def reset(self) -> None:
        """End the connection with RST."""
        self._outlet.reset()
