"""Steps played in time, inside mitmproxy. Whatever touches mitmproxy's private API is here and in `servers`.

mitmproxy sends a response that a hook made in one piece. Here its HTTP layer and its stream are replaced by subclasses
that take an answer from its steps: every `Send` that is due leaves in one piece, and a `Wait` becomes a wake-up counted
from the start of the answer, so that pacing does not drift. The layer is not paused while it waits, so a client that
goes away is seen at once.

A request that is not to be passed on cannot be passed on here, whatever raised before: its stream opens no connection.
"""

import asyncio
import logging
from typing import cast, override
from weakref import WeakKeyDictionary, WeakSet

from mitmproxy import ctx, http
from mitmproxy.exceptions import AddonHalt
from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers import (
    ClientQuicLayer,
    ClientTLSLayer,
    HttpLayer,
    ServerQuicLayer,
    ServerTLSLayer,
)
from mitmproxy.proxy.layers.http import HTTPMode
from OpenSSL import SSL

from llemulator_addon.adapters.bug_log import describe_briefly
from llemulator_addon.adapters.mitmproxy.internals import client_hello, heads
from llemulator_addon.adapters.mitmproxy.internals.deciding import Arrival, Decider
from llemulator_addon.adapters.mitmproxy.internals.dispatch import Calls, calls_of
from llemulator_addon.adapters.mitmproxy.internals.flow_control import Outlet
from llemulator_addon.adapters.mitmproxy.internals.servers import Commands, Http1, Http2
from llemulator_addon.adapters.mitmproxy.internals.streams import Stream

logger = logging.getLogger(__name__)


class Playback:
    """Puts our layers in place of mitmproxy's."""

    def __init__(self, decider: Decider) -> None:
        self._decider = decider
        self._arrivals: WeakKeyDictionary[http.HTTPFlow, Arrival] = WeakKeyDictionary()
        self._calls: Calls | None = None
        self._undecided: WeakSet[layer.NextLayer] = WeakSet()

    def next_layer(self, next_layer: layer.NextLayer) -> None:
        """Let mitmproxy decide which layer comes next, and put ours in its place.

        Raises AddonHalt if nothing can be decided yet.
        """
        sent = next_layer.data_client()
        waits = client_hello.goes_on(sent, leads_on=self._leads_on(next_layer.context, sent))
        if not waits:
            ctx.master.addons.get("nextlayer").next_layer(next_layer)
        if next_layer.layer is not None:
            next_layer.layer = self._replace_layer(next_layer.layer, next_layer.context)
        elif len(sent) > client_hello.MOST_BYTES:
            logger.warning("closed a connection: its client has not said with whom it speaks in %d bytes", len(sent))
            next_layer.layer = _ClosedLayer(next_layer.context)
        elif sent:
            self._limit_time(next_layer)
        if waits and next_layer.layer is None:
            raise AddonHalt  # mitmproxy's own addon would decide

    def _limit_time(self, next_layer: layer.NextLayer) -> None:
        """Give a client some time to say what it speaks, counted from when it began."""
        if next_layer not in self._undecided:
            self._undecided.add(next_layer)
            asyncio.get_running_loop().call_later(client_hello.SECONDS, _close_undecided, next_layer)

    def _leads_on(self, context: Context, sent: bytes) -> bool:
        """Whether a connection may lead to somebody else, as far as a request in it has come."""
        if context.server.address is None:
            return False
        # Whoever leads to us gets an answer to a line that is too long.
        return len(sent) <= heads.MOST_BYTES_OF_TARGET or not self._decider.owns(context)

    def arrival(self, flow: http.HTTPFlow) -> Arrival | None:
        """Return the decision about a request, or None if none of our streams has it."""
        return self._arrivals.get(flow)

    def _replace_layer(self, top: layer.Layer, context: Context) -> layer.Layer:
        if self._decider.owns(context):
            top = _drop_server_layer(top, context)
            if not isinstance(top, ClientTLSLayer | ServerTLSLayer | ClientQuicLayer | ServerQuicLayer | HttpLayer):
                context.layers.pop()
                return _RefusedLayer(context)
        return self._with_our_http(top, context)

    def _with_our_http(self, top: layer.Layer, context: Context) -> layer.Layer:
        """Replace the HTTP layer, which may be on top or below layers that were stacked upon it at once."""
        if type(top) is HttpLayer:
            ours = _HttpLayer(context, top.mode, self._decider, self._arrivals, self._calls_now())
            context.layers.pop()
            context.layers[context.layers.index(top)] = ours
            return ours
        below = getattr(top, "child_layer", None)
        if isinstance(below, layer.Layer):
            top.child_layer = self._with_our_http(below, context)  # type: ignore[attr-defined]
        return top

    def _calls_now(self) -> Calls:
        """Return what calls the hooks of the addons that there are."""
        addons = ctx.master.addons
        if self._calls is None or self._calls.addons is not addons:
            self._calls = calls_of(addons)
        return self._calls


def _close_undecided(next_layer: layer.NextLayer) -> None:
    """Close the connection of a client that has begun to say what it speaks, and went no further."""
    if next_layer.layer is None:
        Outlet(next_layer.context.client).drop()


def _drop_server_layer(top: layer.Layer, context: Context) -> layer.Layer:
    """Take off the layer for TLS with the server: there will be none, and each byte would pass through it."""
    if type(top) is not ServerTLSLayer or type(top.child_layer) is not ClientTLSLayer:
        return top
    if type(top.child_layer.child_layer) is not layer.NextLayer:
        return top
    del context.layers[context.layers.index(top) :]
    return _ClientTLSLayer(context)


def no_common_cipher() -> SSL.Connection:
    """Return a side of TLS with which no handshake succeeds: it has no certificate, so that no cipher fits."""
    connection = SSL.Connection(SSL.Context(SSL.TLS_SERVER_METHOD))
    connection.set_accept_state()
    return connection


class _ClientTLSLayer(ClientTLSLayer):
    """mitmproxy's TLS with the client, which also says why it ends a handshake."""

    @override
    def on_handshake_error(self, err: str) -> Commands:
        if self.tls is not None:
            yield from self.tls_interact()
        yield from super().on_handshake_error(err)


class _ClosedLayer(layer.Layer):
    """Closes a connection."""

    @override
    def _handle_event(self, event: events.Event) -> Commands:
        if isinstance(event, events.Start):
            yield commands.CloseConnection(self.context.client)


class _RefusedLayer(_ClosedLayer):
    """Closes a tunnel to one of OpenAI's hosts in which something else than HTTP is spoken."""

    @override
    def _handle_event(self, event: events.Event) -> Commands:
        if isinstance(event, events.Start):
            logger.warning(
                "closed a tunnel to %s: what the client speaks in it is not HTTP",
                self.context.server.address and self.context.server.address[0],
            )
        yield from super()._handle_event(event)


class _HttpLayer(HttpLayer):
    """mitmproxy's HTTP layer with our streams."""

    def __init__(
        self,
        context: Context,
        mode: HTTPMode,
        decider: Decider,
        arrivals: WeakKeyDictionary[http.HTTPFlow, Arrival],
        calls: Calls,
    ) -> None:
        super().__init__(context, mode)
        self.decider = decider
        self.arrivals = arrivals
        self.calls = calls
        self.outlet = Outlet(context.client)
        self.tunnel: layer.Layer | None = None
        """The layer in an open tunnel to one of our hosts."""

    @override
    def _handle_event(self, event: events.Event) -> Commands:
        try:
            yield from self._handle(event)
        except Exception as error:  # noqa: BLE001 - mitmproxy would log it, and let the client wait for ever
            logger.error("a bug of llemulator; a connection was closed for it:\n%s", describe_briefly(error))  # noqa: TRY400 - see `bugs`
            yield commands.CloseConnection(self.context.client)

    def _handle(self, event: events.Event) -> Commands:
        if self.tunnel is not None:
            # Without this each byte would be wrapped in HTTP events and unwrapped again.
            return self.tunnel.handle_event(event)
        if isinstance(event, events.Start):
            self._serve()
            ours = self.connections.get(self.context.client)
            if ours is not None and self.mode is not HTTPMode.upstream:
                # mitmproxy would make a server of its own first, and drop it, in a circle.
                return self.event_to_child(ours, event)
        return cast("Commands", super()._handle_event(event))

    @override
    def make_stream(self, stream_id: int) -> Commands:
        stream = self.streams[stream_id] = Stream(_fork(self.context), stream_id, self)
        yield from self.event_to_child(stream, events.Start())

    def _serve(self) -> None:
        """Put our servers in place of mitmproxy's, which sees that one is there already."""
        match self.context.client.alpn:
            case b"h2":
                self.connections.setdefault(self.context.client, Http2(self.context.fork()))
            case None | b"" | b"http/1.1" | b"http/1.0":
                self.connections.setdefault(self.context.client, Http1(self.context.fork()))
            case _:
                pass  # HTTP/3 has no server of ours; it plays the same steps


def _fork(context: Context) -> Context:
    """Do what `Context.fork` does, without the server connection that it makes first and throws away."""
    fork = Context.__new__(Context)
    fork.client, fork.server, fork.options = context.client, context.server, context.options
    fork.layers = context.layers.copy()
    return fork
