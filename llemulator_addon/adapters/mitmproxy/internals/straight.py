"""The straight way of an open WebSocket: its bytes pass no layer of mitmproxy but the one for TLS.

Each layer between costs a dozen calls for each message. A voice application sends and gets some twenty a second.
The layers on the way only pass bytes on by then. Where that is not sure, messages take the usual way.
"""

import asyncio
from typing import override

from mitmproxy import ctx
from mitmproxy.connection import Client
from mitmproxy.proxy import events, layer
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers import ClientTLSLayer, HttpLayer
from mitmproxy.proxy.server import ConnectionHandler
from mitmproxy.proxy.tunnel import TunnelState
from OpenSSL import SSL

from llemulator_addon.adapters.mitmproxy.internals.servers import Commands, Http1

_MOST_BYTES = 65_535
"""That OpenSSL is asked for at once."""


class StraightWay:
    """Not a value: the socket of one client, and its TLS."""

    def __init__(self, handler: ConnectionHandler, writer: asyncio.StreamWriter, tls: ClientTLSLayer | None) -> None:
        self._handler = handler
        self._writer = writer
        self._tls = tls

    def send(self, content: bytes) -> None:
        """Send."""
        if self._writer.is_closing():
            return
        self._handler.timeout_watchdog.register_activity()
        if self._tls is None:
            self._writer.write(content)
            return
        try:
            self._tls.tls.sendall(content)
        except (SSL.ZeroReturnError, SSL.SysCallError):
            return  # the other side is gone, which is noticed where its bytes are read
        while True:
            try:
                sent = self._tls.tls.bio_read(_MOST_BYTES)
            except SSL.WantReadError:
                return
            self._writer.write(sent)
            if len(sent) < _MOST_BYTES:
                return

    def receive_on(self, below: layer.Layer) -> None:
        """Give what comes straight to a layer, from the next event on."""
        self._handler.layer = _StraightLayer(below, self._handler.layer, self._tls)


def find_way(client: Client, context: Context) -> StraightWay | None:
    """Return the straight way to a client whose layers are those of a context; None if there is none."""
    server = ctx.master.addons.get("proxyserver")
    handler = server and server.connections.get(client.id)
    if not isinstance(handler, ConnectionHandler) or client not in handler.transports:
        return None
    writer = handler.transports[client].writer
    over_tls = [each for each in context.layers if isinstance(each, ClientTLSLayer)]
    is_passed_on = all(_passes_on(each, client) for each in context.layers if isinstance(each, HttpLayer))
    if not isinstance(writer, asyncio.StreamWriter) or len(over_tls) > 1 or not is_passed_on:
        return None
    tls = over_tls[0] if over_tls else None
    is_open = tls is None or (tls.conn is client and tls.tunnel_state is TunnelState.OPEN)
    return StraightWay(handler, writer, tls) if is_open else None


def _passes_on(http: HttpLayer, client: Client) -> bool:
    """Whether bytes of a client pass through a layer as they are: with HTTP/2 they would be in frames."""
    return isinstance(http.connections.get(client), Http1)


class _StraightLayer(layer.Layer):
    """On top of all layers of a client."""

    def __init__(self, below: layer.Layer, top: layer.Layer, tls: ClientTLSLayer | None) -> None:
        super().__init__(below.context)
        self.context.layers.remove(self)
        self.child_layer = top
        self._below = below
        self._over_tls = tls

    @override
    def handle_event(self, event: events.Event) -> Commands:
        if not isinstance(event, events.DataReceived) or event.connection is not self.context.client:
            return self.child_layer.handle_event(event)
        if self._over_tls is None:
            return self._below.handle_event(event)
        return self._receive(event.data, self._over_tls)

    @override
    def _handle_event(self, event: events.Event) -> Commands:
        yield from ()

    def _receive(self, received: bytes, over: ClientTLSLayer) -> Commands:
        over.tls.bio_write(received)
        content, goes_on = b"", True
        while True:
            try:
                more = over.tls.recv(_MOST_BYTES)
            except SSL.WantReadError:
                break
            except SSL.Error:
                goes_on = False
                break
            content = content + more if content else more
        if content:
            for command in self._below.handle_event(events.DataReceived(self.context.client, content)):
                yield from over._handle_command(command)  # noqa: SLF001 - what it does with commands from below
        if not goes_on:
            # It asks once more, gets the same error, and knows what to do.
            yield from over.receive_data(b"")
