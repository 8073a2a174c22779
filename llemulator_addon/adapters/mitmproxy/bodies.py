"""Request bodies: how much memory they may take together, and what they are without their content coding."""

import zlib
from collections.abc import Callable, Iterator, Mapping
from io import BytesIO
from typing import override

import zstandard

from llemulator_addon.live.room import Room, Share

_GZIP_OR_ZLIB = zlib.MAX_WBITS | 32
"""Let zlib find out which of the two it is."""


SMALL = 64 << 10
"""Bytes of a body that always has room: however many large ones are under way, ordinary requests go on."""


class Bodies(Room):
    """Room for all bodies that are received, unpacked or decided about.

    Who finds none does not wait: bodies of which each has come in part would wait for each other.
    """

    def share(self) -> "BodyShare":
        """Begin with one more body."""
        return BodyShare(self)


class BodyShare(Share):
    """The room of one body."""

    __slots__ = ()

    @override
    def grow_to(self, size: int) -> bool:
        return size <= SMALL or super().grow_to(size)


class BodyTooLarge(Exception):
    """The body is larger than the limit once it is unpacked."""


class NotInCoding(Exception):
    """The body is not in the coding that its head names."""


class NoRoom(Exception):
    """The bodies of others leave no room for this one once it is unpacked."""


def decode(body: bytes, coding: str, *, limit: int, grow_to: Callable[[int], bool] = lambda _: True) -> bytes:
    """Return the body unpacked; as it is, where the coding is unknown or there is no body.

    Raises NotInCoding. Never makes more than `limit` bytes; raises BodyTooLarge. `grow_to` says whether there is room
    for a size; where not, raises NoRoom.
    """
    unpack = _UNPACKERS.get(coding.strip().lower())
    if unpack is None:
        return body
    unpacked = BytesIO()
    try:
        for piece in unpack(body):
            size = unpacked.tell() + len(piece)
            if size > limit:
                raise BodyTooLarge
            if not grow_to(size):
                raise NoRoom
            unpacked.write(piece)
    except (zlib.error, zstandard.ZstdError):
        raise NotInCoding from None
    return unpacked.getvalue()


def _inflate(body: bytes) -> Iterator[bytes]:
    unpacker = zlib.decompressobj(_GZIP_OR_ZLIB)
    for start in range(0, len(body), _PACKED):
        packed = body[start : start + _PACKED]
        while packed and not unpacker.eof:
            yield unpacker.decompress(packed, _PIECE)
            packed = unpacker.unconsumed_tail


def _unpack_zstd(body: bytes) -> Iterator[bytes]:
    with zstandard.ZstdDecompressor().stream_reader(body) as reader:
        while piece := reader.read(_PIECE):
            yield piece


_PACKED = 64 << 10
"""Bytes that are looked at at once: what is left of them is copied."""
_PIECE = 1 << 20
"""Bytes that are unpacked at once."""
_UNPACKERS: Mapping[str, Callable[[bytes], Iterator[bytes]]] = {
    "gzip": _inflate,
    "x-gzip": _inflate,
    "deflate": _inflate,
    "zstd": _unpack_zstd,
}
