import shutil
import subprocess
from array import array
from base64 import b64decode
from itertools import pairwise
from struct import unpack_from

import pytest

from llemulator_addon.core.reply import Text
from llemulator_addon.wire import audio
from llemulator_addon.wire.audio_formats import FLAC, FLAC_HEAD, OGG, remainder
from llemulator_addon.wire.endpoints.chat import ENDPOINT
from tests.wire.answering import one, whole

SHORT, LONG = "Hi", "word " * 200
MAGIC = {"wav": b"RIFF", "flac": b"fLaC", "mp3": b"\xff\xf3", "aac": b"\xff\xf1", "opus": b"OggS"}
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
    made, samples = audio.FORMATS["flac"](LONG), audio.pcm16(LONG)
    found, at = bytearray(), 42

    while at < len(made):
        size = 2 * (unpack_from(">H", made, at + 5)[0] + 1)
        frame = made[at : at + 9 + size + 2]
        assert remainder(frame[:8], FLAC_HEAD, 8) == remainder(frame, FLAC, 16) == 0
        found += frame[9:-2]
        at += len(frame)

    heard = array("h", bytes(found))
    heard.byteswap()
    assert heard.tobytes() == samples
    assert int.from_bytes(made[18:26]) & 0xF_FFFF_FFFF == len(samples) // 2


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
