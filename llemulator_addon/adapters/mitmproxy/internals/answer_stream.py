"""How an answer leaves on the stream of its request: at once, or played in time."""

import logging
import time
from typing import Literal, assert_never, cast

from mitmproxy import flow, http
from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers.http import DropStream, HttpStream, SendHttp
from mitmproxy.proxy.layers.http._events import (
    ErrorCode,
    RequestProtocolError,
    ResponseData,
    ResponseEndOfMessage,
    ResponseHeaders,
    ResponseProtocolError,
)
from mitmproxy.proxy.layers.http._hooks import HttpErrorHook

from llemulator_addon.adapters.bug_log import describe_briefly
from llemulator_addon.adapters.mitmproxy.internals.connection import Connection
from llemulator_addon.adapters.mitmproxy.internals.flow_control import PORTION, LlemulatorTakenHook, Taking, portions
from llemulator_addon.adapters.mitmproxy.internals.played import (
    SOON,
    LlemulatorRestHook,
    Played,
    Playing,
    is_missized,
    read_steps,
)
from llemulator_addon.adapters.mitmproxy.internals.servers import Commands, Http1, Http2, WholeResponse
from llemulator_addon.core.outcome import NOTHING_SENT, Ending
from llemulator_addon.core.steps import Cut, Head, Send, Wait

logger = logging.getLogger(__name__)

_LONGEST_SLEEP = 60.0
"""Seconds. mitmproxy closes a connection on which nothing stirs for `tcp_timeout`; a wake-up counts as a stir."""
_ALONE_AT_ONCE = 50
"""Writes of one stream, each some 0.1 ms, after which others have their turn."""


class AnswerStream(HttpStream):
    """A stream of mitmproxy's on which an answer is sent: at once, or step by step in time."""

    def __init__(self, context: Context, stream_id: int, parent: Connection) -> None:
        super().__init__(context, stream_id)
        self._parent = parent
        self._decider = parent.decider
        self._playing: Playing | None = None
        self._taking: Taking | None = None
        self._is_sent = False
        """Whether an answer left at once."""

    @property
    def _response(self) -> http.Response:
        return cast("http.Response", self.flow.response)

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
        self._announce_end(response)
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
        yield from self._go_away()
        self._let_go()

    def _announce_end(self, response: http.Response) -> None:
        """Let the client open another connection, which another process takes, if this one is about to end."""
        if self._decider.is_draining and isinstance(self._parent.connections[self.context.client], Http1):
            response.headers["connection"] = "close"

    def _go_away(self) -> Commands:
        """Do the same for HTTP/2, once nothing is under way on its connection."""
        server = self._parent.connections[self.context.client]
        if self._decider.is_draining and isinstance(server, Http2) and server.is_idle():
            yield commands.SendData(self.context.client, server.go_away())
            yield commands.CloseConnection(self.context.client)

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
        self._announce_end(self._response)
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
        yield from self._go_away()
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
