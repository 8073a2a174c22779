"""The frames that nearly all messages are: a whole text in one frame. They are read and written here without wsproto.

A voice application sends some twenty such messages a second on each connection, and gets as many.
"""

from typing import NamedTuple

_LONGEST_SHORT, _LONGEST_MIDDLE = 125, (1 << 16) - 1
_TWO_BYTES, _EIGHT_BYTES = 126, 127
_MASKED = 0x80
_CONTROL = 0x08
_ENDS = 0x80
TEXT, PACKED_TEXT = 0x81, 0xC1
"""The first byte of a text in one frame, and of one that is compressed (RFC 6455, 5.2; RFC 7692, 6)."""


class FrameHead(NamedTuple):
    """The head of a frame in bytes that were received."""

    first: int
    """The byte with its opcode."""
    start: int
    """Where its payload begins."""
    end: int
    """Where it ends."""
    is_usual: bool
    """Whether it is masked, and its length is spelled in as few bytes as it needs, and in less than eight."""

    @property
    def is_control(self) -> bool:
        """Whether it is no part of a message."""
        return bool(self.first & _CONTROL)

    @property
    def ends_message(self) -> bool:
        """Whether a message ends with it."""
        return bool(self.first & _ENDS)


def read_head(received: bytes, at: int) -> FrameHead | None:
    """Read the head of the frame that begins at a place; None if it has not come whole."""
    left = len(received) - at
    if left < 2:  # noqa: PLR2004 - each has two bytes
        return None
    first, second = received[at], received[at + 1]
    size, start, is_usual = second & 0x7F, at + 2, second >= _MASKED
    if size == _TWO_BYTES:
        start += 2
        size = int.from_bytes(received[at + 2 : start])
        is_usual = is_usual and size > _LONGEST_SHORT
    elif size == _EIGHT_BYTES:
        start += 8
        size, is_usual = int.from_bytes(received[at + 2 : start]), False
    if second >= _MASKED:
        start += 4
    return None if start - at > left else FrameHead(first, start, start + size, is_usual)


def read_payload(received: bytes, head: FrameHead) -> bytes:
    """Return the payload of a masked frame that has come whole (RFC 6455, 5.3)."""
    start, size = head.start, head.end - head.start
    keys = received[start - 4 : start] * (size // 4 + 1)
    masked = int.from_bytes(received[start : head.end])
    return (masked ^ int.from_bytes(keys[:size])).to_bytes(size)


def write_frame(first: int, payload: bytes) -> bytes:
    """Write a server's frame."""
    size = len(payload)
    if size <= _LONGEST_SHORT:
        return bytes((first, size)) + payload
    if size <= _LONGEST_MIDDLE:
        return bytes((first, _TWO_BYTES)) + size.to_bytes(2) + payload
    return bytes((first, _EIGHT_BYTES)) + size.to_bytes(8) + payload
