"""A body in chunks, read as far as it has come at once: h11 makes an event of each, and tiny ones take it very long."""

import re
from typing import Any, Never

from h11 import Data, EndOfMessage, RemoteProtocolError

_LINE = re.compile(rb"([0-9A-Fa-f]{1,20})(?:[ \t]*;[^\r\n\0]*)?[ \t]*\r\n")
"""The size of a chunk and its extensions, which nobody wants (RFC 9112, 7.1)."""
_END = b"\r\n"


class Chunks:
    """Reads as h11's reader does, from the same buffer, and raises the same where a body is not in chunks."""

    def __init__(self) -> None:
        self._left = 0
        """Bytes of the chunk that are still to come, with the end of its last line."""
        self._in_trailers = False

    def __call__(self, received: Any) -> Data | EndOfMessage | None:  # noqa: ANN401 - h11's buffer
        """Return the bytes of all chunks that have come, or the end; None: more is to come first."""
        if not self._in_trailers and (body := self._read(received)):
            return Data(data=body)
        if self._in_trailers and received.maybe_extract_lines() is not None:
            return EndOfMessage()
        return None

    def _read(self, received: Any) -> bytes:  # noqa: ANN401
        came = bytes(received)
        have, at, pieces = len(came), 0, list[bytes]()
        while at < have:
            if not self._left:
                at = _read_whole(came, at, pieces)
                line = _LINE.match(came, at)
                if line is None:
                    _check_goes_on(came, at)
                    break
                at = line.end()
                size = int(line[1], 16)
                if not size:
                    self._in_trailers = True
                    break
                self._left = size + len(_END)
            start, at = at, min(have, at + self._left)
            self._left -= at - start
            ended = len(_END) - self._left if self._left < len(_END) else 0
            # What has come of the line's end, as much of it as belongs to this piece.
            ended = min(ended, at - start)
            if ended:
                first = len(_END) - self._left - ended
                if came[at - ended : at] != _END[first : first + ended]:
                    raise RemoteProtocolError("a chunk is not as long as it says")
            if at - ended > start:
                pieces.append(came[start : at - ended])
        received.maybe_extract_at_most(at)
        return b"".join(pieces)

    def read_eof(self) -> Never:
        """Say that a body ended too early."""
        raise RemoteProtocolError("the client closed the connection before the last chunk")


def _read_whole(came: bytes, at: int, pieces: list[bytes]) -> int:
    """Read the chunks that have come whole, and return where they end: this is all that is done for most of them."""
    match = _LINE.match
    while (line := match(came, at)) is not None and (size := int(line[1], 16)):
        start = line.end()
        end = start + size
        if came[end : end + 2] != _END:
            break
        pieces.append(came[start:end])
        at = end + 2
    return at


def _check_goes_on(came: bytes, at: int) -> None:
    """Raise where a chunk's line is there and no such line."""
    if came.find(_END, at) >= 0:
        raise RemoteProtocolError("illegal line before a chunk")
