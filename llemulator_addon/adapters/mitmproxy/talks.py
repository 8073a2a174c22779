"""Talks on WebSocket connections: what they ask is answered as requests of HTTP are."""

from collections.abc import Awaitable, Callable, Sequence

from llemulator_addon.adapters.mitmproxy.bodies import BodyShare
from llemulator_addon.adapters.websocket.connection import WebSocketConnection, WebSocketLine, WebSocketTimes
from llemulator_addon.adapters.websocket.deflate import Deflate
from llemulator_addon.adapters.websocket.frames import LOST, Frames
from llemulator_addon.adapters.websocket.talks import BegunAnswer, TalkListener
from llemulator_addon.core.outcome import Closed, Converse, Ending
from llemulator_addon.core.request import Request
from llemulator_addon.core.talk import TalkMessage
from llemulator_addon.wire.opening import open_talk


class TalkAnswering:
    """Not a value: asks for the answers of one talk, and counts its bytes among the bodies of requests."""

    def __init__(
        self,
        begin: Callable[[Request], Awaitable[BegunAnswer]],
        note_end: Callable[[Ending], None],
        note_messages: Callable[[Sequence[TalkMessage]], None],
        forget: Callable[[], None],
        share: BodyShare,
    ) -> None:
        self._begin = begin
        self._note_end = note_end
        self._note_messages = note_messages
        self._forget = forget
        self._share = share
        self._held = 0
        self.connection: WebSocketConnection | None = None

    async def begin(self, request: Request) -> BegunAnswer:
        """Decide about a request."""
        begun = await self._begin(request)
        if begun.exchange:
            self.note((TalkMessage(request.at, by_client=True, content=request.body, exchange=begun.exchange),))
        return begun

    def note(self, messages: Sequence[TalkMessage]) -> None:
        """Take note of messages that came or were sent."""
        self._note_messages(messages)

    def hold(self, size: int) -> None:
        """Count the bytes of requests that wait or are decided about."""
        self._held = size
        if not self._share.grow_to(size):
            self._share.grow_to(0)

    def grow_to(self, size: int) -> bool:
        """Whether there is room for a message that is under way, too."""
        return self._share.grow_to(self._held + size)

    def leave(self) -> None:
        """Let go of what was kept for the connection alone."""
        self._share.give_back()
        self._forget()
        if (connection := self.connection) is not None:
            self._note_end(_ending_of(connection))


def begin_talk(  # noqa: PLR0913 - what a talk is made of
    line: WebSocketLine,
    *,
    accepted: Converse,
    name: str,
    answering: TalkAnswering,
    deflate: Deflate | None,
    most_bytes: int,
    most_values: int,
    times: WebSocketTimes,
) -> WebSocketConnection:
    """Begin a talk on a connection that was accepted."""
    frames = Frames(deflate=deflate, most_bytes=most_bytes, grow_to=answering.grow_to)
    connection = answering.connection = WebSocketConnection(frames, line, times)
    talk = open_talk(accepted, name, most_bytes)
    connection.begin(TalkListener(talk, connection, answering, most_values))
    return connection


def _ending_of(connection: WebSocketConnection) -> Ending:
    closing = connection.frames.closing
    is_lost = closing is None or closing.code == LOST
    return Ending(
        how="cut" if connection.is_cut else "client_left" if is_lost else "whole",
        bytes_sent=connection.bytes_sent,
        sends=connection.messages_sent,
        seconds=connection.seconds_open,
        closed=None if closing is None or is_lost else Closed(*closing),
    )
