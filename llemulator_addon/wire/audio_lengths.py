"""How long a sound is, by the bytes of its file: WAV, FLAC, MP3, AAC, Ogg (Opus and Vorbis), MP4 and WebM.

No codec is needed: each format says it in its head, in the heads of its frames, or in its last page.
"""

from math import inf
from struct import error, unpack_from

EXTENSIONS = ("flac", "m4a", "mp3", "mp4", "mpeg", "mpga", "oga", "ogg", "wav", "webm")
"""Of the files that a transcription takes, in the order in which OpenAI's refusal lists them."""


def measure(content: bytes) -> float | None:
    """Return the seconds of a sound; None for any other file, and for a broken one."""
    try:
        seconds = _measure(content)
    except (error, IndexError, ZeroDivisionError):
        return None
    return seconds if seconds is not None and 0 <= seconds < inf else None


def _measure(content: bytes) -> float | None:
    if content[:4] == b"RIFF" and content[8:12] == b"WAVE":
        return _measure_wav(content)
    if content[:4] == b"fLaC":
        (packed,) = unpack_from(">Q", content, 18)
        return float((packed & 0xF_FFFF_FFFF) / (packed >> 44))
    if content[:4] == b"OggS":
        return _measure_ogg(content)
    if content[4:8] == b"ftyp":
        return _measure_mp4(content)
    if content[:4] == b"\x1a\x45\xdf\xa3":
        return _measure_webm(content)
    return _measure_frames(content)


def find_samples(content: bytes) -> bytes:
    """Return the samples of a WAV file of 16 bits; none of another."""
    chunks = list_chunks(content) if content[:4] == b"RIFF" else {}
    at, size = chunks.get(b"data", (0, 0))
    return content[at : at + size]


def _measure_wav(content: bytes) -> float | None:
    chunks = list_chunks(content)
    if b"fmt " not in chunks or b"data" not in chunks:
        return None
    (rate,) = unpack_from("<I", content, chunks[b"fmt "][0] + 8)
    at, size = chunks[b"data"]
    # A stream does not know its length, and says that it is very long.
    return float(min(size, len(content) - at) / rate)


def list_chunks(content: bytes) -> dict[bytes, tuple[int, int]]:
    """Return where the chunks of a WAV file are: their places and sizes, by name."""
    chunks, at = dict[bytes, tuple[int, int]](), 12
    while at + 8 <= len(content) and len(chunks) < _CHUNKS_AT_MOST:
        (size,) = unpack_from("<I", content, at + 4)
        chunks.setdefault(content[at : at + 4], (at + 8, size))
        at += 8 + size + size % 2
    return chunks


_CHUNKS_AT_MOST = 100


def _measure_ogg(content: bytes) -> float | None:
    (position,) = unpack_from("<q", content, content.rindex(b"OggS") + 6)
    if (head := content.find(b"OpusHead", 0, 200)) >= 0:
        (skipped,) = unpack_from("<H", content, head + 10)
        return max(0.0, float((position - skipped) / 48_000))
    if (head := content.find(b"\x01vorbis", 0, 200)) >= 0:
        (rate,) = unpack_from("<I", content, head + 12)
        return float(position / rate)
    return None


def _measure_mp4(content: bytes) -> float | None:
    at = content.find(b"mvhd")
    if at < 0:
        return None
    if content[at + 4]:
        scale, length = unpack_from(">IQ", content, at + 24)
    else:
        scale, length = unpack_from(">II", content, at + 16)
    return float(length / scale)


def _measure_webm(content: bytes) -> float | None:
    info = content.find(b"\x15\x49\xa9\x66")
    at = content.find(b"\x44\x89", info)
    if info < 0 or at < 0:
        # A recorder that streams leaves the length out.
        return 0.0
    scale_at = content.find(b"\x2a\xd7\xb1", info, info + 200)
    scale = 1_000_000
    if scale_at >= 0:
        size = content[scale_at + 3] & 0x7F
        scale = int.from_bytes(content[scale_at + 4 : scale_at + 4 + size])
    (length,) = unpack_from(">d" if content[at + 2] & 0x7F == _DOUBLE else ">f", content, at + 3)
    return float(length * scale / 1e9)


_DOUBLE = 8

# Frames: ISO 11172-3 and 13818-3 (MP3), ISO 13818-7 (AAC in ADTS) ----------------------------------------------------

_SYNC, _SYNCS = 0xFF, 0xE0
_LAYER, _LAYER_3 = 0x06, 0x02
_FIRST, _SECOND = 3, 2
_RATES = (44_100, 48_000, 32_000)
_KBITS = {
    True: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    False: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
"""Of layer III, by whether it is MPEG-1."""
_AAC_RATES = (96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350)


def _measure_frames(content: bytes) -> float | None:
    at, seconds, found = _skip_tag(content), 0.0, 0
    while at + 7 <= len(content) and content[at] == _SYNC and content[at + 1] & _SYNCS == _SYNCS:
        size, length = _measure_mpeg(content, at) if content[at + 1] & _LAYER else _measure_adts(content, at)
        if size <= 0:
            break
        at, seconds, found = at + size, seconds + length, found + 1
    return seconds if found else None


def _skip_tag(content: bytes) -> int:
    if content[:3] != b"ID3":
        return 0
    size = 0
    for byte in content[6:10]:
        size = size << 7 | byte & 0x7F
    return size + 10


def _measure_mpeg(content: bytes, at: int) -> tuple[int, float]:
    version = content[at + 1] >> 3 & 3
    kbits, rate = content[at + 2] >> 4, content[at + 2] >> 2 & 3
    is_first, is_second = version == _FIRST, version == _SECOND
    if version == 1 or rate >= len(_RATES) or kbits in {0, 15} or content[at + 1] & _LAYER != _LAYER_3:
        return 0, 0.0
    samples = 1_152 if is_first else 576
    hertz = _RATES[rate] // (1 if is_first else 2 if is_second else 4)
    padding = content[at + 2] >> 1 & 1
    return samples // 8 * _KBITS[is_first][kbits] * 1_000 // hertz + padding, samples / hertz


def _measure_adts(content: bytes, at: int) -> tuple[int, float]:
    rate = content[at + 2] >> 2 & 15
    size = (content[at + 3] & 3) << 11 | content[at + 4] << 3 | content[at + 5] >> 5
    return (size, 1_024 / _AAC_RATES[rate]) if rate < len(_AAC_RATES) else (0, 0.0)
