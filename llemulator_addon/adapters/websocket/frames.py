"""The server's side of a WebSocket connection, without I/O: bytes in, messages out, and back (RFC 6455).

wsproto reads and writes the frames. Here are the bounds, the answers to control frames, and the end.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from wsproto.connection import Connection, ConnectionState, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Event, Ping, TextMessage
from wsproto.frame_protocol import CloseReason

from llemulator_addon.adapters.websocket.deflate import Deflate

LOST = 1006
"""For a connection that ended without a close frame (RFC 6455, 7.4.1)."""


class ReceivedMessage(NamedTuple):
    """A whole message."""

    content: bytes
    """Of a text, its UTF-8."""
    is_text: bool


class Closing(NamedTuple):
    """The end of a connection."""

    code: int
    reason: str
    by_client: bool


class Frames:
    """Not a value: the frames of one connection. Once `closing` is set, no message comes or goes any more."""

    def __init__(
        self, *, deflate: Deflate | None = None, most_bytes: int, grow_to: Callable[[int], bool] = lambda _: True
    ) -> None:
        """Take the size of a message at most, and who says whether there is room for one of a size."""
        self._connection = Connection(ConnectionType.SERVER, [deflate] if deflate is not None else [])
        self._most = most_bytes
        self._grow_to = grow_to
        self._message = bytearray()
        """The message that is under way, as far as it has come."""
        self._outgoing: list[bytes] = []
        self.parts_read = 0
        """How many frames came, or parts of them."""
        self.closing: Closing | None = None
        self.is_over = False
        """Whether both sides closed, so that nobody waits for anything."""
        self._is_deaf = False
        """Whether what comes is dropped: it can no longer be understood, or is not wanted."""

    def receive(self, received: bytes) -> Iterator["ReceivedMessage"]:
        """Read bytes; yield the messages that end in them. `take_outgoing` has the frames that answer them."""
        if self._hears_nothing():
            return
        self._connection.receive_data(received)
        for event in self._connection.events():
            self.parts_read += 1
            yield from self._read(event)
            if self._hears_nothing():
                return

    def _hears_nothing(self) -> bool:
        return self._is_deaf or self.is_over

    def _read(self, event: Event) -> Iterator["ReceivedMessage"]:
        match event:
            case TextMessage() | BytesMessage() if self.closing is None:
                if (message := self._gather(event)) is not None:
                    yield message
            case Ping() if self.closing is None:
                self._outgoing.append(self._connection.send(event.response()))
            case CloseConnection():
                self._read_close(event)
            case _:
                pass

    def _gather(self, event: TextMessage | BytesMessage) -> "ReceivedMessage | None":
        part = event.data.encode() if isinstance(event.data, str) else event.data
        size = len(self._message) + len(part)
        if size > self._most:
            self._refuse(CloseReason.MESSAGE_TOO_BIG, f"a message has at most {self._most} bytes")
            return None
        if not self._grow_to(size):
            self._refuse(CloseReason.TRY_AGAIN_LATER, "no room for this message")
            return None
        self._message += part
        if not event.message_finished:
            return None
        message, self._message = bytes(self._message), bytearray()
        return ReceivedMessage(message, isinstance(event, TextMessage))

    def _refuse(self, code: int, reason: str) -> None:
        """Close, and read no more: what the client still sends of its message is not wanted."""
        self.close(code, reason)
        self._is_deaf = True

    def _read_close(self, event: CloseConnection) -> None:
        # wsproto tells of what is no WebSocket as if the client had closed.
        by_client = self._connection.state in {ConnectionState.REMOTE_CLOSING, ConnectionState.CLOSED}
        if self._connection.state in {ConnectionState.OPEN, ConnectionState.REMOTE_CLOSING}:
            self._outgoing.append(self._connection.send(event.response()))
        if self.closing is None:
            self.closing = Closing(int(event.code), event.reason or "", by_client)
        self._message = bytearray()
        self.is_over, self._is_deaf = by_client, True

    def send(self, text: str, *, ends: bool = True) -> bytes:
        """Return the frame of a text message, or of a part of one; nothing after the end."""
        if self.closing is not None:
            return b""
        return self._connection.send(TextMessage(data=text, message_finished=ends))

    def ping(self) -> bytes:
        """Return a ping; nothing after the end."""
        return b"" if self.closing is not None else self._connection.send(Ping())

    def close(self, code: int, reason: str = "") -> None:
        """Close, if that is not done. May be called again."""
        if self.closing is None:
            self.closing = Closing(code, reason, by_client=False)
            self._outgoing.append(self._connection.send(CloseConnection(code=code, reason=reason)))
            self._message = bytearray()

    def lose(self) -> None:
        """Note that the connection ended. May be called again."""
        if self.closing is None:
            self.closing = Closing(LOST, "", by_client=True)
        self.is_over = True
        self._message = bytearray()

    def take_outgoing(self) -> bytes:
        """Return what is to be sent, once."""
        outgoing, self._outgoing = b"".join(self._outgoing), []
        return outgoing
