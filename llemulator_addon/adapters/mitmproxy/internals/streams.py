"""One request and its answer.

A request that is not to be passed on cannot be passed on here, whatever raised before: its stream opens no connection.
"""

import logging
import time
from collections.abc import Callable
from functools import cached_property
from typing import Any, override

from mitmproxy import http
from mitmproxy.net.http import status_codes
from mitmproxy.net.http.url import hostport
from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers.http import DropStream, SendHttp
from mitmproxy.proxy.layers.http._events import (
    ErrorCode,
    RequestEndOfMessage,
    RequestHeaders,
    RequestProtocolError,
    ResponseHeaders,
    ResponseProtocolError,
)
from mitmproxy.proxy.layers.http._hooks import (
    HttpRequestHeadersHook,
    HttpRequestHook,
    HttpResponseHeadersHook,
    HttpResponseHook,
)

from llemulator_addon.adapters import proxy_errors
from llemulator_addon.adapters.bug_log import describe_briefly
from llemulator_addon.adapters.mitmproxy.internals import heads
from llemulator_addon.adapters.mitmproxy.internals.answer_stream import AnswerStream
from llemulator_addon.adapters.mitmproxy.internals.connection import Connection
from llemulator_addon.adapters.mitmproxy.internals.dispatch import RestOfHook
from llemulator_addon.adapters.mitmproxy.internals.played import (
    Played,
    Playing,
    make_played,
)
from llemulator_addon.adapters.mitmproxy.internals.received import Received
from llemulator_addon.adapters.mitmproxy.internals.servers import Commands
from llemulator_addon.adapters.mitmproxy.internals.websocket import WebSocketLayer, go_over
from llemulator_addon.adapters.websocket.connection import WebSocketConnection, WebSocketLine
from llemulator_addon.core.outcome import NOTHING_SENT

logger = logging.getLogger(__name__)


class Stream(AnswerStream):
    """One request and its answer."""

    def __init__(self, context: Context, stream_id: int, parent: Connection) -> None:
        super().__init__(context, stream_id, parent)
        self._is_failing = False
        self._origin_form = False
        self._body = parent.decider.bodies.share()
        self.request_body_buf = Received()

    @cached_property
    def _passes(self) -> bool:
        """Whether the request is passed on. Where that cannot be decided because of a bug, it is not."""
        try:
            arrival = self._decider.arrival(self.flow, origin_form=self._origin_form)
        except Exception as error:  # noqa: BLE001 - the hook for the request meets it again, and answers 500
            logger.error("a request was not decided about:\n%s", describe_briefly(error))  # noqa: TRY400 - see `bugs`
            return False
        self._parent.arrivals[self.flow] = arrival
        return arrival.fate == "pass"

    @override
    def handle_event(self, event: events.Event) -> Commands:
        # While a hook is waited for, events are kept for later; that the client is gone matters now.
        if self._paused is not None and isinstance(event, RequestProtocolError):
            self._decider.give_up(self.flow)
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
                self._finish_piece(command)
            else:
                answer = yield command

    def _fail(self, error: Exception) -> Commands:
        """End a request at which our own code failed. Where that fails, too, its connection is closed."""
        playing = self._playing
        nothing_sent = not self._is_sent and (playing is None or playing.headed is None)
        if nothing_sent and not self._passes:
            self._playing = None
            yield from self._send_at_once(self._decider.answer_bug(self.flow, error))
            return
        logger.error("a bug of llemulator, in the middle of an answer:\n%s", describe_briefly(error))
        if playing is not None:
            yield from self._cut(playing, "close")
        elif self._is_sent:
            self._decider.end(self.flow, NOTHING_SENT)
            yield commands.CloseConnection(self.context.client)
        else:
            killed = ResponseProtocolError(self.stream_id, "a bug of llemulator", ErrorCode.KILL)
            yield from super().handle_protocol_error(killed)

    def _finish_piece(self, command: commands.Command) -> None:
        """Have the last word on what goes through piece by piece, after addons had theirs."""
        if isinstance(command, HttpRequestHeadersHook):
            if not self._passes:
                self.flow.request.stream = False
            elif self._decider.streams_others:
                self.flow.request.stream = True
        elif isinstance(command, HttpResponseHeadersHook) and self._decider.streams_others and self._passes:
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
        yield from self._send_at_once(make_played(proxy_errors.target_too_long(heads.MOST_BYTES_OF_TARGET), request))

    @override
    def handle_connect_finish(self) -> Commands:
        yield from super().handle_connect_finish()  # type: ignore[no-untyped-call]
        if self.child_layer is not None and self._decider.owns(self.context):
            self._parent.tunnel = self.child_layer

    @override
    def check_body_size(self, request: bool) -> layer.CommandGenerator[bool]:
        if not request or self._passes:
            return (yield from super().check_body_size(request))
        size = len(self.request_body_buf)
        if max(size, self._announced) > self._decider.body_limit:
            self.flow.response = self._decider.answer_too_large(self.flow)
        elif not self._body.grow_to(size):
            self.flow.response = self._decider.answer_no_room(self.flow)
        else:
            return False
        self.request_body_buf.clear()
        self._body.give_back()
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
        self._let_go_of_body()
        if (yield from self._client_left()):
            return
        if self.flow.response is None:
            self.flow.response = self._decider.answer_bug(self.flow)
        yield HttpResponseHeadersHook(self.flow)
        if (yield from self._client_left()):
            return
        yield from self.send_response()

    def _let_go_of_body(self) -> None:
        """Drop a body that was counted: the journal has the part that is kept, and an answer takes long."""
        if self._body.size:
            self.flow.request.data.content = None
            self._body.give_back()

    def _client_left(self) -> layer.CommandGenerator[bool]:
        """Whether the client went away, or an addon killed the flow, while a hook was waited for."""
        if not (yield from self.check_killed(emit_error_hook=True)):
            return False
        self._decider.end(self.flow, NOTHING_SENT)
        return True

    @override
    def send_response(self, already_streamed: bool = False) -> Commands:
        response = self._response
        if isinstance(response, Played) and response.converse is not None:
            yield from self._converse(response.converse)
        elif already_streamed or self._passes or response.trailers or response.status_code == status_codes.SWITCHING:
            yield from super().send_response(already_streamed)
        elif isinstance(response, Played) and not response.at_once:
            self._playing = Playing(steps=response.steps, due=time.monotonic(), rest=response.rest)
            yield from self._play_on()
        else:
            yield HttpResponseHook(self.flow)
            if not (yield from self._client_left()):
                yield from self._send_at_once(response)

    def _converse(self, begin: Callable[[WebSocketLine], WebSocketConnection]) -> Commands:
        """Accept a handshake; from then on the connection is WebSocket's."""
        yield HttpResponseHook(self.flow)
        if (yield from self._client_left()):
            return
        yield SendHttp(ResponseHeaders(self.stream_id, self._response), self.context.client)
        yield DropStream(self.stream_id)
        yield from go_over(self._parent, WebSocketLayer(self.context, self.flow, begin, self._parent))
        self._let_go()

    @override
    def handle_protocol_error(self, event: RequestProtocolError | ResponseProtocolError) -> Commands:
        playing = self._playing
        if playing is None:
            self.request_body_buf.clear()
            self._body.give_back()
            yield from super().handle_protocol_error(event)
            return
        yield from self._stop(playing, event.message)
