"""Realtime aloud: sound comes and goes in the formats of a session, and turns are found in it."""

import json
from base64 import b64decode, b64encode
from typing import Any

import pytest

from llemulator_addon.engine.session import Session
from llemulator_addon.wire import audio
from llemulator_addon.wire.realtime.sound import FORMATS, find_loud, spell_sound
from tests.wire.realtime.talking import SILENCE, Event, Talking, kinds, session_of, speech

_SCRIPT = {
    "rules": [
        {"match": {"endpoint": "realtime.transcription", "turn": 2}, "reply": {"transcript": "And tomorrow?"}},
        {"match": {"endpoint": "realtime", "user_text": "weather"}, "reply": {"text": "It rains."}},
        {"match": {"endpoint": "realtime", "user_text": "tomorrow"}, "reply": {"text": "The sun shines."}},
        {"match": {"endpoint": "realtime", "user_text": "^$"}, "reply": {"text": "Are you there?"}},
        {
            "match": {"endpoint": "realtime", "user_text": "story"},
            "reply": {"audio": {"transcript": "Once upon a time", "seconds": 2}},
        },
    ]
}
_TRANSCRIBED = {"transcription": {"model": "gpt-4o-transcribe"}}


def _talking(**heard: Any) -> Talking:  # noqa: ANN401 - of the session
    talking = Talking(session_of(_SCRIPT))
    talking.update(audio={"input": heard})
    return talking


def _sound(events: list[Event]) -> bytes:
    return b"".join(b64decode(each["delta"]) for each in events if each["type"] == "response.output_audio.delta")


def test_words_are_spoken_with_their_transcript_and_the_sound_is_as_long_as_they_are() -> None:
    talking = _talking()
    talking.say("the weather")

    events = talking.ask()

    spoken = [kind for kind in kinds(events) if "audio" in kind]
    assert spoken[:2] == ["response.output_audio_transcript.delta", "response.output_audio.delta"]
    assert spoken[-2:] == ["response.output_audio.done", "response.output_audio_transcript.done"]
    assert _sound(events) == audio.pcm16("It rains.")
    done = events[-2]["response"]
    assert done["output"][0]["content"] == [{"type": "output_audio", "transcript": "It rains."}]
    assert done["usage"]["output_token_details"]["audio_tokens"] > 0


def test_a_script_says_how_long_the_sound_is() -> None:
    talking = _talking()
    talking.say("a story")

    assert len(_sound(talking.ask())) == 2 * 2 * 24_000


@pytest.mark.parametrize("kind", ["audio/pcmu", "audio/pcma"])
def test_sound_of_telephones_has_a_byte_for_each_sample_and_can_be_heard(kind: str) -> None:
    talking = Talking(session_of(_SCRIPT))
    talking.update(audio={"input": {"format": {"type": kind}, **_TRANSCRIBED}, "output": {"format": {"type": kind}}})
    talking.say("a story")

    spoken = _sound(talking.ask())
    heard = talking.speak(spoken + spell_sound(SILENCE, kind))

    assert len(spoken) == 2 * 8_000
    assert "input_audio_buffer.speech_started" in kinds(heard)
    assert "input_audio_buffer.speech_stopped" in kinds(heard)


@pytest.mark.parametrize("kind", FORMATS)
def test_silence_is_silent_and_the_tone_is_loud(kind: str) -> None:
    assert not any(find_loud(spell_sound(SILENCE, kind), kind, 0.5))
    loud = find_loud(spell_sound(audio.pcm16("Hello"), kind), kind, 0.5)
    assert sum(loud) > len(loud) * 0.8


def test_a_voice_session_finds_turns_hears_words_and_answers_aloud() -> None:
    talking = _talking(**_TRANSCRIBED)

    events = talking.speak(SILENCE + speech("What is the weather?"))

    assert kinds(events)[:9] == [
        "input_audio_buffer.speech_started",
        "input_audio_buffer.speech_stopped",
        "input_audio_buffer.committed",
        "conversation.item.added",
        "conversation.item.done",
        "conversation.item.input_audio_transcription.delta",
        "conversation.item.input_audio_transcription.completed",
        "response.created",
        "response.output_item.added",
    ]
    assert events[0]["audio_start_ms"] == 700
    spoken = len(audio.pcm16("What is the weather?")) // 48
    assert events[1]["audio_end_ms"] == pytest.approx(1_000 + spoken + 200, abs=5)
    (heard,) = [each for each in events if each["type"].endswith("transcription.completed")]
    assert heard["transcript"] == "What is the weather?"
    assert heard["usage"]["total_tokens"] == heard["usage"]["input_tokens"] + heard["usage"]["output_tokens"]
    assert len({each["item_id"] for each in events[:3]} | {heard["item_id"], events[3]["item"]["id"]}) == 1
    assert events[-2]["response"]["output"][0]["content"][0]["transcript"] == "It rains."


def test_a_script_says_what_was_heard_turn_by_turn() -> None:
    talking = _talking(**_TRANSCRIBED)
    talking.speak(speech("What is the weather?"))

    events = talking.speak(speech("mumbling"))

    assert [each["transcript"] for each in events if each["type"].endswith("transcription.completed")] == [
        "And tomorrow?"
    ]
    assert events[-2]["response"]["output"][0]["content"][0]["transcript"] == "The sun shines."


def test_without_transcriptions_the_model_hears_and_the_client_gets_none() -> None:
    talking = _talking()

    events = talking.speak(speech("the weather"))

    assert not [kind for kind in kinds(events) if "transcription" in kind]
    assert events[-2]["response"]["output"][0]["content"][0]["transcript"] == "It rains."


@pytest.mark.parametrize("model", ["whisper-1", "gpt-4o-transcribe"])
def test_a_transcription_is_charged_as_its_model_is(model: str) -> None:
    talking = _talking(transcription={"model": model})

    events = talking.speak(speech("the weather"))

    (heard,) = [each for each in events if each["type"].endswith("transcription.completed")]
    assert heard["usage"]["type"] == ("duration" if model == "whisper-1" else "tokens")


def test_without_turn_detection_the_client_commits_and_asks() -> None:
    talking = _talking(turn_detection=None, **_TRANSCRIBED)

    assert talking.speak(speech("the weather")) == []
    committed = talking.send("input_audio_buffer.commit")
    answered = talking.ask()

    assert kinds(committed)[:3] == ["input_audio_buffer.committed", "conversation.item.added", "conversation.item.done"]
    assert committed[0]["item_id"] == committed[1]["item"]["id"]
    assert answered[-2]["response"]["usage"]["input_token_details"]["audio_tokens"] > 0
    assert answered[-2]["response"]["output"][0]["content"][0]["transcript"] == "It rains."


def test_a_response_waits_until_it_is_known_what_was_said() -> None:
    talking = _talking(turn_detection=None, **_TRANSCRIBED)
    talking.speak(speech("the weather"))
    talking.holds_answers = True
    talking.send("input_audio_buffer.commit")

    assert talking.ask() == []
    talking.holds_answers = False
    events = talking.play()

    assert kinds(events)[:3] == [
        "conversation.item.input_audio_transcription.delta",
        "conversation.item.input_audio_transcription.completed",
        "response.created",
    ]


def test_a_buffer_is_cleared_and_one_that_is_too_short_is_not_committed() -> None:
    talking = _talking(turn_detection=None)
    talking.speak(speech("the weather"))

    assert kinds(talking.send("input_audio_buffer.clear")) == ["input_audio_buffer.cleared"]
    talking.speak(b"\0" * 2 * 24 * 50)
    (refused,) = talking.send("input_audio_buffer.commit", event_id="mine")
    assert refused["error"]["code"] == "input_audio_buffer_commit_empty"
    assert "50.00ms" in refused["error"]["message"]


def test_speech_interrupts_a_response_and_with_interrupt_response_off_it_does_not() -> None:
    for interrupts in (True, False):
        talking = _talking(turn_detection={"type": "server_vad", "interrupt_response": interrupts})
        talking.say("a story")
        talking.holds_answers = True
        talking.ask()
        talking.play(7)

        events = talking.speak(audio.pcm16("Stop"))

        ended = [each["response"] for each in events if each["type"] == "response.done"]
        assert [each["status_details"]["reason"] for each in ended] == (["turn_detected"] if interrupts else [])


def test_semantic_detection_waits_by_its_eagerness() -> None:
    def ms_of_silence(eagerness: str) -> int:
        talking = _talking(turn_detection={"type": "semantic_vad", "eagerness": eagerness})
        sound = audio.pcm16("the weather")
        events = talking.speak(sound + 2 * SILENCE)
        (end,) = [each["audio_end_ms"] for each in events if each["type"].endswith("speech_stopped")]
        return int(end) - len(sound) // 48

    assert ms_of_silence("low") > ms_of_silence("auto") > ms_of_silence("high")


def test_without_create_response_a_turn_is_committed_and_nobody_answers() -> None:
    talking = _talking(turn_detection={"type": "server_vad", "create_response": False})

    assert kinds(talking.speak(speech("the weather")))[-1] == "conversation.item.done"


@pytest.mark.parametrize("piece", [pytest.param(2, marks=pytest.mark.long), 31, 9_600, 1 << 20])
def test_pieces_of_any_size_are_heard_alike(piece: int) -> None:
    if piece == 2:
        sound = SILENCE[:2_000] + audio.pcm16("a", speed=10) + SILENCE[:12_000]
    else:
        sound = SILENCE + speech("one") + speech("two")
    talking = _talking()
    if piece % 2:
        piece *= 2

    events = talking.speak(sound, piece)
    at_once = _talking().speak(sound, 1 << 20)

    def places(found: list[Event]) -> list[tuple[object, object]]:
        speech_events = [each for each in found if "speech" in each["type"]]
        return [(each.get("audio_start_ms"), each.get("audio_end_ms")) for each in speech_events]

    assert places(events) == places(at_once) != []


def test_a_truncated_item_has_less_sound_and_no_transcript() -> None:
    talking = _talking()
    talking.say("a story")
    (item,) = talking.ask()[-2]["response"]["output"]

    (truncated,) = talking.send("conversation.item.truncate", item_id=item["id"], content_index=0, audio_end_ms=500)
    (shown,) = talking.send("conversation.item.retrieve", item_id=item["id"])
    (refused,) = talking.send("conversation.item.truncate", item_id=item["id"], content_index=0, audio_end_ms=501)

    assert (truncated["item_id"], truncated["audio_end_ms"]) == (item["id"], 500)
    part = shown["item"]["content"][0]
    assert (len(b64decode(part["audio"])), part["transcript"]) == (24_000, None)
    assert refused["error"]["message"] == "Audio content of 500ms is already shorter than 501ms"


def test_a_voice_stays_once_the_model_has_spoken() -> None:
    talking = _talking()
    assert talking.update(audio={"output": {"voice": "cedar"}})[0]["type"] == "session.updated"
    talking.say("the weather")
    talking.ask()

    (refused,) = talking.update(audio={"output": {"voice": "alloy"}})

    assert refused["error"]["code"] == "cannot_update_voice"
    assert talking.update(audio={"output": {"voice": "cedar", "speed": 1.2}})[0]["type"] == "session.updated"


def test_after_the_idle_timeout_the_model_goes_on_by_itself() -> None:
    talking = _talking(turn_detection={"type": "server_vad", "idle_timeout_ms": 6_000})
    talking.say("a story")
    talking.ask()

    assert talking.wakes[-1].seconds == 8.0  # two of them are the sound of the answer
    events = talking.wake()

    assert kinds(events)[:5] == [
        "input_audio_buffer.timeout_triggered",
        "input_audio_buffer.committed",
        "conversation.item.added",
        "conversation.item.done",
        "response.created",
    ]
    assert json.loads(talking.requests[-1].body)["event"] == "input_audio_buffer.timeout_triggered"


def test_sound_that_comes_meanwhile_ends_the_idle_time() -> None:
    talking = _talking(turn_detection={"type": "server_vad", "idle_timeout_ms": 6_000})
    talking.say("a story")
    talking.ask()
    talking.speak(SILENCE)

    assert talking.wake() == []


def test_the_own_sound_of_a_script_is_sent_as_it_is_or_as_samples_of_a_wav_file() -> None:
    samples = audio.pcm16("Cuckoo")
    for data in (samples, audio.wav("Cuckoo")):
        rule = {"reply": {"audio": {"transcript": "Cuckoo", "data": b64encode(data).decode()}}}
        talking = Talking(session_of({"rules": [rule]}))

        assert _sound(talking.ask()) == samples


def test_a_failure_of_a_transcription_is_its_own_event_and_the_answer_comes_nevertheless() -> None:
    failure = {"failure": {"status": 500, "code": "audio_unintelligible", "message": "Could not be heard."}}
    rules = [{"match": {"endpoint": "realtime.transcription"}, "reply": failure}, {"reply": {"text": "Pardon?"}}]
    talking = Talking(session_of({"rules": rules}))
    talking.update(audio={"input": _TRANSCRIBED})

    events = talking.speak(speech("the weather"))

    (failed,) = [each for each in events if each["type"].endswith("transcription.failed")]
    assert failed["error"]["code"] == "audio_unintelligible"
    assert events[-2]["response"]["output"][0]["content"][0]["transcript"] == "Pardon?"


def test_a_transcription_session_hears_and_never_answers() -> None:
    talking = Talking(Session(), "intent=transcription")
    talking.send("session.update", session={"type": "transcription", "audio": {"input": _TRANSCRIBED}})

    events = talking.speak(speech("the weather"))
    (refused,) = talking.ask()

    assert talking.events[0]["session"]["type"] == "transcription"
    assert kinds(events)[-1] == "conversation.item.input_audio_transcription.completed"
    assert events[-1]["transcript"] == "the weather"
    assert refused["error"]["code"] == "invalid_event"


def test_log_probabilities_of_a_transcription_are_those_of_its_deltas() -> None:
    talking = Talking(Session(), "intent=transcription")
    include = ["item.input_audio_transcription.logprobs"]
    talking.send(
        "session.update", session={"type": "transcription", "include": include, "audio": {"input": _TRANSCRIBED}}
    )

    events = talking.speak(speech("the weather"))

    deltas = [each for each in events if each["type"].endswith("transcription.delta")]
    assert "".join(each["logprobs"][0]["token"] for each in deltas) == "the weather"
    assert len(events[-1]["logprobs"]) == len(deltas)


def test_segments_of_a_script_are_events() -> None:
    segments = [{"text": "Hello.", "start": 0, "end": 0.5, "speaker": "B"}]
    talking = Talking(
        session_of({"rules": [{"reply": {"transcript": {"segments": segments}}}]}), "intent=transcription"
    )
    talking.send("session.update", session={"type": "transcription", "audio": {"input": _TRANSCRIBED}})

    events = talking.speak(speech("x"))

    (segment,) = [each for each in events if each["type"].endswith("transcription.segment")]
    assert (segment["text"], segment["speaker"], segment["end"]) == ("Hello.", "B", 0.5)


def test_a_client_that_is_quiet_for_long_takes_no_more_room_than_there_always_is() -> None:
    talking = _talking()

    held = set()
    for _ in range(60):
        talking.speak(SILENCE[:9_600])
        held.add(talking.talk.held)

    assert max(held) < 64 << 10
    assert max(held) > 600 * 48
