"""Sound that comes in and goes out: its formats, what is loud in it, and where speech begins and ends.

Nothing here knows words. Speech is what is loud enough, silence what is not; time is the number of samples.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

from rpds import List

from llemulator_addon.wire import audio

PCM, PCMU, PCMA = "audio/pcm", "audio/pcmu", "audio/pcma"


class SoundFormat(NamedTuple):
    """How sound is written."""

    rate: int
    """Samples a second."""
    width: int
    """Bytes of a sample."""

    def count_ms(self, size: int) -> int:
        """Return the milliseconds of a number of bytes."""
        return size * 1_000 // (self.rate * self.width)

    def count_bytes(self, ms: int) -> int:
        """Return the bytes of a number of milliseconds, in whole samples."""
        return ms * self.rate // 1_000 * self.width


FORMATS: Mapping[str, SoundFormat] = {
    PCM: SoundFormat(24_000, 2),
    PCMU: SoundFormat(8_000, 1),
    PCMA: SoundFormat(8_000, 1),
}


def spell_sound(samples: bytes, kind: str) -> bytes:
    """Return samples (16 bits, little endian, 24 kHz) in a format; G.711 has every third."""
    if kind == PCM:
        return samples
    codes = _encode_all(kind)
    highs, lows = samples[1::6], samples[0::6]
    return bytes(codes[high << 8 | low] for high, low in zip(highs, lows, strict=False))


@cache
def _encode_all(kind: str) -> bytes:
    """Return the code of each sample of 16 bits, by its two's complement."""
    encode = _encode_mu if kind == PCMU else _encode_a
    return bytes(encode(value if value < 1 << 15 else value - (1 << 16)) for value in range(1 << 16))


def _encode_mu(sample: int) -> int:
    """Encode by the µ-law (ITU-T G.711)."""
    sign, size = (0x80, -sample) if sample < 0 else (0, sample)
    size = min(size, 32_635) + 132
    exponent = size.bit_length() - 8
    return ~(sign | exponent << 4 | size >> exponent + 3 & 15) & 0xFF


def _encode_a(sample: int) -> int:
    """Encode by the A-law (ITU-T G.711)."""
    sign, size = (0, -sample - 1) if sample < 0 else (0x80, sample)
    size = min(size, 32_767)
    exponent = max(0, size.bit_length() - 8)
    mantissa = size >> (4 if exponent == 0 else exponent + 3) & 15
    return (sign | exponent << 4 | mantissa) ^ 0x55


@cache
def _loud(kind: str, level: int) -> bytes:
    """Return for each byte that tells the size of a sample whether it is loud: 1 or 0."""
    if kind == PCM:
        sizes = [abs(byte if byte < 1 << 7 else byte - 256) for byte in range(256)]
        return bytes(size - (byte >> 7) >= level for byte, size in enumerate(sizes))
    codes = _encode_all(kind)
    quiet = {codes[sample & 0xFFFF] for sample in range(-level << 8, (level << 8) + 1)}
    return bytes(byte not in quiet for byte in range(256))


def find_loud(sound: bytes, kind: str, threshold: float) -> bytes:
    """Return one byte for each sample: 1 where it is loud. `threshold` is that of the session, from 0 to 1."""
    sizes = sound[1::2] if kind == PCM else sound
    return sizes.translate(_loud(kind, max(1, round(threshold * 4))))


def hear_words(sound: bytes, kind: str) -> str | None:
    """Return the words of speech that this program made; None of any other sound."""
    if kind != PCM:
        return None
    # Silence may be before it, and the first samples of a tone are silent, too.
    quiet = len(sound) - len(sound.lstrip(b"\0"))
    starts = (max(0, quiet // 2 - back) * 2 for back in range(_QUIET_SAMPLES))
    return next((words for start in starts if (words := audio.hear(sound[start:])) is not None), None)


_QUIET_SAMPLES = 3
"""Of a tone, at its begin: at most."""


# Where speech is ----------------------------------------------------------------------------------------------------


class Started(NamedTuple):
    """Speech begins; the time is that of all sound of the session."""

    ms: int


class Stopped(NamedTuple):
    """Speech has ended, and the sound is taken out of the buffer."""

    ms: int
    sound: bytes


_NO_SOUND: "List[bytes]" = List()


class SoundBuffer(NamedTuple):
    """The sound that came and was not committed."""

    kind: str = PCM
    sound: "List[bytes]" = _NO_SOUND
    """In pieces, the last one first, so that one more copies nothing."""
    size: int = 0
    """Bytes of it."""
    begins: int = 0
    """Bytes of all sound of the session that came before it."""
    speaks: bool = False
    """Whether somebody is speaking."""
    quiet: int = 0
    """Samples of silence at its end, while somebody is speaking."""

    @property
    def ends(self) -> int:
        """Bytes of all sound that came."""
        return self.begins + self.size

    @property
    def ms(self) -> int:
        """Milliseconds of all sound that came."""
        return FORMATS[self.kind].count_ms(self.ends)

    def add(self, sound: bytes) -> "SoundBuffer":
        """Return it with more sound."""
        return self._replace(sound=self.sound.push_front(sound), size=self.size + len(sound)) if sound else self

    def take(self, size: int | None = None) -> "tuple[SoundBuffer, bytes]":
        """Take sound out of it: all, or its first bytes."""
        whole = b"".join([*self.sound][::-1])
        taken, rest = (whole, b"") if size is None else (whole[:size], whole[size:])
        left = _NO_SOUND.push_front(rest) if rest else _NO_SOUND
        after = self._replace(sound=left, size=len(rest), begins=self.begins + len(taken), speaks=False, quiet=0)
        return after, taken


def listen(
    buffer: SoundBuffer, sound: bytes, detection: Mapping[str, Any]
) -> tuple[SoundBuffer, tuple[Started | Stopped, ...]]:
    """Add sound to a buffer, and return what is heard in it by the session's `turn_detection`."""
    form, heard = FORMATS[buffer.kind], list[Started | Stopped]()
    loud = find_loud(sound, buffer.kind, detection.get("threshold") or _USUAL_THRESHOLD)
    samples = _silence_ms(detection) * form.rate // 1_000
    at, silence = 0, b"\0" * samples
    while at < len(loud):
        if not buffer.speaks:
            first = loud.find(1, at)
            if first < 0:
                break
            buffer = buffer.add(sound[at * form.width : first * form.width])
            buffer = _keep_last(buffer, form.count_bytes(detection.get("prefix_padding_ms") or 0))
            buffer = buffer._replace(speaks=True, quiet=0)
            heard.append(Started(form.count_ms(buffer.begins)))
            at = first
            continue
        # Silence may have begun in the sound before.
        padded = b"\0" * buffer.quiet + loud[at:]
        found = padded.find(silence)
        if found < 0:
            rest = padded.rstrip(b"\0")
            buffer = buffer.add(sound[at * form.width :])._replace(quiet=len(padded) - len(rest))
            return buffer, tuple(heard)
        end = at + found + samples - buffer.quiet
        buffer, said = buffer.add(sound[at * form.width : end * form.width]).take()
        heard.append(Stopped(buffer.ms, said))
        at = end
    buffer = buffer.add(sound[at * form.width :])
    kept = form.count_bytes(max(_KEPT_MS, detection.get("prefix_padding_ms") or 0))
    # Not each time: it is copied.
    if not buffer.speaks and (buffer.size > 2 * kept or len(buffer.sound) > _MANY):
        buffer = _keep_last(buffer, kept)
    return buffer, tuple(heard)


_USUAL_THRESHOLD = 0.5
_KEPT_MS = 600
"""Of silence before speech, which a client may commit nevertheless. Twice as much takes less than 64 KiB, for which
there is always room: any number of clients may listen."""
_BY_EAGERNESS = {"low": 1_000, "medium": 500, "auto": 500, "high": 250}


def _silence_ms(detection: Mapping[str, Any]) -> int:
    """Return how long silence ends speech. A semantic detection knows no sense here, only how eager it is."""
    if detection["type"] == "semantic_vad":
        return _BY_EAGERNESS[detection.get("eagerness") or "auto"]
    return max(_LEAST_MS, int(detection.get("silence_duration_ms") or 0))


_LEAST_MS = 20


def _keep_last(buffer: SoundBuffer, size: int) -> SoundBuffer:
    """Return a buffer with its last bytes only."""
    return buffer if buffer.size <= size else buffer.take(buffer.size - size)[0]


_MANY = 1_000
"""Pieces of sound, from which on they are joined."""
