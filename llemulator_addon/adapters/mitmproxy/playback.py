"""Steps played in time, inside mitmproxy. Whatever touches mitmproxy's private API is here and in `servers`.

mitmproxy sends a response that a hook made in one piece. Here its HTTP layer and its stream are replaced by subclasses
that take an answer from its steps: every `Send` that is due leaves in one piece, and a `Wait` becomes a wake-up counted
from the start of the answer, so that pacing does not drift. The layer is not paused while it waits, so a client that
goes away is seen at once.

A request that is not to be passed on cannot be passed on here, whatever raised before: its stream opens no connection.
"""

import asyncio
import logging
import socket
import struct
import time
from collections.abc import Generator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, NamedTuple, Protocol, assert_never, cast, override
from weakref import WeakKeyDictionary, WeakSet

from mitmproxy import ctx, flow, http
from mitmproxy.exceptions import AddonHalt
from mitmproxy.net.http import status_codes
from mitmproxy.net.http.http1 import expected_http_body_size
from mitmproxy.net.http.url import hostport
from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers import (
    ClientQuicLayer,
    ClientTLSLayer,
    HttpLayer,
    ServerQuicLayer,
    ServerTLSLayer,
)
from mitmproxy.proxy.layers.http import DropStream, HTTPMode, HttpStream, SendHttp
from mitmproxy.proxy.layers.http._events import (
    ErrorCode,
    RequestEndOfMessage,
    RequestHeaders,
    RequestProtocolError,
    ResponseData,
    ResponseEndOfMessage,
    ResponseHeaders,
    ResponseProtocolError,
)
from mitmproxy.proxy.layers.http._hooks import (
    HttpErrorHook,
    HttpRequestHeadersHook,
    HttpRequestHook,
    HttpResponseHeadersHook,
    HttpResponseHook,
)
from OpenSSL import SSL

from llemulator_addon.adapters import refusals
from llemulator_addon.adapters.bugs import without_secrets
from llemulator_addon.adapters.mitmproxy import heads, hello
from llemulator_addon.adapters.mitmproxy.dispatch import Calls, RestOfHook, calls_of
from llemulator_addon.adapters.mitmproxy.flow_control import PORTION, LlemulatorTakenHook, Outlet, Taking, portions
from llemulator_addon.adapters.mitmproxy.servers import Http1, Http2, WholeResponse
from llemulator_addon.core.outcome import Ending
from llemulator_addon.core.request import Way
from llemulator_addon.core.rest import Rest
from llemulator_addon.core.steps import Cut, Head, Headers, Send, Steps, Wait

logger = logging.getLogger(__name__)

Commands = Generator[commands.Command, Any, None]

_SOON = 0.0005
"""Seconds. A step that is due so soon is played at once: a wake-up would come no earlier."""

_LONGEST_SLEEP = 60.0
"""Seconds. mitmproxy closes a connection on which nothing stirs for `tcp_timeout`; a wake-up counts as a stir."""

NOTHING_SENT = Ending(how="client_left", bytes_sent=0, sends=0, seconds=0.0)

_OF_ONE_CONNECTION = (b"connection", b"keep-alive", b"proxy-connection", b"transfer-encoding", b"upgrade")
"""Headers that HTTP/2 forbids (RFC 9113, 8.2.2)."""

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
"""`SO_LINGER` with a time of zero: closing the socket sends RST."""


class Arrival(NamedTuple):
    """What was decided about a request when its head had come."""

    fate: Literal["answer", "pass", "refuse"]
    host: str
    way: Way


class Rules(Protocol):
    """What playback asks of whoever decides."""

    body_limit: int
    """Bytes."""
    streams_others: bool
    """Whether bodies of requests that are passed on go through piece by piece."""

    def owns(self, context: Context) -> bool:
        """Whether a connection is a tunnel to a host that is never connected to."""
        ...

    def arrival(self, flow: http.HTTPFlow, *, origin_form: bool) -> Arrival:
        """Decide about a request by its head."""
        ...

    def answer_too_large(self, flow: http.HTTPFlow) -> http.Response:
        """Return the answer to a request whose body is larger than `body_limit`."""
        ...

    def answer_bug(self, flow: http.HTTPFlow, error: Exception | None = None) -> http.Response:
        """Return the answer to a request of ours that nothing answered, or at which something raised, and log that."""
        ...

    def give_up(self, flow: http.HTTPFlow) -> None:
        """Stop waiting for an answer, because the client is gone."""
        ...

    def ended(self, flow: http.HTTPFlow, ending: Ending) -> None:
        """Take note of how the answer ended. May be called again for the same flow; only the first counts."""
        ...


class Played(http.Response):
    """A response that is played from steps."""

    steps: Steps = ()
    body: bytes = b""
    """Of these steps, as they were made."""
    at_once: bool = True
    """Whether it is a head and a body that follows at once."""
    rest: Rest | None = None
    """Where the steps behind these come from."""


@dataclass
class LlemulatorRestHook(commands.StartHook):
    """Waits until more of an answer has come. Only the stream that plays it waits."""

    rest: Rest


def played(steps: Steps, request: http.Request) -> Played:
    """Return the response that plays these steps as an answer to a request."""
    head = next((step for step in steps if isinstance(step, Head)), Head(status_codes.BAD_GATEWAY))
    bare = _is_bare(head, request)
    body = b"" if bare else b"".join([step.piece for step in steps if isinstance(step, Send)])
    # Not by their constructors, which check the type of each field: that takes longer than all the rest.
    response, data, fields = Played.__new__(Played), http.ResponseData.__new__(http.ResponseData), http.Headers()
    response.data = data
    fields.fields = _framed(head.headers, request, bare=bare)
    # An HTTP/1.0 client takes an answer that says HTTP/1.1; what it cannot take is chunks.
    data.http_version = b"HTTP/2.0" if request.is_http2 else b"HTTP/1.1"
    data.status_code = head.status
    data.reason = b"" if request.is_http2 else status_codes.RESPONSES.get(head.status, "").encode()
    data.headers = fields
    data.content = response.body = body
    data.trailers = None
    data.timestamp_start = time.time()
    data.timestamp_end = None
    response.steps = tuple(step for step in steps if not isinstance(step, Send)) if bare else steps
    response.at_once = not any(isinstance(step, Wait | Cut) for step in steps) and (
        bare or _is_of_size(len(body), head.headers)
    )
    return response


def begun(steps: Steps, rest: Rest, request: http.Request) -> Played:
    """Return the response that plays these steps, a head among them, and then the rest as it comes."""
    response = played(steps, request)
    if not _is_bare(Head(response.status_code), request):
        response.rest, response.at_once = rest, False
        # No piece of what is sent in time is needed twice.
        response.data.content = b""
    return response


def _is_of_size(size: int, headers: Headers) -> bool:
    return all(value == str(size) for name, value in headers if name.lower() == "content-length")


def _is_bare(head: Head, request: http.Request) -> bool:
    """Whether the answer can have no body (RFC 9110, 6.4.1)."""
    return request.method == "HEAD" or head.status in {204, 304} or head.status < status_codes.OK


def _framed(headers: Headers, request: http.Request, *, bare: bool) -> tuple[tuple[bytes, bytes], ...]:
    """Return the headers as this version of HTTP wants them, so that the end of the body can be known."""
    fields = [(name.encode(), value.encode() if value.isprintable() else _one_line(value)) for name, value in headers]
    names = [name.lower() for name, _ in fields]
    if request.is_http2:
        pairs = zip(names, fields, strict=True)
        return tuple((name, value) for name, (_, value) in pairs if name not in _OF_ONE_CONNECTION)
    if request.is_http10 or bare:
        return tuple(field for name, field in zip(names, fields, strict=True) if name != b"transfer-encoding")
    if b"content-length" not in names and b"transfer-encoding" not in names:
        fields.append((b"transfer-encoding", b"chunked"))
    return tuple(fields)


def _one_line(value: str) -> bytes:
    """Spell a header's value; a line break in it would end the header and begin another one."""
    return value.replace("\r", " ").replace("\n", " ").encode()


class Playback:
    """Puts our layers in place of mitmproxy's."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._arrivals: WeakKeyDictionary[http.HTTPFlow, Arrival] = WeakKeyDictionary()
        self._calls: Calls | None = None
        self._undecided: WeakSet[layer.NextLayer] = WeakSet()

    def next_layer(self, next_layer: layer.NextLayer) -> None:
        """Let mitmproxy decide which layer comes next, and put ours in its place.

        Raises AddonHalt where nobody is to decide yet.
        """
        sent = next_layer.data_client()
        waits = hello.goes_on(sent, leads_on=self._leads_on(next_layer.context, sent))
        if not waits:
            ctx.master.addons.get("nextlayer").next_layer(next_layer)
        if next_layer.layer is not None:
            next_layer.layer = self._in_place_of(next_layer.layer, next_layer.context)
        elif len(sent) > hello.MOST_BYTES:
            logger.warning("closed a connection: its client has not said with whom it speaks in %d bytes", len(sent))
            next_layer.layer = _ClosedLayer(next_layer.context)
        elif sent:
            self._bound(next_layer)
        if waits and next_layer.layer is None:
            raise AddonHalt  # mitmproxy's own addon would decide

    def _bound(self, next_layer: layer.NextLayer) -> None:
        """Give a client some time to say what it speaks, counted from when it began."""
        if next_layer not in self._undecided:
            self._undecided.add(next_layer)
            asyncio.get_running_loop().call_later(hello.SECONDS, _close_undecided, next_layer)

    def _leads_on(self, context: Context, sent: bytes) -> bool:
        """Whether a connection may lead to somebody else, as far as a request in it has come."""
        if context.server.address is None:
            return False
        # Whoever leads to us gets an answer to a line that is too long.
        return len(sent) <= heads.MOST_BYTES_OF_TARGET or not self._rules.owns(context)

    def arrival(self, flow: http.HTTPFlow) -> Arrival | None:
        """Return what was decided about a request, or None where none of our streams has it."""
        return self._arrivals.get(flow)

    def _in_place_of(self, top: layer.Layer, context: Context) -> layer.Layer:
        if self._rules.owns(context):
            top = _without_server(top, context)
            if not isinstance(top, ClientTLSLayer | ServerTLSLayer | ClientQuicLayer | ServerQuicLayer | HttpLayer):
                context.layers.pop()
                return _RefusedLayer(context)
        return self._with_our_http(top, context)

    def _with_our_http(self, top: layer.Layer, context: Context) -> layer.Layer:
        """Replace the HTTP layer, which may be on top or below layers that were stacked upon it at once."""
        if type(top) is HttpLayer:
            ours = _HttpLayer(context, top.mode, self._rules, self._arrivals, self._calls_now())
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


def _without_server(top: layer.Layer, context: Context) -> layer.Layer:
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
        rules: Rules,
        arrivals: WeakKeyDictionary[http.HTTPFlow, Arrival],
        calls: Calls,
    ) -> None:
        super().__init__(context, mode)
        self.rules = rules
        self.arrivals = arrivals
        self.calls = calls
        self.outlet = Outlet(context.client)
        self.tunnel: layer.Layer | None = None
        """What speaks in a tunnel to one of our hosts, once it is open."""

    @override
    def _handle_event(self, event: events.Event) -> Commands:
        try:
            yield from self._handled(event)
        except Exception as error:  # noqa: BLE001 - mitmproxy would log it, and let the client wait for ever
            logger.error("a bug of llemulator; a connection was closed for it:\n%s", without_secrets(error))  # noqa: TRY400 - see `bugs`
            yield commands.CloseConnection(self.context.client)

    def _handled(self, event: events.Event) -> Commands:
        if self.tunnel is not None:
            # Without this each byte would be wrapped in HTTP events and unwrapped again.
            return self.tunnel.handle_event(event)
        if isinstance(event, events.Start):
            self._serve()
        return cast("Commands", super()._handle_event(event))

    @override
    def make_stream(self, stream_id: int) -> Commands:
        stream = self.streams[stream_id] = _Stream(_forked(self.context), stream_id, self)
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


def _forked(context: Context) -> Context:
    """Do what `Context.fork` does, without the server connection that it makes first and throws away."""
    fork = Context.__new__(Context)
    fork.client, fork.server, fork.options = context.client, context.server, context.options
    fork.layers = context.layers.copy()
    return fork


@dataclass(slots=True)
class _Playing:
    """How far the playing of one answer is. Times are in seconds of the monotonic clock."""

    steps: Steps
    due: float
    """When the step at `position` is to be played, as it was planned."""
    position: int = 0
    headed: float | None = None
    rest: Rest | None = None
    """Where more steps come from, once these are played."""
    is_told: bool = False
    """Whether addons were told of the whole answer already."""
    bytes_sent: int = 0
    """What the client took."""
    left: list[float] = field(default_factory=list)
    """For each send, how long after the head it left."""

    def ending(self, how: Literal["whole", "cut", "client_left"]) -> Ending:
        """Describe the end, now."""
        return Ending(
            how=how, bytes_sent=self.bytes_sent, sends=len(self.left), seconds=self.since_head(), left=tuple(self.left)
        )

    @property
    def is_over(self) -> bool:
        """Whether all steps that there are were played, and the time of the last wait is over."""
        return self.position == len(self.steps) and self.due <= time.monotonic() + _SOON

    def since_head(self) -> float:
        """Return how long ago the head left; 0 if it has not."""
        return 0.0 if self.headed is None else time.monotonic() - self.headed


class _Stream(HttpStream):
    """One request and its answer."""

    def __init__(self, context: Context, stream_id: int, parent: _HttpLayer) -> None:
        super().__init__(context, stream_id)
        self._parent = parent
        self._rules = parent.rules
        self._playing: _Playing | None = None
        self._taking: Taking | None = None
        self._is_sent = False
        """Whether an answer left at once."""
        self._is_failing = False
        self._origin_form = False

    @cached_property
    def _passes(self) -> bool:
        """Whether the request is passed on. Where that cannot be decided because of a bug, it is not."""
        try:
            arrival = self._rules.arrival(self.flow, origin_form=self._origin_form)
        except Exception as error:  # noqa: BLE001 - the hook for the request meets it again, and answers 500
            logger.error("a request was not decided about:\n%s", without_secrets(error))  # noqa: TRY400 - see `bugs`
            return False
        self._parent.arrivals[self.flow] = arrival
        return arrival.fate == "pass"

    @property
    def _response(self) -> http.Response:
        return cast("http.Response", self.flow.response)

    @override
    def handle_event(self, event: events.Event) -> Commands:
        # While a hook is waited for, events are kept for later; that the client is gone matters now.
        if self._paused is not None and isinstance(event, RequestProtocolError):
            self._rules.give_up(self.flow)
            if self._playing is not None and self._playing.rest is not None:
                self._playing.rest.leave()
            if self._taking is not None:
                self._taking.leave()
        return super().handle_event(event)

    @override
    def _handle_event(self, event: events.Event) -> Commands:
        if isinstance(event, events.Wakeup):
            return self._with_quick_hooks(self._play_on())
        return self._with_quick_hooks(super()._handle_event(event))

    def _with_quick_hooks(self, work: layer.CommandGenerator[Any]) -> Commands:
        """Call hooks here: each would cost a task, a way through all layers, and a walk over all addons."""
        answer = None
        while True:
            try:
                command = work.send(answer)
            except StopIteration:
                return
            except Exception as error:
                if self._is_failing:
                    raise
                self._is_failing = True
                work, answer = self._fail(error), None
                continue
            if isinstance(command, commands.StartHook):
                answer = None
                if (rest := self._parent.calls.begin(command)) is not None:
                    yield RestOfHook(rest)
                self._after(command)
            else:
                answer = yield command

    def _fail(self, error: Exception) -> Commands:
        """End a request at which our own code failed. Where that fails, too, its connection is closed."""
        playing = self._playing
        nothing_sent = not self._is_sent and (playing is None or playing.headed is None)
        if nothing_sent and not self._passes:
            self._playing = None
            yield from self._send_at_once(self._rules.answer_bug(self.flow, error))
            return
        logger.error("a bug of llemulator, in the middle of an answer:\n%s", without_secrets(error))
        if playing is not None:
            yield from self._cut(playing, "close")
        elif self._is_sent:
            self._rules.ended(self.flow, NOTHING_SENT)
            yield commands.CloseConnection(self.context.client)
        else:
            killed = ResponseProtocolError(self.stream_id, "a bug of llemulator", ErrorCode.KILL)
            yield from super().handle_protocol_error(killed)

    def _after(self, command: commands.Command) -> None:
        """Have the last word on what goes through piece by piece, after addons had theirs."""
        if isinstance(command, HttpRequestHeadersHook):
            if not self._passes:
                self.flow.request.stream = False
            elif self._rules.streams_others:
                self.flow.request.stream = True
        elif isinstance(command, HttpResponseHeadersHook) and self._rules.streams_others and self._passes:
            self._response.stream = True

    @override
    def state_wait_for_request_headers(self, event: RequestHeaders) -> Commands:
        self._origin_form = not event.request.host
        if self._origin_form and not event.request.host_header:
            # mitmproxy refuses what it cannot forward; some probes name no host, and are meant for us.
            own, port, *_ = self.context.client.sockname
            event.request.headers["host"] = hostport("", own, port)
        if len(event.request.path) > heads.MOST_BYTES_OF_TARGET:
            # By HTTP/2, which bounds a head as a whole; a longer line of HTTP/1 does not come so far.
            yield from self._refuse_by_head(event.request)
        else:
            yield from super().state_wait_for_request_headers(event)

    def _refuse_by_head(self, request: http.Request) -> Commands:
        self.flow = http.HTTPFlow(self.context.client, self.context.server)
        self.flow.request = request
        yield from self._send_at_once(played(refusals.target_too_long(heads.MOST_BYTES_OF_TARGET), request))

    @override
    def handle_connect_finish(self) -> Commands:
        yield from super().handle_connect_finish()  # type: ignore[no-untyped-call]
        if self.child_layer is not None and self._rules.owns(self.context):
            self._parent.tunnel = self.child_layer

    @override
    def check_body_size(self, request: bool) -> layer.CommandGenerator[bool]:
        if not request or self._passes:
            return (yield from super().check_body_size(request))
        if max(len(self.request_body_buf), self._announced) <= self._rules.body_limit:
            return False
        self.request_body_buf.clear()
        self.flow.response = self._rules.answer_too_large(self.flow)
        # What is still to come of the body is read and dropped: a client that is cut off while it sends would see
        # a reset in place of the answer.
        yield from self._send_at_once(self.flow.response)
        self.client_state = self.server_state = self.state_errored
        return True

    @cached_property
    def _announced(self) -> int:
        """How long the head says that the body is; 0 where it does not say."""
        try:
            return int(self.flow.request.headers.get("content-length", 0))
        except ValueError:
            return 0

    @override
    def make_server_connection(self) -> layer.CommandGenerator[bool]:
        if self._passes:
            return (yield from super().make_server_connection())
        error = ResponseProtocolError(self.stream_id, "never connected to", ErrorCode.CONNECT_FAILED)
        yield from self.handle_protocol_error(error)
        return False

    @override
    def state_consume_request_body(self, event: events.Event) -> Commands:
        if self._passes or not isinstance(event, RequestEndOfMessage):
            yield from super().state_consume_request_body(event)
            return
        self.flow.request.timestamp_end = time.time()
        self.flow.request.data.content = bytes(self.request_body_buf)
        self.request_body_buf.clear()
        self.client_state = self.state_done
        yield HttpRequestHook(self.flow)
        if (yield from self._client_left()):
            return
        if self.flow.response is None:
            self.flow.response = self._rules.answer_bug(self.flow)
        yield HttpResponseHeadersHook(self.flow)
        if (yield from self._client_left()):
            return
        yield from self.send_response()

    def _client_left(self) -> layer.CommandGenerator[bool]:
        """Whether the client went away, or an addon killed the flow, while a hook was waited for."""
        if not (yield from self.check_killed(emit_error_hook=True)):
            return False
        self._rules.ended(self.flow, NOTHING_SENT)
        return True

    @override
    def send_response(self, already_streamed: bool = False) -> Commands:
        response = self._response
        if already_streamed or self._passes or response.trailers or response.status_code == status_codes.SWITCHING:
            yield from super().send_response(already_streamed)
        elif isinstance(response, Played) and not response.at_once:
            self._playing = _Playing(steps=response.steps, due=time.monotonic(), rest=response.rest)
            yield from self._play_on()
        else:
            yield HttpResponseHook(self.flow)
            if not (yield from self._client_left()):
                yield from self._send_at_once(response)

    def _send_at_once(self, response: http.Response) -> Commands:
        self.flow.response = response
        body = response.raw_content or b""
        if len(body) > PORTION:
            self._playing = _Playing(steps=_steps_of(response, body), due=time.monotonic(), is_told=True)
            yield from self._play_on()
            return
        if (why := (yield from self._until_taken(own=False))) is not None:
            logger.debug("an answer was not begun: %s", why)
            self._rules.ended(self.flow, NOTHING_SENT)
            yield from self._leave(why)
            return
        self.flow.live = False
        self.server_state = self.state_done
        response.timestamp_end = time.time()
        yield DropStream(self.stream_id)
        if not self._is_open():
            self._rules.ended(self.flow, NOTHING_SENT)
            return
        self._is_sent = True
        if isinstance(self._parent.connections[self.context.client], Http1 | Http2):
            yield SendHttp(WholeResponse(self.stream_id, response, body), self.context.client)
        else:
            yield SendHttp(ResponseHeaders(self.stream_id, response, not body), self.context.client)
            yield SendHttp(ResponseData(self.stream_id, body), self.context.client)
            yield SendHttp(ResponseEndOfMessage(self.stream_id), self.context.client)
        sends = sum(isinstance(step, Send) for step in response.steps) if isinstance(response, Played) else 1
        ending = Ending(how="whole", bytes_sent=len(body), sends=sends, seconds=0.0)
        if (yield from self._until_taken()) is not None:
            ending = NOTHING_SENT
        self._rules.ended(self.flow, ending)
        self._let_go()

    def _until_taken(self, *, own: bool = True) -> layer.CommandGenerator[str | None]:
        """Wait until the client took what was sent to it; return why it did not.

        `own`: until it took what this stream sent, too, for which HTTP/2 has a window of its own.
        """
        outlet, server = self._parent.outlet, self._parent.connections[self.context.client]
        windows = server if own and isinstance(server, Http2) else None
        if outlet.is_closed():
            return "the client disconnected"
        if not outlet.holds() and (windows is None or not windows.holds(self.stream_id)):
            return None
        self._taking = taking = Taking(outlet, windows, self.stream_id)
        yield LlemulatorTakenHook(taking)
        self._taking = None
        if taking.timed_out:
            logger.warning("closed what was sent to a client: %s", taking.refused)
            if outlet.holds():
                outlet.drop()
            else:
                yield SendHttp(ResponseProtocolError(self.stream_id, "not taken", ErrorCode.KILL), self.context.client)
        return taking.refused

    def _let_go(self) -> None:
        """Leave the circles in which a stream stands: then it is gone at once, and not by a collection of garbage."""
        self.context.layers.clear()
        self.client_state = self.server_state = _over

    # Playing in time

    def _play_on(self) -> Commands:
        """Play what is due, and ask to be woken for what is not."""
        playing = self._playing
        if playing is None:
            return  # the client left, or the answer was cut, while this wake-up was under way
        if not self._is_open():
            yield from self._stop(playing, "the stream was reset")
            return
        try:
            yield from self._play_due(playing)
        except Exception as error:  # noqa: BLE001 - the client must not wait for an end that does not come
            logger.error("an answer could not be played on:\n%s", without_secrets(error))  # noqa: TRY400 - see `bugs`
            yield from self._cut(playing, "close")

    def _is_open(self) -> bool:
        """Whether the client can still be sent to.

        A reset that comes together with its request is not told by mitmproxy's HTTP/2.
        """
        server = self._parent.connections[self.context.client]
        return not isinstance(server, Http2) or server.is_open_for_us(self.stream_id)

    def _play_due(self, playing: _Playing) -> Commands:
        yield from self._play_steps(playing)
        while self._playing is playing and playing.rest is not None and playing.is_over:
            yield LlemulatorRestHook(playing.rest)
            if (why := self._gone()) is not None:
                yield from self._stop(playing, why)
                return
            playing.steps, playing.position = playing.rest.taken(), 0
            if not playing.steps:
                playing.rest.leave()
                playing.rest = None
            yield from self._play_steps(playing)

    def _gone(self) -> str | None:
        """Say why nobody listens any more, where that became known while a hook was waited for."""
        if not self._is_open():
            return "the stream was reset"
        return next(
            (event.message for event in self._paused_event_queue if isinstance(event, RequestProtocolError)), None
        )

    def _play_steps(self, playing: _Playing) -> Commands:
        now = time.monotonic() + _SOON
        due: list[bytes] = []
        while playing.due <= now and playing.position < len(playing.steps):
            step = playing.steps[playing.position]
            playing.position += 1
            match step:
                case Send(piece):
                    due.append(piece)
                case Wait(seconds):
                    playing.due += seconds
                case Head():
                    yield from self._send_head(playing)
                case Cut(how):
                    if (yield from self._send(playing, due)):
                        yield from self._cut(playing, how)
                    return
                case _:
                    assert_never(step)
        if not (yield from self._send(playing, due)):
            return
        if playing.due > now:
            yield commands.RequestWakeup(min(max(0.0, playing.due - time.monotonic()), _LONGEST_SLEEP))
        elif playing.rest is None:
            yield from self._end(playing)

    def _send_head(self, playing: _Playing) -> Commands:
        playing.headed = time.monotonic()
        yield SendHttp(ResponseHeaders(self.stream_id, self._response), self.context.client)

    def _send(self, playing: _Playing, due: list[bytes]) -> layer.CommandGenerator[bool]:
        """Send pieces, each portion when the client took the one before. Whether it took them all."""
        for portion, ended in portions(due):
            if portion:
                yield SendHttp(ResponseData(self.stream_id, portion), self.context.client)
                if (why := (yield from self._until_taken()) or self._gone()) is not None:
                    yield from self._stop(playing, why)
                    return False
                playing.bytes_sent += len(portion)
            playing.left += [playing.since_head()] * ended
        return True

    def _end(self, playing: _Playing) -> Commands:
        response = self._response
        if playing.headed is None or self._is_missized(playing, response):
            # What comes next on the connection would be taken for the rest of this answer.
            yield from self._cut(playing, "close")
            return
        self._note_end(playing, "whole")
        if playing.is_told:
            self.server_state = self.state_done
            yield from self.flow_done()
        else:
            yield from super().send_response(already_streamed=True)
        self._let_go()

    def _is_missized(self, playing: _Playing, response: http.Response) -> bool:
        try:
            size = expected_http_body_size(self.flow.request, response)
        except ValueError:
            return True
        return size not in {None, -1, playing.bytes_sent}

    def _cut(self, playing: _Playing, how: Literal["close", "reset", "goaway"]) -> Commands:
        """End the answer where it is."""
        self._note_end(playing, "cut")
        server = self._parent.connections[self.context.client]
        match how:
            case "goaway" if isinstance(server, Http2):
                yield commands.SendData(self.context.client, server.go_away())
                yield commands.CloseConnection(self.context.client)
            case "close" | "goaway":
                # HTTP/1.1 closes the connection, HTTP/2 resets the stream; neither sends anything more.
                error = ResponseProtocolError(self.stream_id, "cut by the script", ErrorCode.KILL)
                yield SendHttp(error, self.context.client)
            case "reset":
                _reset(self.context)
                yield commands.CloseConnection(self.context.client)
            case _:
                assert_never(how)
        yield from self._leave("cut by the script")

    @override
    def handle_protocol_error(self, event: RequestProtocolError | ResponseProtocolError) -> Commands:
        playing = self._playing
        if playing is None:
            yield from super().handle_protocol_error(event)
            return
        yield from self._stop(playing, event.message)

    def _stop(self, playing: _Playing, why: str) -> Commands:
        """End an answer whose client has left."""
        self._note_end(playing, "client_left")
        yield from self._leave(why)

    def _note_end(self, playing: _Playing, how: Literal["whole", "cut", "client_left"]) -> None:
        self._playing = None
        if playing.rest is not None:
            playing.rest.leave()
        self._rules.ended(self.flow, playing.ending(how))

    def _leave(self, why: str) -> Commands:
        self.flow.error = flow.Error(why)
        self.flow.live = False
        self.client_state = self.server_state = self.state_errored
        yield HttpErrorHook(self.flow)
        yield DropStream(self.stream_id)
        self._let_go()


def _steps_of(response: http.Response, body: bytes) -> Steps:
    """Return the steps that send a response: its own, where no addon put another body in their place."""
    if isinstance(response, Played) and response.body is body:
        return response.steps
    return (Head(response.status_code), Send(body))


def _over(_: events.Event) -> Commands:
    """Consume what comes after the end, as mitmproxy's state for errors does."""
    yield from ()


def _reset(context: Context) -> None:
    """Close the client's connection with RST."""
    handler = ctx.master.addons.get("proxyserver").connections.get(context.client.id)
    writer = handler and handler.transports[context.client].writer
    connection = writer and writer.get_extra_info("socket")
    if connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        writer.transport.abort()
