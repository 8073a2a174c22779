"""The remains of a connection. mitmproxy's layers refer to each other and to themselves in circles.

Without this some 50 KiB of each stay until garbage is collected, and of one that was open for long, until a full
collection.
"""

import asyncio
import traceback
from collections.abc import Iterator
from typing import Any, override

from mitmproxy import ctx
from mitmproxy.connection import Client, Connection
from mitmproxy.proxy import events, layer
from mitmproxy.proxy.server import ConnectionHandler

from llemulator_addon.adapters.mitmproxy.internals.turns import come_to_turn

_SECONDS = 0.5
"""Seconds after which the work for a client that left is nearly always over."""


def let_go_of(client: Client) -> None:
    """Take the layers of a client that is gone out of their circles, shortly."""
    server = ctx.master.addons.get("proxyserver")
    handler = server and server.connections.get(client.id)
    if isinstance(handler, ConnectionHandler):
        asyncio.get_running_loop().call_later(_SECONDS, _let_go, handler)


def _let_go(handler: ConnectionHandler) -> None:
    found = list(_layers(handler.layer, set()))
    if handler.transports or any(each._paused is not None for each in found):  # noqa: SLF001 - something is still under way
        return
    handler.layer = _Over.__new__(_Over)
    handler.timeout_watchdog.callback = _nothing
    for each in found:
        each.context.layers.clear()
        vars(each).clear()


def _layers(top: Any, seen: set[int]) -> Iterator[layer.Layer]:  # noqa: ANN401 - a layer, or what stands in its place
    """Return a layer and all that it leads to."""
    if not isinstance(top, layer.Layer) or id(top) in seen:
        return
    seen.add(id(top))
    yield top
    below = vars(top)
    children = (*below["context"].layers, below.get("child_layer"), below.get("layer"), below.get("tunnel"))
    for child in (*children, *below.get("streams", {}).values(), *below.get("connections", {}).values()):
        yield from _layers(child, seen)


class _Over(layer.Layer):
    """In place of the layers of a connection that has ended."""

    @override
    def handle_event(self, event: events.Event) -> layer.CommandGenerator[None]:
        """Do nothing."""
        yield from ()

    @override
    def _handle_event(self, event: events.Event) -> layer.CommandGenerator[None]:
        yield from ()


async def _nothing() -> None:
    pass


def end_connections_in_turn() -> None:
    """Have connections end one after the other, and without frames of what cancelled them, which are in a circle, too.

    For the whole process. May be called again. Price: the traceback of what ended a connection has no values.
    """
    ConnectionHandler.handle_connection = _handle_connection  # type: ignore[method-assign]


_as_it_was = ConnectionHandler.handle_connection


class _ReaderInTurn:
    """Has the ends of connections come one after the other: many clients may leave at once."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader

    async def read(self, size: int) -> bytes:
        """Read as `StreamReader.read` does."""
        try:
            if read := await self._reader.read(size):
                return read
        except OSError:
            await come_to_turn()
            raise
        await come_to_turn()
        return b""


async def _handle_connection(self: ConnectionHandler, connection: Connection) -> None:
    transport = self.transports[connection]
    if isinstance(reader := transport.reader, asyncio.StreamReader):
        transport.reader = _ReaderInTurn(reader)  # type: ignore[assignment]
    try:
        await _as_it_was(self, connection)
    except asyncio.CancelledError as cancelled:
        traceback.clear_frames(cancelled.__traceback__)
        raise
    finally:
        # Of a connection that was reset.
        if isinstance(reader, asyncio.StreamReader) and (error := reader.exception()) is not None:
            error.__traceback__ = None
