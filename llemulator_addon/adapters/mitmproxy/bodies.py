"""Request bodies without their content coding. Some clients compress what they send."""

import zlib
from collections.abc import Callable, Mapping

import zstandard

_GZIP_OR_ZLIB = zlib.MAX_WBITS | 32
"""Let zlib find out which of the two it is."""


class TooLarge(Exception):
    """The body is larger than the limit once it is unpacked."""


def decoded(body: bytes, coding: str, *, limit: int) -> bytes:
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
