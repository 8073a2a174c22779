"""One request and its answer, played in time.

A request that is not to be passed on cannot be passed on here, whatever raised before: its stream opens no connection.
"""

# Longer than 500 lines: one class, whose methods are the states of one stream.

import logging
import time
from collections.abc import Callable
from functools import cached_property
from typing import Any, Literal, assert_never, cast, override

from mitmproxy import flow, http
from mitmproxy.net.http import status_codes
from mitmproxy.net.http.url import hostport
from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers.http import DropStream, HttpStream, SendHttp
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

from llemulator_addon.adapters import proxy_errors
from llemulator_addon.adapters.bug_log import describe_briefly
from llemulator_addon.adapters.mitmproxy.internals import heads
from llemulator_addon.adapters.mitmproxy.internals.connection import Connection
from llemulator_addon.adapters.mitmproxy.internals.deciding import NOTHING_SENT
from llemulator_addon.adapters.mitmproxy.internals.dispatch import RestOfHook
from llemulator_addon.adapters.mitmproxy.internals.flow_control import (
    PORTION,
    LlemulatorTakenHook,
    Taking,
    portions,
)
from llemulator_addon.adapters.mitmproxy.internals.played import (
    SOON,
    LlemulatorRestHook,
    Played,
    Playing,
    is_missized,
    make_played,
    read_steps,
)
from llemulator_addon.adapters.mitmproxy.internals.received import Received
from llemulator_addon.adapters.mitmproxy.internals.servers import Commands, Http1, Http2, WholeResponse
from llemulator_addon.adapters.mitmproxy.internals.websocket import WebSocketLayer, go_over
from llemulator_addon.adapters.websocket.connection import WebSocketConnection, WebSocketLine
from llemulator_addon.core.outcome import Ending
from llemulator_addon.core.steps import Cut, Head, Send, Wait

logger = logging.getLogger(__name__)


_LONGEST_SLEEP = 60.0
"""Seconds. mitmproxy closes a connection on which nothing stirs for `tcp_timeout`; a wake-up counts as a stir."""


_ALONE_AT_ONCE = 50
"""Writes of one stream, each some 0.1 ms, after which others have their turn."""


class Stream(HttpStream):
    """One request and its answer."""

    def __init__(self, context: Context, stream_id: int, parent: Connection) -> None:
        super().__init__(context, stream_id)
        self._parent = parent
        self._decider = parent.decider
        self._playing: Playing | None = None
        self._taking: Taking | None = None
        self._is_sent = False
        """Whether an answer left at once."""
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

    @property
    def _response(self) -> http.Response:
        return cast("http.Response", self.flow.response)

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

    def _send_at_once(self, response: http.Response) -> Commands:
        self.flow.response = response
        body = response.raw_content or b""
        if len(body) > PORTION:
            self._playing = Playing(steps=read_steps(response, body), due=time.monotonic(), is_told=True)
            yield from self._play_on()
            return
        if (why := (yield from self._until_taken(own=False))) is not None:
            logger.debug("an answer was not begun: %s", why)
            self._decider.end(self.flow, NOTHING_SENT)
            yield from self._leave(why)
            return
        self.flow.live = False
        self.server_state = self.state_done
        response.timestamp_end = time.time()
        yield DropStream(self.stream_id)
        if not self._is_open():
            self._decider.end(self.flow, NOTHING_SENT)
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
        self._decider.end(self.flow, ending)
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
        self.client_state = self.server_state = _ignore_rest

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
            logger.error("an answer could not be played on:\n%s", describe_briefly(error))  # noqa: TRY400 - see `bugs`
            yield from self._cut(playing, "close")

    def _is_open(self) -> bool:
        """Whether the client can still be sent to.

        A reset that comes together with its request is not told by mitmproxy's HTTP/2.
        """
        server = self._parent.connections[self.context.client]
        return not isinstance(server, Http2) or server.is_open_for_us(self.stream_id)

    def _play_due(self, playing: Playing) -> Commands:
        yield from self._play_steps(playing)
        while self._playing is playing and playing.rest is not None and playing.is_over:
            yield LlemulatorRestHook(playing.rest)
            if (why := self._explain_gone()) is not None:
                yield from self._stop(playing, why)
                return
            playing.steps, playing.position = playing.rest.take(), 0
            if not playing.steps:
                playing.rest.leave()
                playing.rest = None
            yield from self._play_steps(playing)

    def _explain_gone(self) -> str | None:
        """Say why nobody listens any more, where that became known while a hook was waited for."""
        if not self._is_open():
            return "the stream was reset"
        return next(
            (event.message for event in self._paused_event_queue if isinstance(event, RequestProtocolError)), None
        )

    def _play_steps(self, playing: Playing) -> Commands:
        now = time.monotonic() + SOON
        due, alone = list[Send](), 0
        while playing.due <= now and playing.position < len(playing.steps) and alone < _ALONE_AT_ONCE:
            step = playing.steps[playing.position]
            playing.position += 1
            match step:
                case Send():
                    due.append(step)
                    alone += step.alone
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
        if playing.due > now or alone == _ALONE_AT_ONCE:
            yield commands.RequestWakeup(min(max(0.0, playing.due - time.monotonic()), _LONGEST_SLEEP))
        elif playing.rest is None:
            yield from self._end(playing)

    def _send_head(self, playing: Playing) -> Commands:
        playing.headed = time.monotonic()
        yield SendHttp(ResponseHeaders(self.stream_id, self._response), self.context.client)

    def _send(self, playing: Playing, due: list[Send]) -> layer.CommandGenerator[bool]:
        """Send pieces, each portion when the client took the one before. Whether it took them all."""
        for portion, ended in portions(due):
            if portion:
                yield SendHttp(ResponseData(self.stream_id, portion), self.context.client)
                if (why := (yield from self._until_taken()) or self._explain_gone()) is not None:
                    yield from self._stop(playing, why)
                    return False
                playing.bytes_sent += len(portion)
            playing.left += [playing.since_head()] * ended
        if due:
            self._decider.note_sent(self.flow, len(playing.left), playing.bytes_sent)
        return True

    def _end(self, playing: Playing) -> Commands:
        response = self._response
        if playing.headed is None or is_missized(playing, self.flow.request, response):
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

    def _cut(self, playing: Playing, how: Literal["close", "reset", "goaway"]) -> Commands:
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
                self._parent.outlet.reset()
                yield commands.CloseConnection(self.context.client)
            case _:
                assert_never(how)
        yield from self._leave("cut by the script")

    @override
    def handle_protocol_error(self, event: RequestProtocolError | ResponseProtocolError) -> Commands:
        playing = self._playing
        if playing is None:
            self.request_body_buf.clear()
            self._body.give_back()
            yield from super().handle_protocol_error(event)
            return
        yield from self._stop(playing, event.message)

    def _stop(self, playing: Playing, why: str) -> Commands:
        """End an answer whose client has left."""
        self._note_end(playing, "client_left")
        yield from self._leave(why)

    def _note_end(self, playing: Playing, how: Literal["whole", "cut", "client_left"]) -> None:
        self._playing = None
        if playing.rest is not None:
            playing.rest.leave()
        self._decider.end(self.flow, playing.ending(how))

    def _leave(self, why: str) -> Commands:
        self.flow.error = flow.Error(why)
        self.flow.live = False
        self.client_state = self.server_state = self.state_errored
        yield HttpErrorHook(self.flow)
        yield DropStream(self.stream_id)
        self._let_go()


def _ignore_rest(_: events.Event) -> Commands:
    """Consume what comes after the end, as mitmproxy's state for errors does."""
    yield from ()
