"""The tone of `audio.py` in formats that need a codec: one frame of each, repeated, so that any player plays it.

The frames were made once of a sine at a quarter of the full strength, whose swings fill a frame exactly, with Debian's
ffmpeg (LAME without a bit reservoir, its own AAC, libopus at a constant rate); each can be decoded without the others.
FLAC needs no codec: its samples may stand as they are.
"""

from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from itertools import batched
from math import ceil
from struct import pack

from llemulator_addon.wire.audio_marks import spell_comment, tag

_MP3 = bytes.fromhex(
    "fff344c4000b582e1d740dbe20f086248844f942245419ee8b16199590af648c85ad6f6721c97c9f2121f4512147ffd3453d34fff4d12345"
    "1232098829a8a665c62606"
).ljust(96, b"\0")
_MP3_SECONDS = 576 / 24_000
_AAC = bytes.fromhex(
    "fff1584010bffc00fa3490b673e95d6f39fff6fe3fcffe7f152f155e7759f1dd8be6ea4d95a80191639f1144ed734626f62eb3d412c84a9e"
    "5aa99751d3db2a5b2e5b5b49451ab6b6934b45a2a514a51a4ad4a7b1692a0aab5a2a56af655ad6828a29552b45153dca8a50aa8ad68ad028"
    "a52aa569554ad54ad15f715a52aad68555ad29ee9c"
)
_AAC_SECONDS = 1_024 / 24_000
_OPUS = bytes.fromhex("98ada4c6d3c57014e45a550046cbd0147f3aab228ab3d9370611f9dfda48345d2f49455ec4c09db9")
_OPUS_SECONDS = 0.02


def mp3(seconds: float, text: str) -> bytes:
    """Return MPEG-2 layer III, 24 kHz and 32 kbit/s, with a text in its tag."""
    return tag(text) + _MP3 * ceil(seconds / _MP3_SECONDS)


def aac(seconds: float, text: str) -> bytes:
    """Return AAC-LC in ADTS, 24 kHz, with a text in its tag."""
    return tag(text) + _AAC * ceil(seconds / _AAC_SECONDS)


# Opus in Ogg: RFC 7845 and RFC 3533 -----------------------------------------------------------------------------------


def opus(seconds: float, text: str) -> bytes:
    """Return Opus in Ogg, with a text among its comments."""
    packets = ceil(seconds / _OPUS_SECONDS + _PRE_SKIP / _PACKET)
    head = pack("<8sBBHIhB", b"OpusHead", 1, 1, _PRE_SKIP, 24_000, 0, 0)
    comment = spell_comment(text)
    tags = pack("<8sI10sII", b"OpusTags", 10, b"llemulator", 1, len(comment)) + comment
    pages = [(_BEGINS, 0, (head,)), (0, 0, (tags,)), *_sound(packets)]
    return b"".join(_page(number, *page) for number, page in enumerate(pages))


_PRE_SKIP = 312
_PACKET = 960
"""Samples of a packet, at the 48 kHz that Ogg counts Opus in."""
_PACKETS_OF_A_PAGE = 50
_BEGINS, _ENDS = 2, 4
_SERIAL = 1


def _sound(packets: int) -> Iterator[tuple[int, int, tuple[bytes, ...]]]:
    told = 0
    for page in batched((_OPUS,) * packets, _PACKETS_OF_A_PAGE):
        told += len(page)
        yield _ENDS if told == packets else 0, told * _PACKET, page


def _page(number: int, flags: int, position: int, packets: tuple[bytes, ...]) -> bytes:
    """Frame packets that fit into one page."""
    sizes = b"".join(b"\xff" * (len(packet) // 255) + bytes((len(packet) % 255,)) for packet in packets)
    head = pack("<4sBBQIIIB", b"OggS", 0, flags, position, _SERIAL, number, 0, len(sizes)) + sizes
    body = b"".join(packets)
    checked = remainder(head + body, OGG, 32).to_bytes(4, "little")
    return head[:22] + checked + head[26:] + body


# FLAC: RFC 9639 -------------------------------------------------------------------------------------------------------


def flac(samples: bytes, text: str) -> bytes:
    """Return samples of 16 bits and 24 kHz (little endian, one channel) as they are, in the frames of FLAC.

    A text is among its comments.
    """
    count = len(samples) // 2
    rate_channels_and_bits = (24_000 << 44) | (15 << 36) | count
    information = pack(">HH6xQ16x", _BLOCK, _BLOCK, rate_channels_and_bits)
    big_endian = bytearray(samples)
    big_endian[::2], big_endian[1::2] = samples[1::2], samples[::2]
    blocks = (bytes(big_endian[at : at + 2 * _BLOCK]) for at in range(0, len(samples), 2 * _BLOCK))
    frames = (_frame(number, block) for number, block in enumerate(blocks))
    comment = spell_comment(text)
    comments = pack("<I10sII", 10, b"llemulator", 1, len(comment)) + comment
    blocks_before = (b"\0\0\0\x22", information, b"\x84", len(comments).to_bytes(3), comments)
    return b"".join((b"fLaC", *blocks_before, *frames))


_BLOCK = 4_080
"""Samples of a frame: whole swings of the tone, so that all frames but the last have the same samples."""


@lru_cache(64)
def _frame(number: int, block: bytes) -> bytes:
    """Return a frame with one verbatim subframe; longer speech than 128 frames is not made."""
    head = pack(">HBBBH", 0xFFF8, 0x77, 0x08, number, len(block) // 2 - 1)
    frame = head + bytes([remainder(head, FLAC_HEAD, 8)]) + b"\x02" + block
    return frame + remainder(frame, FLAC, 16).to_bytes(2)


# Both -----------------------------------------------------------------------------------------------------------------

OGG, FLAC, FLAC_HEAD = 0x04C1_1DB7, 0x8005, 0x07
"""Generators of their checksums, which are neither reflected nor inverted."""


def remainder(content: Iterable[int], generator: int, bits: int) -> int:
    """Return a cyclic redundancy check."""
    table, mask, found = _table(generator, bits), (1 << bits) - 1, 0
    for byte in content:
        found = ((found << 8) & mask) ^ table[(found >> (bits - 8)) ^ byte]
    return found


@cache
def _table(generator: int, bits: int) -> tuple[int, ...]:
    mask = (1 << bits) - 1

    def entry(byte: int) -> int:
        found = byte << (bits - 8)
        for _ in range(8):
            found = ((found << 1) & mask) ^ (generator if found >> (bits - 1) else 0)
        return found

    return tuple(map(entry, range(256)))
