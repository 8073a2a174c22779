"""Realtime in text: sessions, items and responses, each event as the SDK's type has it."""

import json
from typing import Any, get_args

import pytest
from openai.types.realtime import RealtimeClientEvent

from llemulator_addon.core.outcome import Play
from llemulator_addon.engine.decide import decide
from llemulator_addon.engine.session import Session
from tests.playing import post
from tests.wire.realtime.talking import Talking, kinds, session_of

_WEATHER = {
    "type": "function",
    "name": "weather",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
}
_SCRIPT = {
    "rules": [
        {"match": {"tool_result": {"name": "weather", "pattern": "rain"}}, "reply": {"text": "Take an umbrella."}},
        {
            "match": {"user_text": "weather"},
            "reply": {"tool_calls": [{"name": "weather", "arguments": {"city": "Oslo"}}]},
        },
        {"match": {"user_text": "long"}, "reply": {"text": "One two", "finish_reason": "length"}},
        {"match": {"user_text": "broken"}, "reply": {"failure": {"status": 500, "message": "Out of order."}}},
        {"match": {"user_text": "wrong"}, "reply": {"failure": {"status": 400, "message": "Not so."}}},
        {"match": {"system_text": "pirate"}, "reply": {"text": "Arr"}},
        {"match": {"user_text": "Hello"}, "reply": {"text": "Hi there"}},
    ]
}


def _talking(query: str = "model=gpt-realtime", **headers: str) -> Talking:
    talking = Talking(session_of(_SCRIPT), query, **headers)
    if not talking.refused and talking.closed is None:
        talking.update(output_modalities=["text"])
    return talking


def _error(events: list[Any]) -> dict[str, Any]:
    (event,) = events
    assert event["type"] == "error"
    return {name: event["error"][name] for name in ("code", "param", "event_id")}


def test_a_session_begins_with_what_it_is() -> None:
    talking = Talking(Session())

    (created,) = talking.events
    session = created["session"]
    assert (created["type"], session["type"], session["model"]) == ("session.created", "realtime", "gpt-realtime")
    assert session["output_modalities"] == ["audio"]
    assert session["audio"]["input"]["turn_detection"]["type"] == "server_vad"
    assert session["audio"]["output"] == {
        "format": {"type": "audio/pcm", "rate": 24_000},
        "voice": "marin",
        "speed": 1.0,
    }


def test_an_update_changes_what_it_names_and_nothing_else() -> None:
    talking = Talking(Session())
    before = talking.events[0]["session"]

    (updated,) = talking.update(
        instructions="Be brief.",
        tools=[_WEATHER],
        audio={"input": {"turn_detection": None}, "output": {"voice": "cedar", "format": {"type": "audio/pcmu"}}},
    )

    assert updated["session"] == {
        **before,
        "instructions": "Be brief.",
        "tools": [_WEATHER],
        "audio": {
            "input": {**before["audio"]["input"], "turn_detection": None},
            "output": {"format": {"type": "audio/pcmu"}, "voice": "cedar", "speed": 1.0},
        },
    }


@pytest.mark.parametrize(
    ("session", "code", "param"),
    [
        ({"type": None}, "missing_required_parameter", "session.type"),
        ({"voice": "alloy"}, "unknown_parameter", "session.voice"),
        ({"type": "transcription"}, "unsupported_value", "session.type"),
        ({"model": "gpt-realtime-mini"}, "unsupported_value", "session.model"),
        ({"output_modalities": ["text", "audio"]}, "invalid_value", "session.output_modalities"),
        ({"max_output_tokens": 5_000}, "integer_above_max_value", "session.max_output_tokens"),
        ({"audio": {"output": {"voice": "nobody"}}}, "invalid_value", "session.audio.output.voice"),
        (
            {"audio": {"input": {"format": {"type": "audio/pcm", "rate": 8_000}}}},
            None,
            "session.audio.input.format.rate",
        ),
        ({"audio": {"input": {"turn_detection": {"type": "x"}}}}, None, "session.audio.input.turn_detection.type"),
        ({"tools": [{"type": "function"}]}, "missing_required_parameter", "session.tools[0].name"),
    ],
)
def test_an_update_that_is_wrong_changes_nothing_and_names_the_event(
    session: dict[str, Any], code: str | None, param: str
) -> None:
    talking = Talking(Session())
    given = {name: value for name, value in {"type": "realtime", **session}.items() if value is not None}

    refused = _error(talking.send("session.update", event_id="mine", session=given))
    (updated,) = talking.update()

    assert (refused["param"], refused["event_id"]) == (param, "mine")
    assert code is None or refused["code"] == code
    assert updated["session"] == talking.events[0]["session"]


def test_a_response_in_text_has_the_events_of_the_api_in_their_order() -> None:
    talking = _talking()
    said = talking.say("Hello")

    events = talking.ask()

    assert kinds(events) == [
        "response.created",
        "response.output_item.added",
        "conversation.item.added",
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.done",
        "response.content_part.done",
        "conversation.item.done",
        "response.output_item.done",
        "response.done",
        "rate_limits.updated",
    ]
    assert "".join(each["delta"] for each in events if each["type"].endswith("delta")) == "Hi there"
    done = events[-2]["response"]
    (item,) = done["output"]
    assert done["status"] == "completed"
    assert item["content"] == [{"type": "output_text", "text": "Hi there"}]
    assert events[2]["previous_item_id"] == said["id"]
    assert done["usage"]["input_tokens"] + done["usage"]["output_tokens"] == done["usage"]["total_tokens"] > 0
    assert len({each["event_id"] for each in talking.events}) == len(talking.events)


def test_a_tool_is_called_and_its_result_is_what_the_next_response_sees() -> None:
    talking = _talking()
    talking.update(tools=[_WEATHER])
    talking.say("the weather")

    called = talking.ask()
    (call,) = called[-2]["response"]["output"]
    talking.send(
        "conversation.item.create",
        item={"type": "function_call_output", "call_id": call["call_id"], "output": "rain"},
    )
    answered = talking.ask()

    assert kinds(called)[3:5] == ["response.function_call_arguments.delta", "response.function_call_arguments.done"]
    assert (call["name"], json.loads(call["arguments"])) == ("weather", {"city": "Oslo"})
    assert answered[-2]["response"]["output"][0]["content"][0]["text"] == "Take an umbrella."


def test_items_are_put_where_the_client_wants_them() -> None:
    talking = _talking()
    first, last = talking.say("one"), talking.say("two")

    begin = talking.say("zero", previous_item_id="root")
    middle = talking.say("between", previous_item_id=first["id"])
    talking.ask()

    items = json.loads(talking.requests[-1].body)["input"]
    assert [each["id"] for each in items] == [begin["id"], first["id"], middle["id"], last["id"]]


@pytest.mark.parametrize(
    ("kind", "fields", "code", "param"),
    [
        ("conversation.item.retrieve", {"item_id": "x"}, "item_retrieve_invalid_item_id", "item_id"),
        ("conversation.item.delete", {"item_id": "x"}, "item_delete_invalid_item_id", "item_id"),
        (
            "conversation.item.truncate",
            {"item_id": "x", "content_index": 0, "audio_end_ms": 5},
            "item_truncate_invalid_item_id",
            "item_id",
        ),
        ("conversation.item.delete", {}, "missing_required_parameter", "item_id"),
        (
            "conversation.item.create",
            {"item": {"type": "function_call_output", "call_id": "call_x", "output": ""}},
            "invalid_tool_call_id",
            "item.call_id",
        ),
        (
            "conversation.item.create",
            {"item": {"type": "message", "role": "system", "content": [{"type": "input_audio"}]}},
            "invalid_value",
            "item.content[0].type",
        ),
        (
            "conversation.item.create",
            {
                "previous_item_id": "x",
                "item": {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "a"}]},
            },
            "item_create_invalid_previous_item_id",
            "previous_item_id",
        ),
        ("input_audio_buffer.commit", {}, "input_audio_buffer_commit_empty", None),
        ("input_audio_buffer.append", {"audio": "%"}, "invalid_value", "audio"),
        ("output_audio_buffer.clear", {}, "invalid_event", "type"),
        ("response.cancel", {}, "response_cancel_not_active", None),
        ("response.create", {"response": {"input": [{"type": "item_reference", "id": "x"}]}}, None, "item_id"),
        ("response.create", {"response": {"nothing": 1}}, "unknown_parameter", "response.nothing"),
        ("response.steer", {}, "invalid_value", "type"),
    ],
)
def test_an_event_that_is_wrong_is_an_error_with_its_id_and_the_connection_goes_on(
    kind: str, fields: dict[str, Any], code: str | None, param: str | None
) -> None:
    talking = _talking()

    refused = _error(talking.send(kind, event_id="mine", **fields))

    assert (refused["param"], refused["event_id"]) == (param, "mine")
    assert code is None or refused["code"] == code
    talking.say("Hello")
    assert talking.ask()[-2]["response"]["status"] == "completed"


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "7"])
def test_a_message_that_is_no_event_is_an_error(text: str) -> None:
    assert _error(_talking().send_text(text))["code"] == "invalid_json"


def test_an_item_is_shown_and_removed() -> None:
    talking = _talking()
    item = talking.say("Hello")

    (shown,) = talking.send("conversation.item.retrieve", item_id=item["id"])
    (deleted,) = talking.send("conversation.item.delete", item_id=item["id"])
    talking.ask(instructions="You are a pirate.")

    assert shown["item"] == item
    assert deleted["item_id"] == item["id"]
    assert json.loads(talking.requests[-1].body)["input"] == []


def test_a_response_beside_the_conversation_leaves_no_item_and_may_have_its_own_input() -> None:
    talking = _talking()
    first = talking.say("Hello")
    reference = {"type": "item_reference", "id": first["id"]}
    more = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "the weather"}]}

    events = talking.ask(conversation="none", input=[reference, more], metadata={"topic": "mine"}, tools=[_WEATHER])
    talking.ask()

    done = events[-2]["response"]
    assert (done["conversation_id"], done["metadata"]) == (None, {"topic": "mine"})
    assert [each["type"] for each in done["output"]] == ["function_call"]
    assert not [kind for kind in kinds(events) if kind.startswith("conversation.")]
    assert len(json.loads(talking.requests[-1].body)["input"]) == 1


def test_one_response_at_a_time_and_others_beside_it() -> None:
    talking = _talking()
    talking.say("Hello")
    talking.holds_answers = True
    talking.ask()
    created = talking.play(2)[0]["response"]["id"]

    (second,) = talking.ask()
    assert second["error"]["code"] == "conversation_already_has_active_response"
    assert created in second["error"]["message"]

    assert talking.ask(conversation="none") == []
    ended = [each["response"]["id"] for each in talking.play() if each["type"] == "response.done"]
    assert len(set(ended)) == 2
    assert talking.ask() == []


def test_a_cancelled_response_ends_with_what_was_said_so_far() -> None:
    talking = _talking()
    talking.say("Hello")
    talking.holds_answers = True
    talking.ask()
    begun = talking.play(5)

    ended = talking.send("response.cancel")

    delta = begun[-1]["delta"]
    assert kinds(ended) == [
        "response.output_text.done",
        "response.content_part.done",
        "conversation.item.done",
        "response.output_item.done",
        "response.done",
    ]
    done = ended[-1]["response"]
    assert (done["status"], done["status_details"]["reason"]) == ("cancelled", "client_cancelled")
    assert done["output"][0]["content"] == [{"type": "output_text", "text": delta}]
    assert done["output"][0]["status"] == "incomplete"
    assert talking.stopped == [done["id"]]
    assert _error(talking.send("response.cancel"))["code"] == "response_cancel_not_active"


def test_a_response_that_is_cancelled_before_it_begins_has_a_beginning_and_an_end() -> None:
    talking = _talking()
    talking.holds_answers = True
    talking.ask()

    assert kinds(talking.send("response.cancel")) == ["response.created", "response.done"]


def test_a_reply_that_is_cut_by_its_length_is_incomplete() -> None:
    talking = _talking()
    talking.say("a long one")

    done = talking.ask()[-2]["response"]

    assert (done["status"], done["status_details"]) == (
        "incomplete",
        {"type": "incomplete", "reason": "max_output_tokens"},
    )


def test_a_server_that_fails_is_a_response_that_fails() -> None:
    talking = _talking()
    talking.say("broken")

    events = talking.ask()

    assert kinds(events) == ["response.created", "response.done"]
    assert events[-1]["response"]["status_details"]["error"]["message"] == "Out of order."
    assert kinds(talking.ask()) == ["response.created", "response.done"]


def test_a_request_that_is_wrong_is_an_error_event() -> None:
    talking = _talking()
    talking.say("wrong")

    (event,) = talking.send("response.create", event_id="mine")

    assert (event["error"]["message"], event["error"]["event_id"]) == ("Not so.", "mine")


@pytest.mark.parametrize(
    ("query", "headers", "code"),
    [
        ("", {}, "missing_model"),
        ("model=nothing", {}, "model_not_found"),
        ("model=gpt-4.1", {}, "invalid_model"),
        ("model=gpt-realtime", {"openai-beta": "realtime=v1"}, "beta_api_shape_disabled"),
        (
            "model=gpt-realtime",
            {"sec-websocket-protocol": "realtime, openai-beta.realtime-v1"},
            "beta_api_shape_disabled",
        ),
    ],
)
def test_a_connection_that_openai_does_not_want_is_told_why_and_closed(
    query: str, headers: dict[str, str], code: str
) -> None:
    talking = Talking(Session(), query, **headers)

    assert _error(talking.events)["code"] == code
    assert talking.closed == (4000, f"invalid_request_error.{code}")


@pytest.mark.parametrize(
    ("day", "words"),
    [
        ("2026-05-11", "llemulator does not speak the Realtime Beta API"),
        ("2026-05-12", "The Realtime Beta API is no longer supported"),
        (None, "The Realtime Beta API is no longer supported"),
    ],
)
def test_the_beta_api_is_refused_on_each_day_with_openais_words_since_it_is_gone(day: str | None, words: str) -> None:
    session = session_of({"responses": "Hi"} | ({} if day is None else {"api_date": day}))

    talking = Talking(session, **{"openai-beta": "realtime=v1"})

    assert _error(talking.events)["code"] == "beta_api_shape_disabled"
    assert talking.events[-1]["error"]["message"].startswith(words)
    assert talking.closed == (4000, "invalid_request_error.beta_api_shape_disabled")


def test_a_call_that_nobody_accepted_has_no_connection() -> None:
    talking = Talking(Session(), "call_id=rtc_1")

    assert talking.refused is not None
    assert talking.refused[0].status == 404  # type: ignore[union-attr]


def test_over_http_there_are_no_responses_of_realtime() -> None:
    _, outcome = decide(Session(), post("/v1/realtime", {"model": "gpt-realtime"}))

    assert isinstance(outcome, Play)
    assert outcome.steps[0].status == 404  # type: ignore[union-attr]


def test_an_unscripted_session_echoes_and_a_simulated_one_answers() -> None:
    for fallback in ("echo", "simulate"):
        talking = Talking(session_of({"defaults": {"on_unmatched": fallback}, "rules": []}))
        talking.update(output_modalities=["text"])
        talking.say("What is a lighthouse?")

        text = talking.ask()[-2]["response"]["output"][0]["content"][0]["text"]

        assert text == "What is a lighthouse?" if fallback == "echo" else "lighthouse" in text


def test_the_same_seed_gives_the_same_events() -> None:
    def events() -> list[Any]:
        talking = _talking()
        talking.say("Hello")
        talking.ask()
        return talking.events

    assert events() == events()


def test_every_event_of_the_sdk_is_known() -> None:
    talking = _talking()

    for each in get_args(get_args(RealtimeClientEvent)[0]):
        (kind,) = get_args(each.model_fields["type"].annotation)
        for event in talking.send(kind):
            assert event["type"] != "error" or event["error"]["param"] != "type" or kind == "output_audio_buffer.clear"


def test_an_event_that_the_sdk_does_not_have_is_refused_and_those_that_are_known_are_listed() -> None:
    (refused,) = _talking().send("response.steer")

    assert "'response.create'" in refused["error"]["message"]
