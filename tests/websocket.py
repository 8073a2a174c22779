"""Frames of WebSocket as a client makes and reads them, and the cases that a server must treat right (RFC 6455, 7692).

The cases are those of the Autobahn test suite, by its sections, without its thousands of sizes.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

TEXT, BINARY, MORE, CLOSE, PING, PONG = 1, 2, 0, 8, 9, 10
_MASK = b"\x37\xfa\x21\x3d"
_SHORT, _MIDDLE = 126, 1 << 16


class Frame(NamedTuple):
    """A frame that a server sent."""

    opcode: int
    payload: bytes
    ends: bool = True
    is_packed: bool = False
    size: int = 0
    """Bytes, with its head."""


def frame(  # noqa: PLR0913 - what a frame has
    opcode: int,
    payload: bytes = b"",
    *,
    ends: bool = True,
    reserved: int = 0,
    masked: bool = True,
    length: int | None = None,
) -> bytes:
    """Spell a client's frame; `length` is what it says that its payload has, in as few bytes as that needs."""
    size = len(payload) if length is None else length
    first = bytes([ends << 7 | reserved << 4 | opcode])
    bit = masked << 7
    if size < _SHORT:
        head = first + bytes([bit | size])
    elif size < _MIDDLE:
        head = first + bytes([bit | 126]) + struct.pack("!H", size)
    else:
        head = first + bytes([bit | 127]) + struct.pack("!Q", size)
    if not masked:
        return head + payload
    return head + _MASK + bytes(byte ^ _MASK[at % 4] for at, byte in enumerate(payload))


def closing(code: int, reason: bytes = b"") -> bytes:
    """Spell a close frame."""
    return frame(CLOSE, struct.pack("!H", code) + reason)


def pack(payload: bytes) -> bytes:
    """Compress a message."""
    packer = zlib.compressobj(wbits=-15)
    return (packer.compress(payload) + packer.flush(zlib.Z_SYNC_FLUSH))[:-4]


def read_frames(sent: bytes) -> Iterator[Frame]:
    """Read frames of a server: none is masked. What is not whole is left."""
    at = 0
    while len(sent) - at >= 2:
        first, size = sent[at], sent[at + 1] & 127
        start = at + 2
        if size == 126:
            (size,) = struct.unpack_from("!H", sent, start)
            start += 2
        elif size == 127:
            (size,) = struct.unpack_from("!Q", sent, start)
            start += 8
        if len(sent) < start + size:
            return
        yield Frame(first & 15, sent[start : start + size], bool(first & 128), bool(first & 64), start + size - at)
        at = start + size


def code_of(closed: Frame) -> int | None:
    """Return the code of a close frame."""
    return struct.unpack("!H", closed.payload[:2])[0] if closed.payload else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What a client sends, and what it gets."""

    sends: bytes
    messages: tuple[bytes, ...] = ()
    """What the server hears."""
    pongs: tuple[bytes, ...] = ()
    closed: int | Literal["no"] | None = "no"
    """The code with which the server closes; None: without a code."""
    deflate: bool = False


_UTF8 = "Hello-µ@ßöäüàá-UTF-8!!".encode()
_BROKEN = b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80edited"

CASES: dict[str, Case] = {
    **{
        f"1: a {kind} message of {size} bytes": Case(sends=frame(opcode, b"*" * size), messages=(b"*" * size,))
        for kind, opcode in (("text", TEXT), ("binary", BINARY))
        for size in (0, 1, 125, 126, 127, 128, 65_535, 65_536, 100_000)
    },
    "2: a ping without a payload": Case(sends=frame(PING), pongs=(b"",)),
    "2: a ping with a payload": Case(sends=frame(PING, b"Hello"), pongs=(b"Hello",)),
    "2: a ping with bytes that are no text": Case(sends=frame(PING, b"\x00\xff\xfe"), pongs=(b"\x00\xff\xfe",)),
    "2: a ping of 125 bytes": Case(sends=frame(PING, b"\xfe" * 125), pongs=(b"\xfe" * 125,)),
    "2: a ping of 126 bytes": Case(sends=frame(PING, b"\xfe" * 126), closed=1002),
    "2: ten pings at once": Case(
        sends=b"".join(frame(PING, b"%d" % number) for number in range(10)),
        pongs=tuple(b"%d" % number for number in range(10)),
    ),
    "2: a pong that nobody asked for": Case(sends=frame(PONG, b"unsolicited") + frame(PING, b"1"), pongs=(b"1",)),
    **{
        f"3: reserved bits {bits}": Case(
            sends=frame(TEXT, b"a") + frame(TEXT, b"b", reserved=bits), messages=(b"a",), closed=1002
        )
        for bits in (1, 2, 3, 4, 5, 6, 7)
    },
    "3: a reserved bit of a ping": Case(sends=frame(PING, reserved=4), closed=1002),
    "3: a reserved bit of a close": Case(sends=frame(CLOSE, reserved=4), closed=1002),
    **{
        f"4: the reserved opcode {opcode}": Case(
            sends=frame(TEXT, b"a") + frame(opcode, b"b"), messages=(b"a",), closed=1002
        )
        for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)
    },
    "5: a ping in two fragments": Case(sends=frame(PING, b"a", ends=False) + frame(MORE, b"b"), closed=1002),
    "5: a close in two fragments": Case(sends=frame(CLOSE, ends=False) + frame(MORE), closed=1002),
    "5: a text in two fragments": Case(
        sends=frame(TEXT, b"one ", ends=False) + frame(MORE, b"two"), messages=(b"one two",)
    ),
    "5: a ping between two fragments": Case(
        sends=frame(TEXT, b"one ", ends=False) + frame(PING, b"p") + frame(MORE, b"two"),
        messages=(b"one two",),
        pongs=(b"p",),
    ),
    "5: a continuation of nothing": Case(sends=frame(MORE, b"lost"), closed=1002),
    "5: a continuation of nothing that goes on": Case(sends=frame(MORE, b"lost", ends=False), closed=1002),
    "5: a text within a text": Case(sends=frame(TEXT, b"a", ends=False) + frame(TEXT, b"b"), closed=1002),
    "5: a binary message within a text": Case(sends=frame(TEXT, b"a", ends=False) + frame(BINARY, b"b"), closed=1002),
    "5: fragments without bytes": Case(
        sends=frame(TEXT, ends=False) + frame(MORE, ends=False) + frame(MORE), messages=(b"",)
    ),
    "5: a thousand fragments": Case(
        sends=frame(BINARY, b"x", ends=False) + frame(MORE, b"x", ends=False) * 998 + frame(MORE, b"x"),
        messages=(b"x" * 1000,),
    ),
    "6: valid UTF-8": Case(sends=frame(TEXT, _UTF8), messages=(_UTF8,)),
    "6: a character over two fragments": Case(
        sends=frame(TEXT, _UTF8[:7], ends=False) + frame(MORE, _UTF8[7:]), messages=(_UTF8,)
    ),
    "6: each byte in a fragment": Case(
        sends=frame(TEXT, ends=False)
        + b"".join(frame(MORE, bytes([byte]), ends=False) for byte in _UTF8)
        + frame(MORE),
        messages=(_UTF8,),
    ),
    "6: half of a surrogate pair": Case(sends=frame(TEXT, _BROKEN), closed=1007),
    "6: what is no UTF-8 in a second fragment": Case(
        sends=frame(TEXT, b"ok", ends=False) + frame(MORE, b"\xff"), closed=1007
    ),
    "6: what is no UTF-8, before its end": Case(sends=frame(TEXT, b"\xff", ends=False), closed=1007),
    "6: a text that ends within a character": Case(sends=frame(TEXT, _UTF8[:7]), closed=1007),
    "6: an overlong form": Case(sends=frame(TEXT, b"\xc0\xaf"), closed=1007),
    "6: a code point above the last": Case(sends=frame(TEXT, b"\xf4\x90\x80\x80"), closed=1007),
    "6: what is no UTF-8 is right in a binary message": Case(sends=frame(BINARY, b"\xff\xfe"), messages=(b"\xff\xfe",)),
    "7: a close without a code": Case(sends=frame(CLOSE), closed=None),
    "7: what follows a close is ignored": Case(sends=closing(1000) + frame(TEXT, b"late") + frame(PING), closed=1000),
    "7: a close within a message": Case(sends=frame(TEXT, b"a", ends=False) + closing(1000), closed=1000),
    "7: a close of one byte": Case(sends=frame(CLOSE, b"\x03"), closed=1002),
    "7: a close with a reason": Case(sends=closing(1000, b"done"), closed=1000),
    "7: a close with the longest reason": Case(sends=closing(1000, b"*" * 123), closed=1000),
    "7: a close with a reason that is too long": Case(sends=closing(1000, b"*" * 124), closed=1002),
    "7: a close whose reason is no UTF-8": Case(sends=closing(1000, _BROKEN), closed=1007),
    **{
        f"7: the code {code}": Case(sends=closing(code), closed=code)
        for code in (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999)
    },
    **{
        f"7: the wrong code {code}": Case(sends=closing(code), closed=1002)
        for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535)
    },
    "a frame that is not masked": Case(sends=frame(TEXT, b"a", masked=False), closed=1002),
    "a length in more bytes than it needs": Case(sends=b"\x81\xfe\x00\x01" + b"\x00" * 4 + b"a", closed=1002),
    "a length of 2^63": Case(sends=b"\x81\xff" + b"\x80" + b"\x00" * 7 + b"\x00" * 4, closed=1002),
    "12: a compressed message": Case(
        sends=frame(TEXT, pack(b"Hello " * 100), reserved=4), messages=(b"Hello " * 100,), deflate=True
    ),
    "12: a message that is not compressed": Case(sends=frame(TEXT, b"plain"), messages=(b"plain",), deflate=True),
    "12: a compressed message in fragments": Case(
        sends=frame(TEXT, pack(b"Hello")[:3], ends=False, reserved=4) + frame(MORE, pack(b"Hello")[3:]),
        messages=(b"Hello",),
        deflate=True,
    ),
    "12: a compressed message of no bytes": Case(sends=frame(TEXT, b"\x00", reserved=4), messages=(b"",), deflate=True),
    "12: a later fragment that says it is compressed": Case(
        sends=frame(TEXT, b"a", ends=False) + frame(MORE, b"b", reserved=4), closed=1002, deflate=True
    ),
    "12: a ping that says it is compressed": Case(sends=frame(PING, b"a", reserved=4), closed=1002, deflate=True),
    "12: bytes that are not compressed": Case(
        sends=frame(TEXT, b"\xff\xff\xff", reserved=4), closed=1007, deflate=True
    ),
    "12: compressed bytes that are no UTF-8": Case(
        sends=frame(TEXT, pack(b"\xff"), reserved=4), closed=1007, deflate=True
    ),
}
"""By the section of Autobahn, where it has one."""
