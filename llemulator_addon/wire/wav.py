"""WAV files read as the sound that voice applications use: one channel of 16 bits, 24 000 samples a second."""

from array import array
from functools import cache
from math import gcd
from struct import error, unpack_from

from llemulator_addon.wire.audio_lengths import list_chunks

RATE = 24_000
_PCM, _A_LAW, _MU_LAW, _EXTENSIBLE = 1, 6, 7, 0xFFFE
_BITS = {_PCM: 16, _A_LAW: 8, _MU_LAW: 8}
_MOST_HERTZ = 192_000
_IS_BIG = array("h", (1,)).tobytes() == b"\0\1"
"""Whether the machine has the high byte of a number first."""


def is_wav(content: bytes) -> bool:
    """Whether a file says that it is one."""
    return content[:4] == b"RIFF" and content[8:12] == b"WAVE"


def read_wav(content: bytes) -> bytes | None:
    """Return the samples of a WAV file, little endian; None for any other file, and for other codecs.

    Of several channels the first is taken. Another rate is reached by leaving samples out, or repeating them.
    """
    if not is_wav(content):
        return None
    chunks = list_chunks(content)
    at, size = chunks.get(b"data", (0, 0))
    try:
        codec, channels, hertz, bits = _read_format(content, chunks[b"fmt "][0])
    except (error, KeyError):
        return None
    if _BITS.get(codec) != bits or not channels or not 0 < hertz <= _MOST_HERTZ or not at:
        return None
    data = content[at : at + size]
    samples = array("h", _decode(data, codec) if codec != _PCM else data[: len(data) // 2 * 2])
    if _IS_BIG:
        samples.byteswap()
    changed = _change_rate(samples[::channels], hertz)
    if _IS_BIG:
        changed.byteswap()
    return changed.tobytes()


def _read_format(content: bytes, at: int) -> tuple[int, int, int, int]:
    codec, channels, hertz, _, _, bits = unpack_from("<HHIIHH", content, at)
    if codec == _EXTENSIBLE:
        (codec,) = unpack_from("<H", content, at + 24)
    return codec, channels, hertz, bits


def _decode(data: bytes, codec: int) -> bytes:
    """Return the samples of G.711."""
    return b"".join(map(_decode_all(codec).__getitem__, data))


@cache
def _decode_all(codec: int) -> tuple[bytes, ...]:
    decode = _decode_mu if codec == _MU_LAW else _decode_a
    return tuple(decode(code).to_bytes(2, "little", signed=True) for code in range(256))


def _decode_mu(code: int) -> int:
    """Decode the µ-law (ITU-T G.711)."""
    code = ~code & 0xFF
    size = ((code & 15) << 3) + 132 << (code >> 4 & 7)
    return 132 - size if code & 0x80 else size - 132


def _decode_a(code: int) -> int:
    """Decode the A-law (ITU-T G.711)."""
    code ^= 0x55
    exponent, size = code >> 4 & 7, (code & 15) << 4
    size = size + 8 if exponent == 0 else size + 264 << exponent - 1
    return size if code & 0x80 else -size


def _change_rate(samples: "array[int]", hertz: int) -> "array[int]":
    if hertz == RATE:
        return samples
    common = gcd(RATE, hertz)
    made, of = RATE // common, hertz // common
    changed = array("h", bytes(2 * (len(samples) * made // of)))
    # The samples of a position within a group of `made` are `of` apart in the file: each position is one copy.
    for position in range(min(made, len(changed))):
        count = -(-(len(changed) - position) // made)
        changed[position::made] = samples[position * of // made :: of][:count]
    return changed
