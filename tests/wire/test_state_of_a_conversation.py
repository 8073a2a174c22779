"""What must hold between the items of a conversation on Responses, over its requests."""

import json
from typing import Any

import pytest

from llemulator_addon.core.request import Request
from llemulator_addon.emulator import Emulator
from tests.playing import body_of, emulator, json_of, play, post, request, status
from tests.wire.shapes import events

RESPONSES = "/v1/responses"
USER = {"role": "user", "content": "hi"}
ASKED = {"role": "user", "content": "Weather?"}
RESULT = {"type": "function_call_output", "output": "rain"}
THINKING = {
    "responses": [{"reply": {"reasoning": "think", "tool_calls": [{"name": "f", "arguments": {}}]}}, "done", "again"]
}
SPOKEN = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "x"}]}
TOO_LONG = "Your input exceeds the context window of this model. Please adjust your input and try again."
REASONING = {"type": "reasoning", "id": "rs_1", "summary": []}
NOT_READABLE = "could not be verified. Reason: Encrypted content could not be decrypted or parsed."


def _ask(server: Emulator, model: str = "gpt-5", **body: object) -> Any:  # noqa: ANN401 - JSON
    return json_of(_steps(server, model, **body))


def _steps(server: Emulator, model: str = "gpt-5", **body: object) -> Any:  # noqa: ANN401 - steps
    return play(server, post(RESPONSES, {"model": model, **body}))[0]


def _think(server: Emulator, more: dict[str, Any] | None = None) -> tuple[dict[str, Any], ...]:
    """Return a first answer, its reasoning and its call."""
    made = _ask(server, "gpt-5", input=[ASKED], **(more or {}))
    reasoning, call = made["output"]
    return made, reasoning, call


def _refused(param: str | None, message: str, code: str | None = None) -> dict[str, Any]:
    return {"error": {"message": message, "type": "invalid_request_error", "param": param, "code": code}}


def test_a_call_without_its_reasoning_is_refused_and_without_its_id_taken() -> None:
    server = emulator(THINKING)
    _, reasoning, call = _think(server)
    result = {**RESULT, "call_id": call["call_id"]}

    assert _ask(server, input=[ASKED, call, result]) == _refused(
        "input",
        f"Item '{call['id']}' of type 'function_call' was provided without its required 'reasoning' item: "
        f"'{reasoning['id']}'.",
    )
    without_id = {key: value for key, value in call.items() if key != "id"}
    assert _ask(server, input=[ASKED, without_id, result])["output"][-1]["content"][0]["text"] == "done"
    assert _ask(server, input=[ASKED, reasoning, call, result])["output"][-1]["content"][0]["text"] == "again"


def test_a_message_without_its_reasoning_is_refused() -> None:
    server = emulator({"responses": [{"reply": {"reasoning": "think", "text": "Rain."}}]})
    reasoning, message = _ask(server, input=[ASKED])["output"]

    assert _ask(server, input=[ASKED, message, USER]) == _refused(
        "input",
        f"Item '{message['id']}' of type 'message' was provided without its required 'reasoning' item: "
        f"'{reasoning['id']}'.",
    )


def test_a_reference_to_a_call_brings_no_reasoning() -> None:
    server = emulator(THINKING)
    _, _, call = _think(server)
    items = [{"type": "item_reference", "id": call["id"]}, {**RESULT, "call_id": call["call_id"]}]

    assert "without its required 'reasoning' item" in _ask(server, input=items)["error"]["message"]


def test_a_call_after_its_response_has_its_reasoning_there() -> None:
    server = emulator(THINKING)
    made, _, call = _think(server)
    items = [{**RESULT, "call_id": call["call_id"]}]

    assert _ask(server, input=items, previous_response_id=made["id"])["status"] == "completed"


@pytest.mark.parametrize("after", [USER, {"role": "system", "content": "b"}])
def test_a_reasoning_in_the_middle_must_be_followed_by_what_it_led_to(after: dict[str, Any]) -> None:
    items = [ASKED, {**REASONING, "encrypted_content": "…"}, after, SPOKEN]

    assert _ask(emulator(), input=items) == _refused(
        "input", "Item 'rs_1' of type 'reasoning' was provided without its required following item."
    )


def test_the_same_item_twice_is_refused() -> None:
    item = {**SPOKEN, "id": "msg_1"}

    assert _ask(emulator(), "gpt-4o", input=[item, item]) == _refused(
        "input", "Duplicate item found with id msg_1. Remove duplicate items from your input and try again."
    )


def test_an_item_of_the_response_before_is_there_already() -> None:
    server = emulator(THINKING)
    made, reasoning, call = _think(server)
    items = [reasoning, call, {**RESULT, "call_id": call["call_id"]}]

    assert _ask(server, input=items, previous_response_id=made["id"]) == _refused(
        "input",
        f"Duplicate item found with id {reasoning['id']}. Remove duplicate items from your input and try again.",
    )


def test_an_item_of_the_conversation_is_there_already() -> None:
    server = emulator({"responses": ["one", "two"]})
    name = json_of(play(server, post("/v1/conversations", {}))[0])["id"]
    (said,) = _ask(server, "gpt-4o", input="hi", conversation=name)["output"]

    assert "Duplicate item found" in _ask(server, "gpt-4o", input=[said], conversation=name)["error"]["message"]


def test_a_reasoning_that_was_not_stored_is_not_found_by_its_id() -> None:
    server = emulator(THINKING)
    _, reasoning, call = _think(server, {"store": False})
    items = [ASKED, reasoning, call, {**RESULT, "call_id": call["call_id"]}]
    steps = _steps(server, input=items)

    assert (status(steps), json_of(steps)) == (
        404,
        _refused(
            "input",
            f"Item with id '{reasoning['id']}' not found. Items are not persisted when `store` is set to false. Try "
            "again with `store` set to true, or remove this item from your input.",
        ),
    )


@pytest.mark.parametrize("content", ["garbage", "gAAAAAB" + "x" * 337, "gAAAAABn-real_looking=="])
def test_encrypted_content_that_was_not_given_out_is_refused(content: str) -> None:
    items = [ASKED, {**REASONING, "encrypted_content": content}, SPOKEN]

    assert _ask(emulator(), input=items, store=False) == _refused(
        None, f"The encrypted content for item rs_1 {NOT_READABLE}", "invalid_encrypted_content"
    )


def test_encrypted_content_of_an_item_without_an_id_is_named_by_its_ends() -> None:
    items = [ASKED, {"type": "reasoning", "summary": [], "encrypted_content": "gAAAAAB12345DQ=="}, SPOKEN]

    assert _ask(emulator(), input=items, store=False) == _refused(
        None, f"The encrypted content gAAA...DQ== {NOT_READABLE}", "invalid_encrypted_content"
    )


def test_encrypted_content_that_was_given_out_is_taken() -> None:
    server = emulator(THINKING)
    include = ["reasoning.encrypted_content"]
    _, reasoning, call = _think(server, {"store": False, "include": include})
    items = [ASKED, reasoning, call, {**RESULT, "call_id": call["call_id"]}]

    assert _ask(server, input=items, store=False, include=include)["status"] == "completed"


def test_encrypted_content_of_a_raw_answer_is_taken() -> None:
    body = {"output": [{**REASONING, "encrypted_content": "gAAAAABof-another-account"}]}
    server = emulator({"responses": [{"reply": {"raw": {"body": json.dumps(body)}}}, "done"]})
    (reasoning,) = _ask(server, input=[ASKED])["output"]

    assert _ask(server, input=[ASKED, reasoning, SPOKEN], store=False)["status"] == "completed"


def test_a_result_may_answer_a_search_for_tools() -> None:
    search = {"type": "tool_search_call", "call_id": "c1", "arguments": {}, "execution": "client"}

    assert _ask(emulator(), "gpt-5.4", input=[search, {**RESULT, "call_id": "c1"}])["status"] == "completed"


# Windows ------------------------------------------------------------------------------------------------------------


def test_more_input_than_the_window_is_refused() -> None:
    steps = _steps(emulator(), "gpt-4o", input="hello " * 140_000)

    assert (status(steps), json_of(steps)) == (400, _refused("input", TOO_LONG, "context_length_exceeded"))


def test_a_stream_has_begun_when_its_input_is_found_to_be_too_long() -> None:
    steps = _steps(emulator(), "gpt-4o", input="hello " * 140_000, stream=True)
    sent = events(body_of(steps))

    assert status(steps) == 200
    assert [event["type"] for event in sent] == [
        "response.created",
        "response.in_progress",
        "error",
        "response.failed",
    ]
    assert sent[2] == {
        "type": "error",
        "error": {
            "type": "invalid_request_error",
            "code": "context_length_exceeded",
            "message": TOO_LONG,
            "param": "input",
        },
        "sequence_number": 2,
    }


def test_a_window_is_filled_over_a_chain_and_a_conversation() -> None:
    server = emulator({"responses": ["ok", "ok", "ok"]})
    half = "hello " * 70_000
    before = _ask(server, "gpt-4o", input=half)["id"]
    name = json_of(play(server, post("/v1/conversations", {}))[0])["id"]
    _ask(server, "gpt-4o", input=half, conversation=name)

    for more in ({"previous_response_id": before}, {"conversation": name}):
        assert _ask(server, "gpt-4o", input=half, **more) == _refused("input", TOO_LONG, "context_length_exceeded")


def test_the_api_shortens_what_is_too_long_where_it_is_told_to() -> None:
    assert _ask(emulator(), "gpt-4o", input="hello " * 140_000, truncation="auto")["status"] == "completed"


# One at a time ------------------------------------------------------------------------------------------------------


def _waiting() -> tuple[Emulator, str]:
    server = emulator({"responses": ["one", "two", "three"], "defaults": {"stream": {"ttft_ms": 400}}})
    return server, json_of(play(server, post("/v1/conversations", {}))[0])["id"]


def _turn(name: str, at: float) -> Request:
    return post(RESPONSES, {"model": "gpt-4o", "input": "hi", "conversation": name, "stream": True}, at=at)


def test_two_requests_at_a_time_on_one_conversation_are_one_too_many() -> None:
    server, name = _waiting()

    first, second, third, later = play(server, *(_turn(name, at) for at in (100.0, 100.1, 100.3, 100.5)))

    assert [status(first), status(later)] == [200, 200]
    for refused in (second, third):
        assert (status(refused), json_of(refused)) == (
            400,
            _refused(
                "conversation",
                "Another process is currently operating on this conversation. Please retry in a few seconds.",
                "conversation_locked",
            ),
        )


def test_another_conversation_is_free_meanwhile() -> None:
    server, name = _waiting()
    other = json_of(play(server, post("/v1/conversations", {}))[0])["id"]

    assert [status(steps) for steps in play(server, _turn(name, 100.0), _turn(other, 100.1))] == [200, 200]


# What may be included -----------------------------------------------------------------------------------------------


def test_encrypted_content_is_not_to_be_had_of_what_is_stored() -> None:
    server = emulator(THINKING)
    made, _, _ = _think(server)
    path = f"{RESPONSES}/{made['id']}"

    encrypted, unknown, known = play(
        server,
        request("GET", f"{path}?include[]=reasoning.encrypted_content"),
        request("GET", f"{path}?include[]=foo"),
        request("GET", f"{path}?include=message.output_text.logprobs"),
    )

    assert (status(encrypted), json_of(encrypted)) == (
        400,
        _refused("include", "Encrypted content cannot be requested for persisted responses."),
    )
    assert (status(unknown), json_of(unknown)["error"]["param"]) == (400, "include[0]")
    assert json_of(unknown)["error"]["message"].startswith("Invalid value: 'foo'. Supported values are: 'file_search")
    assert status(known) == 200
