"""The server's side of a WebSocket connection, without I/O: bytes in, messages out, and back (RFC 6455).

wsproto reads what is no plain text in one frame, and writes control frames. Here are the bounds, the answers to control
frames, and the end.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from wsproto.connection import Connection, ConnectionState, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Event, Ping, TextMessage
from wsproto.frame_protocol import CloseReason

from llemulator_addon.adapters.websocket.deflate import Deflate
from llemulator_addon.adapters.websocket.plain_frames import (
    PACKED_TEXT,
    TEXT,
    FrameHead,
    read_head,
    read_payload,
    write_frame,
)

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
        self._deflate = deflate
        self._most = most_bytes
        self._grow_to = grow_to
        self._received = b""
        """Bytes that came and were not read."""
        self._left = 0
        """Bytes of a frame that wsproto reads and that are still to come."""
        self._in_message = False
        """Whether a message has begun whose last frame has not."""
        self._says_part = False
        """Whether a part of a message was sent, and more of it follows."""
        self._message = bytearray()
        """The message that is under way, as far as it has come."""
        self._outgoing: list[bytes] = []
        self.closing: Closing | None = None
        self.is_over = False
        """Whether both sides closed, so that nobody waits for anything."""
        self._is_deaf = False
        """Whether what comes is dropped: it can no longer be understood, or is not wanted."""
        self.has_more = False
        """Whether more frames can be read of what came."""

    def receive(self, received: bytes, most_frames: int | None = None) -> list["ReceivedMessage"]:
        """Read bytes; return the messages that end in them. `take_outgoing` has the frames that answer them.

        No more than this number of frames is read; `has_more` says whether to call again, with no bytes.
        """
        whole = self._received + received if self._received else received
        messages, at = list[ReceivedMessage](), 0
        while not (self._is_deaf or self.is_over) and at < len(whole):
            if most_frames is not None:
                if most_frames == 0:
                    self._received, self.has_more = whole[at:], True
                    return messages
                most_frames -= 1
            if not self._left:
                if (head := read_head(whole, at)) is None:
                    self._received, self.has_more = whole[at:], False
                    return messages
                if self._is_plain(head, len(whole)) and (content := self._read_plain(whole, head)) is not None:
                    messages += content
                    at = head.end
                    continue
                self._left = head.end - at
                self._in_message = self._in_message if head.is_control else not head.ends_message
            part = whole[at : at + self._left]
            at += len(part)
            self._left -= len(part)
            messages += self._read_by_wsproto(part)
        self._received, self.has_more = b"", False
        return messages

    def _is_plain(self, head: FrameHead, received: int) -> bool:
        """Whether a frame is a whole message and has come whole."""
        if self._in_message or not head.is_usual or head.end > received or self.closing is not None:
            return False
        return head.first == TEXT or (head.first == PACKED_TEXT and self._deflate is not None)

    def _read_plain(self, received: bytes, head: FrameHead) -> "tuple[ReceivedMessage, ...] | None":
        """Read a text in one frame; None if it is none, so that wsproto says what is wrong."""
        content = read_payload(received, head)
        if head.first == PACKED_TEXT and self._deflate is not None:
            unpacked = self._deflate.unpack_whole(content)
            if isinstance(unpacked, CloseReason):
                self._refuse(unpacked, "error in extension")
                return ()
            content = unpacked
        if not _is_text(content):
            if head.first == TEXT:
                return None
            self._refuse(CloseReason.INVALID_FRAME_PAYLOAD_DATA, "a text is UTF-8")
            return ()
        return (ReceivedMessage(content, is_text=True),) if self._has_room(len(content)) else ()

    def _read_by_wsproto(self, part: bytes) -> Iterator["ReceivedMessage"]:
        self._connection.receive_data(part)
        for event in self._connection.events():
            yield from self._read(event)
            if self._is_deaf or self.is_over:
                return

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
        if not self._has_room(len(self._message) + len(part)):
            return None
        self._message += part
        if not event.message_finished:
            return None
        message, self._message = bytes(self._message), bytearray()
        return ReceivedMessage(message, isinstance(event, TextMessage))

    def _has_room(self, size: int) -> bool:
        """Whether a message may be so large. Closes if not."""
        if size > self._most:
            self._refuse(CloseReason.MESSAGE_TOO_BIG, f"a message has at most {self._most} bytes")
        elif not self._grow_to(size):
            self._refuse(CloseReason.TRY_AGAIN_LATER, "no room for this message")
        else:
            return True
        return False

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

    def send(self, text: bytes, *, ends: bool = True) -> bytes:
        """Return the frame of a text message in UTF-8, or of a part of one; nothing after the end."""
        if self.closing is not None:
            return b""
        first = _MORE if self._says_part else _TEXT
        if self._deflate is not None:
            packs, text = self._deflate.pack(text, begins=not self._says_part, ends=ends)
            first |= _PACKED if packs and not self._says_part else 0
        self._says_part = not ends
        return write_frame(first | _ENDS if ends else first, text)

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


_MORE, _TEXT = 0x00, 0x01
_PACKED, _ENDS = 0x40, 0x80


def _is_text(content: bytes) -> bool:
    """Whether bytes are UTF-8."""
    if content.isascii():
        return True
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True
