"""Words of a script for voice: `heard`, and sound of a file."""

from base64 import b64decode, b64encode
from typing import Any

import pytest

from llemulator_addon.script.reader import read_script
from llemulator_addon.script.script_error import ScriptError
from tests.wire.realtime.talking import SILENCE, Event, Talking, kinds, session_of, speech
from tests.wire.sounds import g711, samples, wav


def _turn(talking: Talking) -> list[Event]:
    return talking.speak(speech("whatever") + SILENCE)


def _heard(events: list[Event]) -> list[str]:
    return [each["transcript"] for each in events if each["type"].endswith("input_audio_transcription.completed")]


def _said(events: list[Event]) -> list[str]:
    return [each["transcript"] for each in events if each["type"] == "response.output_audio_transcript.done"]


def _talking(script: object) -> Talking:
    talking = Talking(session_of(script))
    talking.update(audio={"input": {"transcription": {"model": "gpt-4o-transcribe"}}})
    return talking


def test_rules_say_what_is_heard_in_one_turn_after_the_other_and_answer_it() -> None:
    script = {
        "rules": [
            {"heard": "How much is 2 + 2?", "reply": "Four."},
            {"heard": "Thank you!", "reply": "You are welcome."},
        ]
    }
    talking = _talking(script)

    first, second = _turn(talking), _turn(talking)
    again = _turn(Talking(talking.session))

    assert (_heard(first), _said(first)) == (["How much is 2 + 2?"], ["Four."])
    assert (_heard(second), _said(second)) == (["Thank you!"], ["You are welcome."])
    assert _said(again) == ["Four."]


def test_a_rule_that_only_hears_leaves_the_answer_to_others() -> None:
    talking = _talking({"rules": [{"heard": "Hello"}, {"match": {"transcript": "(?i)hello"}, "reply": "Hi!"}]})

    events = _turn(talking)

    assert (_heard(events), _said(events)) == (["Hello"], ["Hi!"])


@pytest.mark.parametrize(("heard", "turns"), [("Hello", ["Hello", "Hello"]), (["One", "Two"], ["One", "Two"])])
def test_the_top_of_a_script_says_what_is_heard(heard: object, turns: list[str]) -> None:
    talking = _talking({"heard": heard, "rules": [{"reply": "Yes."}]})

    assert [*_heard(_turn(talking)), *_heard(_turn(talking))] == turns


def test_a_script_with_heard_is_the_same_when_it_is_printed_and_read_again() -> None:
    script = read_script({"heard": ["x"], "rules": [{"heard": "a.b (c)", "times": 1, "reply": "Yes."}]})

    assert read_script(script.dump()).rules == script.rules


_FILES = {
    "tone.wav": wav(samples(*range(4_800)), 48_000),
    "phone.wav": g711(bytes(range(128, 256)) * 10, 7),
    "raw": samples(*range(100)),
    "flac.wav": g711(b"\0", 85),
}


def _file_script(name: str) -> dict[str, Any]:
    files = [
        {"id": "file-tone", "filename": filename, "purpose": "user_data", "data": b64encode(content).decode()}
        | ({} if filename == "tone.wav" else {"id": f"file-{filename.partition('.')[0]}"})
        for filename, content in _FILES.items()
    ]
    return {
        "resources": {"files": files},
        "rules": [
            {"match": {"endpoint": "realtime"}, "reply": {"audio": {"transcript": "Listen!", "file": name}}},
        ],
    }


def _sound(events: list[Event]) -> bytes:
    return b"".join(b64decode(each["delta"]) for each in events if each["type"] == "response.output_audio.delta")


@pytest.mark.parametrize(
    ("name", "sound"),
    [
        ("tone.wav", samples(*range(0, 4_800, 2))),
        ("file-tone", samples(*range(0, 4_800, 2))),
        ("raw", _FILES["raw"]),
    ],
)
def test_an_answer_has_the_sound_of_a_file_at_the_rate_of_the_session(name: str, sound: bytes) -> None:
    talking = Talking(session_of(_file_script(name)))

    assert _sound(talking.ask()) == sound


def test_the_sound_of_a_file_comes_in_the_codec_of_the_session() -> None:
    talking = Talking(session_of(_file_script("phone.wav")))
    talking.update(audio={"output": {"format": {"type": "audio/pcmu"}}})

    assert _sound(talking.ask()) == bytes(range(128, 256)) * 10


@pytest.mark.parametrize(("name", "why"), [("missing.wav", "no file with this id or name"), ("flac.wav", "codec")])
def test_a_file_that_cannot_be_sent_is_said_to_be_so(name: str, why: str) -> None:
    talking = Talking(session_of(_file_script(name)))

    events = talking.ask()

    assert kinds(events)[-1] == "response.done"
    assert why in events[-1]["response"]["status_details"]["error"]["message"]


def test_a_sound_has_one_source() -> None:
    with pytest.raises(ScriptError, match="exclude each other"):
        read_script({"rules": [{"reply": {"audio": {"transcript": "a", "file": "a", "seconds": 1}}}]})
