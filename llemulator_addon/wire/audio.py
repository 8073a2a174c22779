"""Audio in place of speech: a tone, longer for a longer text, in each format that OpenAI sends."""

from collections.abc import Mapping
from functools import cache
from math import pi, sin
from struct import pack
from typing import Protocol

from llemulator_addon.wire import audio_formats
from llemulator_addon.wire.audio_lengths import find_samples
from llemulator_addon.wire.audio_marks import mark_samples, read_comment, read_samples

RATE = 24_000
"""Samples a second, one channel of 16 bits, as OpenAI's speech has it."""
_BYTES = 2


def seconds_of(text: str) -> float:
    """Return how long a text is spoken here: 20 ms a character, a tenth of a second at least and five at most.

    People take about three times as long, and longer texts; it is short so that tests are fast.
    """
    return min(5.0, max(0.1, 0.02 * len(text)))


def find_speed(text: str, seconds: float | None) -> float:
    """Return how fast a text is spoken that takes that many seconds; None: as usual."""
    return 1.0 if seconds is None else seconds_of(text) / seconds


def tokens_of(text: str) -> int:
    """Count audio tokens of a spoken text: one for 50 ms, as OpenAI charges it."""
    return max(1, round(seconds_of(text) * 20))


def _sound(seconds: float) -> bytes:
    return _period() * round(seconds * _FREQUENCY)


def pcm16(text: str, speed: float = 1.0, *, seconds: float | None = None) -> bytes:
    """Return the samples alone, little endian: for some seconds, or as long as the text takes."""
    return mark_samples(_sound((seconds_of(text) if seconds is None else seconds) / speed), text)


def wav(text: str, speed: float = 1.0) -> bytes:
    """Return the samples in a RIFF file."""
    samples = pcm16(text, speed)
    form = pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, RATE, RATE * _BYTES, _BYTES, 8 * _BYTES)
    return (
        pack("<4sI4s", b"RIFF", 4 + len(form) + 8 + len(samples), b"WAVE")
        + form
        + pack("<4sI", b"data", len(samples))
        + samples
    )


class Speak(Protocol):
    """Speak a text, at a speed of which 1 is the usual one."""

    def __call__(self, text: str, /, speed: float = 1.0) -> bytes:
        """Return the file."""
        ...


FORMATS: Mapping[str, Speak] = {
    "wav": wav,
    "pcm16": pcm16,
    "flac": lambda text, speed=1.0: audio_formats.flac(_sound(seconds_of(text) / speed), text),
    "mp3": lambda text, speed=1.0: audio_formats.mp3(seconds_of(text) / speed, text),
    "aac": lambda text, speed=1.0: audio_formats.aac(seconds_of(text) / speed, text),
    "opus": lambda text, speed=1.0: audio_formats.opus(seconds_of(text) / speed, text),
}
"""How a text is spoken, by the names that the API has for formats."""


def hear(content: bytes) -> str | None:
    """Return the text of speech that this program made; None for any other sound."""
    said = read_samples(find_samples(content) or content)
    return read_comment(content) if said is None else said


_FREQUENCY = 400


@cache
def _period() -> bytes:
    """Return one swing of the tone: 60 samples at a quarter of the full strength."""
    length = RATE // _FREQUENCY
    return b"".join(pack("<h", round(8_000 * sin(2 * pi * at / length))) for at in range(length))
