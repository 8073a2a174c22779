"""The words of scripts for Realtime: `transcript` and `event` in a match, and what a script says of sound."""

import pytest

from llemulator_addon.core.prompt import Prompt
from llemulator_addon.script.match import Match
from llemulator_addon.script.pattern import Candidate
from llemulator_addon.wire.realtime.sound import FORMATS
from tests.wire.realtime.talking import SILENCE, Talking, handshake, session_of, speech

_SCRIPT = {
    "rules": [
        {"match": {"event": "input_audio_buffer.timeout_triggered"}, "reply": "Still there?"},
        {
            "match": {"transcript": "weather in (?P<city>\\w+)"},
            "reply": {"text": "In {{ captures.city }}.", "template": True},
        },
        {"match": {"event": "response.create", "user_text": "weather"}, "reply": "It was written."},
        {"reply": "Something else."},
    ]
}


def _answer(talking: Talking) -> str:
    item = talking.events[-2]["response"]["output"][0]
    return str(item["content"][0]["transcript"])


def test_a_transcript_is_of_words_that_were_said_aloud_and_not_of_written_ones() -> None:
    talking = Talking(session_of(_SCRIPT))
    talking.speak(speech("the weather in Oslo"))
    assert _answer(talking) == "In Oslo."

    talking.say("the weather in Bergen")
    talking.ask()

    assert _answer(talking) == "It was written."


def test_an_event_tells_turns_of_the_session_from_those_of_the_client() -> None:
    script = {
        "rules": [{"match": {"event": "input_audio_buffer.speech_stopped"}, "reply": "heard"}, {"reply": "asked"}]
    }
    talking = Talking(session_of(script))
    talking.speak(speech("Hello"))
    first = _answer(talking)
    talking.ask()

    assert (first, _answer(talking)) == ("heard", "asked")


def test_a_rule_for_idle_time_answers_it() -> None:
    talking = Talking(session_of(_SCRIPT))
    talking.update(audio={"input": {"turn_detection": {"type": "server_vad", "idle_timeout_ms": 5_000}}})
    talking.ask()
    talking.wake()

    assert _answer(talking) == "Still there?"


@pytest.mark.parametrize(
    ("match", "difference"),
    [
        ({"transcript": "snow"}, 'transcript "snow" is not found in the words that were said aloud, "the weather"'),
        (
            {"event": "response.create"},
            "event is response.create, this one is input_audio_buffer.speech_stopped",
        ),
    ],
)
def test_a_near_miss_says_what_was_heard(match: dict[str, str], difference: str) -> None:
    talking = Talking(session_of({"rules": [{"match": match, "reply": "x"}]}))

    talking.speak(speech("the weather"))

    assert difference in talking.events[-1]["error"]["message"]


def test_elsewhere_neither_word_holds() -> None:
    prompt = Prompt(endpoint="responses", model="gpt-4.1", body={"event": "response.create"})
    asked = Candidate(prompt, handshake())

    for match in ({"transcript": ".*"}, {"event": "response.create"}):
        (pattern,) = Match.model_validate(match).patterns()
        assert not pattern.holds(asked)
        assert pattern.difference(asked)


def test_silence_alone_is_no_turn() -> None:
    talking = Talking(session_of(_SCRIPT))

    assert talking.speak(5 * SILENCE) == []
    assert FORMATS["audio/pcm"].count_ms(len(SILENCE)) == 1_000
