"""HTTP/1 and HTTP/2 as they are spoken with clients: mitmproxy's, with bounds, and with answers in one write.

mitmproxy does not promise to keep the methods that are overridden here.
"""

import asyncio
import logging
import time
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, override

import h2.events
from h2.errors import ErrorCodes
from h11._readers import ChunkedReader
from mitmproxy import http
from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers.http._base import HttpEvent, ReceiveHttp
from mitmproxy.proxy.layers.http._events import ErrorCode, RequestProtocolError, ResponseHeaders
from mitmproxy.proxy.layers.http._http1 import Http1Server
from mitmproxy.proxy.layers.http._http2 import Http2Server, format_h2_response_headers

from llemulator_addon.adapters import proxy_errors
from llemulator_addon.adapters.mitmproxy.internals import heads
from llemulator_addon.adapters.mitmproxy.internals.chunks import Chunks
from llemulator_addon.adapters.mitmproxy.internals.turns import LlemulatorTurnHook
from llemulator_addon.core.steps import Head, Send, Steps

logger = logging.getLogger(__name__)

Commands = Generator[commands.Command, Any, None]

_MOST_BYTES_AHEAD = 1 << 20
"""Of requests that a client sends before it has the answer to the one before."""
_BEGUN_AT_ONCE = 8
"""Requests on one connection."""
_SECONDS_TO_READ = 2.0
"""How long a client that was refused may go on sending: closed at once, it would see a reset and not why."""


@dataclass
class WholeResponse(HttpEvent):
    """Head, body and end of a response, to leave in one write."""

    response: http.Response
    body: bytes


class Http1(Http1Server):
    """HTTP/1.0 and 1.1."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._begun: float | None = None
        """When the head that is under way began, by the monotonic clock."""
        self._is_timed = False
        """Whether a wake-up is under way that looks at it."""

    @override
    def send(self, event: HttpEvent) -> Commands:
        if not isinstance(event, WholeResponse):
            yield from super().send(event)
            return
        self.response = event.response
        yield commands.SendData(self.conn, _assemble(event.response, event.body))
        yield from self.mark_done(response=True)

    @override
    def _handle_event(self, event: events.Event) -> Commands:
        if not isinstance(event, events.Wakeup):
            yield from super()._handle_event(event)
            if isinstance(event, events.ConnectionClosed):
                self._let_go()
        elif self.state == self._read_no_more:
            yield from self._close()
        else:
            self._is_timed = False
            yield from self._look_at_the_clock()

    @override
    def mark_done(self, *, request: bool = False, response: bool = False) -> Commands:
        yield from super().mark_done(request=request, response=response)
        if self.state == self.done:
            self._let_go()

    def take_ahead(self) -> bytes:
        """Return what came behind the request, once."""
        ahead = bytes(self.buf)
        self._let_go()
        return ahead

    def _let_go(self) -> None:
        """Drop the last request and its answer: a connection is in a reference cycle, which stays for some time."""
        self.request = self.response = None
        self._forget()

    def _look_at_the_clock(self) -> Commands:
        """Give up a head that takes too long, or look again later. One wake-up is under way at most."""
        if self._begun is None or self._is_timed or self.state != self.read_headers:
            return
        left = self._begun + heads.SECONDS - time.monotonic()
        if left <= 0:
            yield from self._refuse(proxy_errors.head_too_slow(heads.SECONDS))
        else:
            self._is_timed = True
            yield commands.RequestWakeup(left)

    @override
    def read_headers(self, event: events.ConnectionEvent) -> Commands:
        if isinstance(event, events.ConnectionClosed):
            yield from self._close()  # mitmproxy would log what came, and a key in it
            return
        received = bytes(self.buf)
        if blank := len(received) - len(received.lstrip(b"\r\n")):
            # Such lines may stand before a request (RFC 9112, 2.2).
            self.buf.maybe_extract_at_most(blank)
            received = received[blank:]
        if (refusal := heads.refuse_head(received)) is not None:
            yield from self._refuse(refusal)
            return
        if heads.is_whole(received):
            self._begun = None
            yield from super().read_headers(event)
        elif received:
            self._begun = self._begun or time.monotonic()
            yield from self._look_at_the_clock()

    @override
    def read_body(self, event: events.Event) -> Commands:
        reader: Any = self.body_reader
        if not isinstance(reader, _InOnePiece):
            self.body_reader = _InOnePiece(Chunks() if isinstance(reader, ChunkedReader) else reader)  # type: ignore[assignment]
        yield from super().read_body(event)
        # What a reader leaves is the beginning of a chunk's line or of trailers.
        if self.state == self.read_body and len(self.buf) > heads.MOST_BYTES:
            yield from self._give_up("a chunk's line or trailers are too large")

    @override
    def wait(self, event: events.Event) -> Commands:
        if isinstance(event, events.DataReceived) and len(self.buf) > _MOST_BYTES_AHEAD:
            yield from self._give_up("the next requests came before the answer was there")
        else:
            yield from super().wait(event)

    def _give_up(self, why: str) -> Commands:
        """End a request that has begun, and the connection."""
        if self.response is None and self.state == self.read_body:
            yield from self._refuse(proxy_errors.part_too_large(heads.MOST_BYTES))
        else:
            yield from self._close()
        yield ReceiveHttp(RequestProtocolError(self.stream_id, why, ErrorCode.GENERIC_CLIENT_ERROR))

    def _refuse(self, steps: Steps) -> Commands:
        """Answer, and read nothing more."""
        head = next(step for step in steps if isinstance(step, Head))
        logger.debug("refused a request by its head: %d", head.status)
        fields = http.Headers([(name.encode(), value.encode()) for name, value in head.headers])
        response = http.Response.make(head.status, b"".join(step.piece for step in steps if isinstance(step, Send)))
        response.headers = fields
        yield commands.SendData(self.conn, _assemble(response, response.raw_content or b""))
        self.state = self._read_no_more
        self._forget()
        yield commands.RequestWakeup(_SECONDS_TO_READ)

    def _read_no_more(self, event: events.Event) -> Commands:
        self._forget()
        if isinstance(event, events.ConnectionClosed):
            yield from self._close()

    def _close(self) -> Commands:
        self.state = self.done
        self._forget()
        yield commands.CloseConnection(self.conn)

    def _forget(self) -> None:
        self.buf = type(self.buf)()


class _InOnePiece:
    """Reads all of a body that has come as one piece: each event, for a chunk of one byte, too, takes mitmproxy long.

    Trailers after the last chunk are dropped (RFC 9110, 6.5.1); mitmproxy fails to read them.
    """

    def __init__(self, reader: Any) -> None:  # noqa: ANN401 - h11's, of any kind
        self._reader = reader
        self._end: object = None
        self.read_eof = reader.read_eof

    def __call__(self, received: object) -> object:
        pieces: list[bytes] = []
        event = None
        while self._end is None and (read := self._reader(received)) is not None:
            if hasattr(read, "data"):
                event = read
                pieces.append(read.data)
            else:
                self._end = type(read)()
        if event is None:
            return self._end
        return event if len(pieces) == 1 else type(event)(data=b"".join(pieces))


def _assemble(response: http.Response, body: bytes) -> bytes:
    data = response.data
    lines = b"".join([b"%b: %b\r\n" % field for field in data.headers.fields])
    head = b"%b %d %b\r\n%b\r\n" % (data.http_version, data.status_code, data.reason, lines)
    if "chunked" in data.headers.get("transfer-encoding", "").lower():
        return b"%s%x\r\n%s\r\n0\r\n\r\n" % (head, len(body), body) if body else head + b"0\r\n\r\n"
    return head + body


class Http2(Http2Server):
    """HTTP/2, which also reports when a client's windows admit the bytes that waited."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._waiting: dict[int, asyncio.Future[bool]] = {}
        self._begun = 0
        """Requests since others had their turn."""

    def holds(self, stream: int) -> bool:
        """Whether something of a stream waits for its window."""
        return bool(self.h2_conn.stream_buffers.get(stream))

    def wait_until_empty(self, stream: int) -> asyncio.Future[bool]:
        """Return what is done once nothing waits any more: whether it was sent, and not dropped with the stream."""
        return self._waiting.setdefault(stream, asyncio.get_running_loop().create_future())

    @override
    def handle_h2_event(self, event: h2.events.Event) -> layer.CommandGenerator[bool]:
        if isinstance(event, h2.events.RequestReceived):
            self._begun += 1
            if self._begun > _BEGUN_AT_ONCE:
                # Many may come in one piece, and others would wait for all their answers.
                self._begun = 0
                yield LlemulatorTurnHook(self.conn)
        if isinstance(event, h2.events.StreamReset):
            self._tell(event.stream_id, sent=False)
        elif isinstance(event, h2.events.ConnectionTerminated):
            self._tell(*self._waiting, sent=False)
        return (yield from super().handle_h2_event(event))

    def _tell(self, *streams: int, sent: bool) -> None:
        for stream in streams:
            waiting = self._waiting.pop(stream, None)
            if waiting is not None and not waiting.done():
                waiting.set_result(sent)

    @override
    def _handle_event(self, event: events.Event) -> Commands:
        if not isinstance(event, WholeResponse):
            if isinstance(event, events.DataReceived):
                self._begun = 0
            yield from super()._handle_event(event)
            if self._waiting:
                gone = isinstance(event, events.ConnectionClosed)
                self._tell(*(each for each in self._waiting if gone or not self.holds(each)), sent=not gone)
            return
        if not self.is_open_for_us(event.stream_id):
            return
        headers = yield from format_h2_response_headers(self.context, ResponseHeaders(event.stream_id, event.response))
        self.h2_conn.send_headers(event.stream_id, headers, end_stream=not event.body)
        if event.body:
            self.h2_conn.send_data(event.stream_id, event.body)
            self.h2_conn.end_stream(event.stream_id)
        yield commands.SendData(self.conn, self.h2_conn.data_to_send())

    def is_idle(self) -> bool:
        """Whether no request on the connection is still being answered."""
        return not (self.h2_conn.open_inbound_streams or self._waiting)

    def go_away(self) -> bytes:
        """Return the bytes that tell the client to open another connection."""
        self.h2_conn.close_connection(ErrorCodes.NO_ERROR)
        return self.h2_conn.data_to_send()
