"""Responses that are played from steps."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, assert_never

from mitmproxy import http
from mitmproxy.net.http import status_codes
from mitmproxy.net.http.http1 import expected_http_body_size
from mitmproxy.proxy import commands

from llemulator_addon.adapters.websocket.connection import WebSocketConnection, WebSocketLine
from llemulator_addon.core.outcome import Ending
from llemulator_addon.core.rest import Rest
from llemulator_addon.core.steps import Cut, Head, Headers, Send, Step, Steps, Wait

SOON = 0.0005
"""Seconds. A step that is due so soon is played at once: a wake-up would come no earlier."""

_OF_ONE_CONNECTION = (b"connection", b"keep-alive", b"proxy-connection", b"transfer-encoding", b"upgrade")
"""Headers that HTTP/2 forbids (RFC 9113, 8.2.2)."""


class Played(http.Response):
    """A response that is played from steps."""

    steps: Steps = ()
    body: bytes = b""
    """Of these steps, as they were made."""
    at_once: bool = True
    """Whether it is a head and a body that follows at once."""
    rest: Rest | None = None
    """Where the steps behind these come from."""
    converse: Callable[[WebSocketLine], WebSocketConnection] | None = None
    """Begins what is spoken by WebSocket from here on."""


def make_played(steps: Steps, request: http.Request) -> Played:
    """Return the response that plays these steps as an answer to a request."""
    head = next((step for step in steps if isinstance(step, Head)), Head(status_codes.BAD_GATEWAY))
    bare = _is_bare(head, request)
    body = b"" if bare else b"".join([step.piece for step in steps if isinstance(step, Send)])
    # Not by their constructors, which check the type of each field: that takes longer than all the rest.
    response, data, fields = Played.__new__(Played), http.ResponseData.__new__(http.ResponseData), http.Headers()
    response.data = data
    fields.fields = _frame(head.headers, request, bare=bare)
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
    response.at_once = not any(map(_takes_time, response.steps)) and (bare or _is_of_size(len(body), head.headers))
    return response


def _takes_time(step: Step) -> bool:
    """Whether the steps before this one may not leave together with it."""
    match step:
        case Send():
            return step.alone
        case Wait() | Cut():
            return True
        case Head():
            return False
        case _:
            assert_never(step)


def make_begun(steps: Steps, rest: Rest, request: http.Request) -> Played:
    """Return the response that plays these steps, a head among them, and then the rest as it comes."""
    response = make_played(steps, request)
    if not _is_bare(Head(response.status_code), request):
        response.rest, response.at_once = rest, False
        # No piece of what is sent in time is needed twice.
        response.data.content = response.body = b""
    return response


def read_steps(response: http.Response, body: bytes) -> Steps:
    """Return the steps that send a response: its own, where no addon put another body in their place."""
    if isinstance(response, Played) and response.body is body:
        return response.steps
    return (Head(response.status_code), Send(body))


def is_missized(playing: "Playing", request: http.Request, response: http.Response) -> bool:
    """Whether the client took more or less than the head says."""
    try:
        size = expected_http_body_size(request, response)
    except ValueError:
        return True
    return size not in {None, -1, playing.bytes_sent}


def _is_of_size(size: int, headers: Headers) -> bool:
    return all(value == str(size) for name, value in headers if name.lower() == "content-length")


def _is_bare(head: Head, request: http.Request) -> bool:
    """Whether the answer can have no body (RFC 9110, 6.4.1)."""
    return request.method == "HEAD" or head.status in {204, 304} or head.status < status_codes.OK


def _frame(headers: Headers, request: http.Request, *, bare: bool) -> tuple[tuple[bytes, bytes], ...]:
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


@dataclass
class LlemulatorRestHook(commands.StartHook):
    """Waits until more of an answer has come. Only the stream that plays it waits."""

    rest: Rest


@dataclass(slots=True)
class Playing:
    """How far the playing of one answer is. WebSocketTimes are in seconds of the monotonic clock."""

    steps: Steps
    due: float
    """When the step at `position` is to be played, as it was planned."""
    position: int = 0
    headed: float | None = None
    rest: Rest | None = None
    """Where more steps come from, once these are played."""
    is_told: bool = False
    """Whether addons were given the whole answer already."""
    bytes_sent: int = 0
    """The bytes that the client took."""
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
        return self.position == len(self.steps) and self.due <= time.monotonic() + SOON

    def since_head(self) -> float:
        """Return how long ago the head left; 0 if it has not."""
        return 0.0 if self.headed is None else time.monotonic() - self.headed
