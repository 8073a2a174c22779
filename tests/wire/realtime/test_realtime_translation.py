"""Translation sessions of Realtime: what is said comes in, and its translation goes out."""

from base64 import b64decode, b64encode
from typing import Any, get_args

from openai.types.realtime import RealtimeTranslationClientSecretCreateResponse, RealtimeTranslationServerEvent
from pydantic import BaseModel

from llemulator_addon.core.outcome import Play
from llemulator_addon.engine.decide import decide
from llemulator_addon.wire import audio
from tests.playing import json_of, post
from tests.wire.realtime.talking import Event, Talking, kinds, session_of, speech

_TYPES: dict[str, type[BaseModel]] = {
    get_args(each.model_fields["type"].annotation)[0]: each
    for each in get_args(get_args(RealtimeTranslationServerEvent)[0])
}
_SCRIPT = {
    "rules": [{"match": {"endpoint": "realtime.translation", "user_text": "How are you"}, "reply": "Comment vas-tu ?"}]
}
_QUERY = "model=gpt-realtime-translate"


class _Translating(Talking):
    """A connection to `/v1/realtime/translations`."""

    path = "/v1/realtime/translations"
    types = _TYPES

    def append(self, sound: bytes) -> list[Event]:
        """Append sound in frames of 200 ms."""
        before = len(self.events)
        for at in range(0, len(sound), 9_600):
            self.send("session.input_audio_buffer.append", audio=b64encode(sound[at : at + 9_600]).decode())
        return self.events[before:]


def _joined(events: list[Event], kind: str) -> str:
    return "".join(each["delta"] for each in events if each["type"] == kind)


def test_what_is_said_is_translated_in_words_and_sound() -> None:
    talking = _Translating(session_of(_SCRIPT), _QUERY)
    session: dict[str, Any] = {
        "input": {"transcription": {"model": "gpt-realtime-whisper"}},
        "output": {"language": "fr"},
    }
    (updated,) = talking.send("session.update", session={"audio": session})

    events = talking.append(speech("How are you?"))

    assert talking.events[0]["session"]["type"] == "translation"
    assert updated["session"]["audio"]["output"]["language"] == "fr"
    assert kinds(events) == [
        "session.input_transcript.delta",
        "session.output_transcript.delta",
        "session.output_audio.delta",
    ]
    assert _joined(events, "session.input_transcript.delta") == "How are you?"
    assert _joined(events, "session.output_transcript.delta") == "Comment vas-tu ?"
    sound = b"".join(b64decode(each["delta"]) for each in events if each["type"] == "session.output_audio.delta")
    assert sound == audio.pcm16("Comment vas-tu ?")
    assert {each["elapsed_ms"] % 200 for each in events} == {0}
    assert '"language":"fr"' in talking.requests[-1].body.decode()


def test_a_session_that_is_closed_translates_what_is_left() -> None:
    talking = _Translating(session_of(_SCRIPT), _QUERY)
    assert talking.append(audio.pcm16("How are you?")) == []

    events = talking.send("session.close")

    assert kinds(events) == ["session.output_transcript.delta", "session.output_audio.delta", "session.closed"]
    assert talking.closed == (1000, "session closed")


def test_an_event_that_is_wrong_is_an_error_and_the_session_goes_on() -> None:
    talking = _Translating(session_of(_SCRIPT), _QUERY)

    for kind, fields, param in (
        ("session.steer", {}, "type"),
        ("session.update", {}, "session"),
        ("session.input_audio_buffer.append", {"audio": "%"}, "audio"),
        ("session.update", {"session": {"audio": {"output": {"language": 7}}}}, "session.audio.output.language"),
    ):
        (refused,) = talking.send(kind, event_id="mine", **fields)
        assert (refused["error"]["param"], refused["error"]["event_id"]) == (param, "mine")
    assert "session.output_transcript.delta" in kinds(talking.append(speech("How are you?")))


def test_a_secret_for_translations_begins_such_a_session() -> None:
    session = {"model": "gpt-realtime-translate", "audio": {"output": {"language": "es"}}}
    after, made = decide(session_of(_SCRIPT), post("/v1/realtime/translations/client_secrets", {"session": session}))
    assert isinstance(made, Play)
    secret = json_of(made.steps)
    RealtimeTranslationClientSecretCreateResponse.model_validate(secret)

    talking = _Translating(after, "", authorization=f"Bearer {secret['value']}")

    assert talking.events[0]["session"]["audio"]["output"]["language"] == "es"
