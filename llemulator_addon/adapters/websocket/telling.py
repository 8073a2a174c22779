"""A WebSocket connection on which only this program speaks: each `Send` of a `Rest` is one message."""

from llemulator_addon.adapters.websocket.connection import WebSocketConnection, WebSocketLine, WebSocketTimes
from llemulator_addon.adapters.websocket.frames import Frames
from llemulator_addon.core.rest import Rest
from llemulator_addon.core.steps import Send
from llemulator_addon.live.room import Share

_MOST_BYTES_HEARD = 64 << 10
"""Of a message of the client, which is read and forgotten."""
_OVER = 1000


def begin_telling(line: WebSocketLine, *, rest: Rest, share: Share, times: WebSocketTimes) -> WebSocketConnection:
    """Begin to speak on a connection that was accepted."""
    frames = Frames(deflate=None, most_bytes=_MOST_BYTES_HEARD, grow_to=share.grow_to)
    connection = WebSocketConnection(frames, line, times)
    connection.begin(_RestListener(connection, rest, share))
    return connection


class _RestListener:
    """A listener that forgets what it hears."""

    def __init__(self, connection: WebSocketConnection, rest: Rest, share: Share) -> None:
        self._connection = connection
        self._rest = rest
        self._share = share
        connection.start(self._tell())

    def hear(self, message: bytes) -> None:
        """Forget a message."""

    async def say_too_old(self) -> None:
        """Say nothing: the close says it."""

    def leave(self) -> None:
        """Let go of everything."""
        self._rest.leave()
        self._share.give_back()

    async def _tell(self) -> None:
        while True:
            await self._rest.more()
            steps = self._rest.take()
            if not steps:
                await self._connection.close(_OVER)
                return
            for step in steps:
                if isinstance(step, Send):
                    await self._connection.say(step.piece.decode())
