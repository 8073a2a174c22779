import shutil
import subprocess
import wave
from array import array
from base64 import b64decode
from io import BytesIO
from itertools import pairwise
from struct import pack, unpack_from

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llemulator_addon.core.reply import Text
from llemulator_addon.wire import audio
from llemulator_addon.wire.audio_formats import FLAC, FLAC_HEAD, OGG, remainder
from llemulator_addon.wire.audio_lengths import measure
from llemulator_addon.wire.endpoints.chat import ENDPOINT
from tests.wire.answering import one, whole

SHORT, LONG = "Hi", "word " * 200
MAGIC = {"wav": b"RIFF", "flac": b"fLaC", "mp3": b"ID3\x04", "aac": b"ID3\x04", "opus": b"OggS"}
ASKED = {
    "model": "gpt-audio",
    "modalities": ["text", "audio"],
    "messages": [{"role": "user", "content": "Speak."}],
}


@pytest.mark.parametrize("name", audio.FORMATS)
def test_speech_is_in_the_format_that_was_asked_for(name: str) -> None:
    body = {**ASKED, "audio": {"voice": "alloy", "format": name}}

    spoken = b64decode(whole(ENDPOINT, body, one(Text(SHORT)))["choices"][0]["message"]["audio"]["data"])

    assert spoken == audio.FORMATS[name](SHORT)
    assert spoken.startswith(MAGIC.get(name, b""))


@pytest.mark.parametrize("name", audio.FORMATS)
def test_who_says_more_is_heard_longer(name: str) -> None:
    short, long = (audio.FORMATS[name](text) for text in (SHORT, "word " * 10))

    assert 5 < len(long) / len(short) < 11


# Check values of CRC-8, CRC-16/UMTS and CRC-32/CKSUM (before that is inverted) in the catalogue of
# https://reveng.sourceforge.io/crc-catalogue/.
@pytest.mark.parametrize(
    ("generator", "bits", "check"), [(FLAC_HEAD, 8, 0xF4), (FLAC, 16, 0xFEE8), (OGG, 32, 0x765E_7680 ^ 0xFFFF_FFFF)]
)
def test_checksums_are_those_of_the_catalogue(generator: int, bits: int, check: int) -> None:
    assert remainder(b"123456789", generator, bits) == check


def test_flac_has_the_samples_as_they_are() -> None:
    made = audio.FORMATS["flac"](LONG)
    found, at = bytearray(), 46 + int.from_bytes(made[43:46])

    while at < len(made):
        size = 2 * (unpack_from(">H", made, at + 5)[0] + 1)
        frame = made[at : at + 9 + size + 2]
        assert remainder(frame[:8], FLAC_HEAD, 8) == remainder(frame, FLAC, 16) == 0
        found += frame[9:-2]
        at += len(frame)

    heard = array("h", bytes(found))
    heard.byteswap()
    assert max(abs(one - other) for one, other in zip(heard, array("h", audio.pcm16(LONG)), strict=True)) == 1
    assert int.from_bytes(made[18:26]) & 0xF_FFFF_FFFF == len(heard)


def test_opus_is_in_pages_of_ogg_that_are_numbered_checked_and_counted() -> None:
    made, at, pages = audio.FORMATS["opus"](LONG), 0, []

    while at < len(made):
        _, _, flags, position, serial, number, checksum, segments = unpack_from("<4sBBQIIIB", made, at)
        size = 27 + segments + sum(made[at + 27 : at + 27 + segments])
        page = made[at : at + size]
        assert remainder(page[:22] + bytes(4) + page[26:], OGG, 32) == checksum
        pages.append((number, flags, position, serial))
        at += size

    assert [page[0] for page in pages] == list(range(len(pages)))
    assert [page[1] for page in pages] == [2, *[0] * (len(pages) - 2), 4]
    assert pages[-1][2] - 312 == pytest.approx(48_000 * audio.seconds_of(LONG), abs=960)
    assert len({page[3] for page in pages}) == 1


@pytest.mark.parametrize("text", [SHORT, LONG], ids=["short", "long"])
@pytest.mark.parametrize("name", MAGIC)
def test_a_player_hears_the_tone_as_long_as_it_lasts(name: str, text: str) -> None:
    if (ffmpeg := shutil.which("ffmpeg")) is None:
        pytest.skip("ffmpeg is not there")

    command = [ffmpeg, "-v", "error", "-i", "-", "-f", "s16le", "-ar", "24000", "-ac", "1", "-"]
    played = subprocess.run(command, input=audio.FORMATS[name](text), capture_output=True, check=True)

    heard = array("h", played.stdout)
    assert played.stderr == b""
    assert len(heard) / 24_000 == pytest.approx(audio.seconds_of(text), abs=0.05)
    middle = heard[len(heard) // 4 : -len(heard) // 4]
    assert 7_000 < max(middle) < 9_000
    swings = sum(before < 0 <= after for before, after in pairwise(middle))
    assert swings / (len(middle) / 24_000) == pytest.approx(400, rel=0.1)


_TEXTS = ("Hi", "", "größer 😀 ✓", "word " * 300, "x" * 100_000)


@pytest.mark.parametrize("name", audio.FORMATS)
@pytest.mark.parametrize("text", _TEXTS)
def test_speech_carries_its_own_text(name: str, text: str) -> None:
    heard = audio.hear(audio.FORMATS[name](text))

    assert heard is not None
    assert text.startswith(heard)
    assert len(heard) >= min(len(text), 14_000)


def test_the_text_stays_with_the_samples_in_another_file() -> None:
    samples = audio.pcm16("Hello")
    with BytesIO() as file:
        with wave.open(file, "wb") as writing:
            writing.setparams((1, 2, audio.RATE, 0, "NONE", "NONE"))
            writing.writeframes(samples)
        assert audio.hear(file.getvalue()) == "Hello"


@pytest.mark.parametrize("content", [b"", b"RIFF", b"ID3", bytes(100_000), b"LLEMULATOR_TEXT=x:", b"\xff" * 200])
def test_another_sound_carries_none(content: bytes) -> None:
    assert audio.hear(content) is None


@pytest.mark.parametrize(
    ("name", "most"), [("wav", 0.0), ("flac", 0.0), ("mp3", 0.024), ("aac", 0.043), ("opus", 0.02)]
)
@pytest.mark.parametrize("speed", [0.25, 1.0, 4.0])
def test_a_file_is_as_long_as_it_says(name: str, most: float, speed: float) -> None:
    seconds = audio.seconds_of("Hello there") / speed
    measured = measure(audio.FORMATS[name]("Hello there", speed))

    assert measured is not None
    assert seconds <= measured + 1e-9
    assert measured - seconds <= most


def test_the_length_of_mp4_and_webm_stands_in_their_heads() -> None:
    mp4 = pack(">I4s4sI", 16, b"ftyp", b"M4A ", 0) + pack(">I4sI4x4xII", 28, b"mvhd", 0, 1_000, 2_500)
    webm = b"\x1a\x45\xdf\xa3\x80" + b"\x15\x49\xa9\x66\x8e" + b"\x2a\xd7\xb1\x83\x0f\x42\x40" + b"\x44\x89\x84"

    assert measure(mp4) == 2.5
    assert measure(webm + pack(">f", 1_500.0)) == 1.5


@given(
    st.sampled_from([b"RIFF0000WAVE", b"fLaC", b"OggS", b"0000ftyp", b"\x1a\x45\xdf\xa3", b"ID3", b"\xff\xfb"]),
    st.binary(),
)
def test_a_broken_file_has_no_length_and_is_no_bug(begin: bytes, rest: bytes) -> None:
    assert (measure(begin + rest) or 0.0) >= 0
