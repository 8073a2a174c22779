"""WAV files of any usual kind are read as one channel of 16 bits and 24 kHz."""

import struct

import pytest

from llemulator_addon.wire.realtime.sound import PCMA, PCMU, spell_sound
from llemulator_addon.wire.wav import read_wav
from tests.wire.sounds import g711, samples, wav


@pytest.mark.parametrize(
    ("content", "read"),
    [
        (wav(samples(1, -2, 3)), samples(1, -2, 3)),
        (wav(samples(1, 9, 2, 9, 3, 9), channels=2), samples(1, 2, 3)),
        (wav(samples(1, 2, 3, 4), 48_000), samples(1, 3)),
        (wav(samples(1, 2), 8_000), samples(1, 1, 1, 2, 2, 2)),
        (wav(samples(1, 2, 3, 4), 16_000), samples(1, 1, 2, 3, 3, 4)),
        (wav(b""), b""),
        (wav(samples(1))[:30], None),
        (b"RIFF\0\0\0\0WAVE", None),
        (b"no sound", None),
        (g711(b"\0", 85), None),
    ],
)
def test_a_file_is_read_in_the_usual_rate(content: bytes, read: bytes | None) -> None:
    assert read_wav(content) == read


@pytest.mark.parametrize("hertz", [11_025, 22_050, 44_100, 12_345])
def test_a_sound_keeps_its_length_and_its_order_at_another_rate(hertz: int) -> None:
    counted = wav(samples(*(number // 2 for number in range(hertz))), hertz)

    read = struct.unpack(f"<{24_000}h", read_wav(counted) or b"")

    assert list(read) == [number * hertz // 24_000 // 2 for number in range(24_000)]


@pytest.mark.parametrize(("codec", "kind"), [(6, PCMA), (7, PCMU)])
def test_each_code_of_g711_is_what_it_was_before(codec: int, kind: str) -> None:
    codes = bytes(range(256))

    read = read_wav(g711(codes, codec)) or b""

    again = spell_sound(read, kind)
    # The codes of zero with its two signs are one.
    assert sum(code != other for code, other in zip(codes, again, strict=True)) <= 1
