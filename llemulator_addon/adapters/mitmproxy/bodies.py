"""Request bodies: how much memory they may take together, and what they are without their content coding."""

import zlib
from collections.abc import Callable, Mapping
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


class TooLarge(Exception):
    """The body is larger than the limit once it is unpacked."""


def decode(body: bytes, coding: str, *, limit: int) -> bytes:
    """Return the body unpacked; as it is, where the coding is unknown or the body is not in it.

    Never makes more than `limit` bytes; raises TooLarge.
    """
    unpack = _UNPACKERS.get(coding.strip().lower())
    if unpack is None:
        return body
    try:
        unpacked = unpack(body, limit + 1)
    except (zlib.error, zstandard.ZstdError):
        return body
    if len(unpacked) > limit:
        raise TooLarge
    return unpacked


def _inflate(body: bytes, most: int) -> bytes:
    return zlib.decompressobj(_GZIP_OR_ZLIB).decompress(body, most)


def _unpack_zstd(body: bytes, most: int) -> bytes:
    with zstandard.ZstdDecompressor().stream_reader(body) as reader:
        return reader.read(most)


_UNPACKERS: Mapping[str, Callable[[bytes, int], bytes]] = {
    "gzip": _inflate,
    "x-gzip": _inflate,
    "deflate": _inflate,
    "zstd": _unpack_zstd,
}
