"""The text within speech that this program made, so that a transcription hears what was said.

In samples it is in the lowest bits, which nobody hears and which stay where a program puts the samples into a WAV file.
In the other formats it is a comment, as they have for the name of a song.
"""

from struct import pack, unpack_from

_MAGIC = b"llem"
_MARK = b"LLEMULATOR_TEXT="
_HEAD = len(_MAGIC) + 4
_LOWEST = bytes(b"01"[byte & 1] for byte in range(256))
_BITS = tuple(bytes(byte >> bit & 1 for bit in range(7, -1, -1)) for byte in range(256))
"""The bits of each byte, a byte each."""
_EVEN = b"\xfe"


def mark_samples(samples: bytes, text: str) -> bytes:
    """Put a text into samples of 16 bits, little endian: as much of it as there is room for."""
    said = text.encode("utf-8", "replace")[: len(samples) // 16 - _HEAD]
    bits = b"".join(_BITS[byte] for byte in _MAGIC + pack("<I", len(said)) + said)
    if len(samples) < 2 * len(bits):
        return samples
    marked = bytearray(samples)
    lower = int.from_bytes(marked[: 2 * len(bits) : 2]) & int.from_bytes(_EVEN * len(bits))
    marked[: 2 * len(bits) : 2] = (lower | int.from_bytes(bits)).to_bytes(len(bits))
    return bytes(marked)


def read_samples(samples: bytes) -> str | None:
    """Read a text from samples; None if it has none."""
    if _read_bits(samples, 0, len(_MAGIC)) != _MAGIC:
        return None
    (size,) = unpack_from("<I", _read_bits(samples, len(_MAGIC), 4))
    return None if size > len(samples) // 16 else _read_bits(samples, _HEAD, size).decode("utf-8", "replace")


def _read_bits(samples: bytes, start: int, count: int) -> bytes:
    bits = samples[16 * start : 16 * (start + count) : 2].translate(_LOWEST)
    return int(bits, 2).to_bytes(count) if len(bits) == 8 * count > 0 else b""


def spell_comment(text: str) -> bytes:
    """Spell the comment that carries a text: as much of it as fits into a page of Ogg."""
    said = text.encode("utf-8", "replace")[:_LONGEST]
    return b"%b%d:%b" % (_MARK, len(said), said)


def read_comment(content: bytes) -> str | None:
    """Find the comment in the first bytes of a file; None if it has none."""
    at = content.find(_MARK, 0, _NEAR)
    if at < 0:
        return None
    size, _, said = content[at + len(_MARK) : at + len(_MARK) + _DIGITS + _LONGEST].partition(b":")
    return said[: int(size)].decode("utf-8", "replace") if size.isdigit() and len(size) < _DIGITS else None


_NEAR = 4_096
_LONGEST = 60_000
_DIGITS = 6


def tag(text: str) -> bytes:
    """Return an ID3 tag, version 2.4, with the comment (https://id3.org/id3v2.4.0-frames, 4.10)."""
    value = b"\x03engllemulator\0" + spell_comment(text)
    frame = b"COMM" + _spell_size(len(value)) + b"\0\0" + value
    return b"ID3\x04\0\0" + _spell_size(len(frame)) + frame


def _spell_size(size: int) -> bytes:
    """Spell a size with seven bits in each byte."""
    return bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))
