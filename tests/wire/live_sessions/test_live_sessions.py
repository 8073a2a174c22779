"""GPT-Live: a talk without sockets. `decide` answers its requests, and the SDK's types read its events."""

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Any, ClassVar, get_args

import pytest
from openai.types.live import ClientEvent, ServerEvent
from openai.types.responses import ResponsesServerEvent
from pydantic import BaseModel, TypeAdapter

from llemulator_addon.wire import audio
from tests.wire.realtime.talking import SILENCE, Event, Talking, kinds, session_of

_SCRIPT = {
    "rules": [
        {
            "match": {"endpoint": "live", "user_text": "task"},
            "reply": {"tool_calls": [{"name": "do", "arguments": {}}]},
        },
        {"match": {"endpoint": "live", "user_text": "fail"}, "reply": {"failure": {"status": 429, "message": "Slow."}}},
        {"match": {"endpoint": "live"}, "reply": {"text": "It is sunny in Oslo."}},
        {
            "match": {"endpoint": "responses", "tool_result": {"name": "weather", "pattern": "sun"}},
            "reply": {"text": "Sunny."},
        },
        {
            "match": {"endpoint": "responses", "user_text": "weather"},
            "reply": {"tool_calls": [{"name": "weather", "arguments": {"city": "Oslo"}}]},
        },
    ]
}
_RESPONSES = {"type": "responses", "responses": {"model": "gpt-5.4", "instructions": "Be brief."}}


class _Live(Talking):
    path = "/v1/live/sessions"
    types: ClassVar[Mapping[str, type[BaseModel]]] = {
        get_args(each.model_fields["type"].annotation)[0]: each for each in get_args(get_args(ServerEvent)[0])
    }

    def start(self, **session: object) -> list[Event]:
        """Start the session."""
        return self.send("session.start", session={"model": "gpt-live-1", **session})

    def tell(self, text: str, **more: object) -> list[Event]:
        """Add a commentary."""
        return self.send("session.commentary.append", content=text, **{"delegation_id": None, **more})


def _live(**session: object) -> _Live:
    live = _Live(session_of(_SCRIPT), "")
    live.start(**session)
    return live


def _said(events: list[Event]) -> str:
    return "".join(each["delta"] for each in events if each["type"] == "session.output_transcript.delta")


def _sound(events: list[Event]) -> bytes:
    return b"".join(b64decode(each["delta"]) for each in events if each["type"] == "session.output_audio.delta")


def _error(events: list[Event]) -> tuple[Any, ...]:
    (event,) = events
    assert event["type"] == "error"
    return event["error"]["code"], event["error"]["param"]


def test_a_session_begins_with_what_the_client_wants_and_usual_values() -> None:
    live = _Live(session_of(_SCRIPT), "")
    before = live.tell("Hello")
    (started,) = live.start(instructions="Be kind.")
    again = live.start()

    assert _error(before) == ("session_not_started", None)
    session = started["session"]
    assert session["audio"] == {"format": {"type": "audio/pcm", "rate": 24_000}, "output": {"voice": "marin"}}
    assert (session["model"], session["instructions"], session["status"]) == ("gpt-live-1", "Be kind.", "active")
    assert _error(again) == ("session_already_started", None)


def test_an_answer_repeats_the_id_of_the_event_that_it_answers() -> None:
    live = _live()

    (muted,) = live.send("session.input_audio.mute", event_id="mine")
    (refused,) = live.send("decision.create", event_id="other")

    assert muted["client_event_id"] == "mine"
    assert refused["error"]["client_event_id"] == "other"


@pytest.mark.long
def test_the_model_speaks_of_a_commentary_with_words_and_sound_that_fit_in_time() -> None:
    live = _live()

    events = live.tell("The weather is fine.")

    assert kinds(events)[0] == "session.commentary.appended"
    assert (_said(events), kinds(events)[-1]) == ("It is sunny in Oslo.", "session.usage.updated")
    words = [each for each in events if each["type"] == "session.output_transcript.delta"]
    assert [each["end_ms"] for each in words[:-1]] == [each["start_ms"] for each in words[1:]]
    assert words[-1]["end_ms"] == len(_sound(events)) // 48
    assert events[-1]["usage"] == {"seconds": words[-1]["end_ms"] / 1_000}


@pytest.mark.parametrize(
    ("spoken", "bytes_of_a_ms"),
    [({"type": "audio/pcm", "rate": 16_000}, 32), ({"type": "audio/pcmu", "rate": 8_000}, 8)],
)
def test_the_sound_is_in_the_format_of_the_session(spoken: object, bytes_of_a_ms: int) -> None:
    live = _live(audio={"format": spoken})

    events = live.tell("Hello")

    assert len(_sound(events)) // bytes_of_a_ms == pytest.approx(audio.seconds_of(_said(events)) * 1_000, abs=2)


def test_the_model_knows_what_was_said_before() -> None:
    before = [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "I am Ada."}]}]
    live = _live(input=before, instructions="Be kind.")
    live.send("session.thinking.append", content="She is 36.", delegation_id=None)
    live.tell("one")
    live.tell("two")

    body = json.loads(live.requests[-1].body)
    assert body["instructions"] == "Be kind."
    assert [(each["role"], each["content"][0]["text"]) for each in body["input"]] == [
        ("user", "I am Ada."),
        ("developer", "She is 36."),
        ("user", "one"),
        ("assistant", "It is sunny in Oslo."),
        ("user", "two"),
    ]


def test_what_is_to_be_said_later_waits_for_what_is_being_said() -> None:
    live = _live()
    live.holds_answers = True

    live.tell("one")
    live.tell("two")
    first, second = live.play(), live.play()

    assert (_said(first), _said(second)) == ("It is sunny in Oslo.", "It is sunny in Oslo.")
    assert len(live.requests) == 2


def test_a_user_is_heard_answered_and_interrupts_the_model() -> None:
    live = _live()
    live.holds_answers = True
    live.tell("one")
    live.play(3)

    sound = audio.pcm16("How are you?") + SILENCE
    for at in range(0, len(sound), 9_600):
        live.send("session.input_audio.append", audio=b64encode(sound[at : at + 9_600]).decode())
    events = live.play() + live.play()

    (heard,) = (each for each in events if each["type"] == "session.input_transcript.delta")
    assert live.stopped == ["speech"]
    assert heard["delta"] == "How are you?"
    assert 0 <= heard["start_ms"] < heard["end_ms"] <= len(sound) // 48
    assert _said(events) == "It is sunny in Oslo."


def test_a_session_that_is_muted_hears_nothing() -> None:
    live = _live()
    live.send("session.input_audio.mute")

    heard = live.send("session.input_audio.append", audio=b64encode(audio.pcm16("Hello") + SILENCE).decode())

    assert (heard, live.requests) == ([], [])


def test_a_task_for_the_application_has_an_id_with_which_it_answers() -> None:
    live = _live()

    (created,) = (each for each in live.tell("a task") if each["type"] == "session.delegation.created")
    delegation = created["delegation"]
    known = live.tell("It is done.", delegation_id=delegation["id"])
    unknown = live.tell("It is done.", delegation_id="deleg_other")

    assert (delegation["target"], delegation["type"]) == ("client", "delegation")
    assert _said(known) == "It is sunny in Oslo."
    assert _error(unknown) == ("delegation_not_found", "delegation_id")


@pytest.mark.long
def test_responses_do_a_task_with_a_tool_in_events_of_their_own_and_the_model_speaks_of_the_result() -> None:
    live = _live(delegation=_RESPONSES)
    item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "weather?"}]}

    added = live.send("response.item.create", item=item)
    called = live.send("response.create")
    (call,) = (each["event"]["item"] for each in called if each["event"]["type"] == "response.output_item.done")
    live.send(
        "response.item.create",
        item={"type": "function_call_output", "call_id": call["call_id"], "output": "sun"},
    )
    events = live.send("response.create")

    assert added == []
    assert call["name"] == "weather"
    nested = [each["event"] for each in (*called, *events) if each["type"] == "response.event"]
    assert [TypeAdapter(ResponsesServerEvent).validate_python(each).type for each in nested][-1] == "response.completed"
    assert "".join(each["delta"] for each in nested if each["type"] == "response.output_text.delta") == "Sunny."
    ids = [each["event_id"] for each in (*called, *events) if each["type"] == "response.event"]
    assert len(set(ids)) == len(ids) == len(nested)
    assert _said(events) == "It is sunny in Oslo."


def test_a_task_of_the_model_goes_to_responses_where_the_session_says_so() -> None:
    live = _live(delegation=_RESPONSES)

    events = live.tell("a task: the weather")

    assert [request.path for request in live.requests] == ["/v1/live", "/v1/responses"]
    (created,) = (each for each in events if each["type"] == "session.delegation.created")
    assert created["delegation"]["target"] == "responses"
    assert events[-1]["event"]["type"] == "response.completed"


def test_an_answer_that_fails_is_an_error_with_the_id_of_its_event() -> None:
    live = _live()

    (appended, failed) = live.tell("fail", event_id="mine")[:2]

    assert appended["type"] == "session.commentary.appended"
    assert (failed["error"]["message"], failed["error"]["client_event_id"]) == ("Slow.", "mine")
    assert _said(live.tell("again")) == "It is sunny in Oslo."


def test_a_fixture_is_played_for_as_long_as_it_is_and_nothing_is_said_meanwhile() -> None:
    live = _live()

    playing = live.send("session.output_audio.fixture.play", audio=b64encode(SILENCE).decode(), event_id="mine")
    refused = live.tell("Hello")
    played = live.wake()

    assert [kinds(playing), kinds(played)] == [
        ["session.output_audio.fixture.playing"],
        ["session.output_audio.fixture.played"],
    ]
    assert (live.wakes[-1].seconds, played[0]["client_event_id"]) == (1.0, "mine")
    assert _error(refused) == ("fixture_active", None)


def test_a_session_is_changed_within_bounds() -> None:
    live = _live(delegation=_RESPONSES)

    (updated,) = live.send("session.update", session={"delegation": {**_RESPONSES, "responses": {"model": "gpt-5.5"}}})
    other = live.send("session.update", session={"delegation": {"type": "client"}})
    voice = live.send("session.update", session={"audio": {}})

    assert updated["session"]["delegation"]["responses"] == {"model": "gpt-5.5", "instructions": "Be brief."}
    assert _error(other) == ("invalid_value", "session.delegation.type")
    assert _error(voice)[1] == "session.audio"


def test_a_session_that_is_closed_says_why_and_what_it_used() -> None:
    live = _live()
    live.tell("Hello")

    (closed,) = live.send("session.close")

    assert (closed["reason"], closed["usage"]["seconds"] > 0) == ("close_requested", True)
    assert live.closed is not None
    assert live.closed.code == 1000


def test_each_event_that_the_sdk_sends_is_known() -> None:
    known = {get_args(each.model_fields["type"].annotation)[0] for each in get_args(get_args(ClientEvent)[0])}

    told = {kind: str(_Live(session_of(_SCRIPT), "").send(kind)) for kind in sorted(known)}

    assert [kind for kind, events in told.items() if "Supported values" in events] == []
    assert _error(_live().send("session.dance")) == ("invalid_value", "type")


@pytest.mark.parametrize(
    ("session", "param"),
    [
        ({}, "session.model"),
        (
            {"model": "gpt-live-1", "audio": {"format": {"type": "audio/pcm", "rate": 8_000}}},
            "session.audio.format.rate",
        ),
        ({"model": "gpt-live-1", "delegation": {"type": "responses"}}, "session.delegation.responses"),
        ({"model": "gpt-live-1", "input": [{"role": "user", "content": []}]}, "session.input[0].content"),
        ({"model": "gpt-live-1", "voice": "marin"}, "session.voice"),
    ],
)
def test_a_session_that_is_wrong_is_refused_at_its_place_and_may_be_started_again(session: object, param: str) -> None:
    live = _Live(session_of(_SCRIPT), "")

    refused = live.send("session.start", session=session)

    assert _error(refused)[1] == param
    assert kinds(live.start()) == ["session.started"]
