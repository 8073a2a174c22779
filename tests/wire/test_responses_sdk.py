from typing import Any

import httpx2
import openai
import pytest
from openai import OpenAI
from openai.lib.streaming.responses import ResponseStreamManager
from openai.types.responses import ParsedResponse, ResponseFunctionToolCall
from pydantic import BaseModel

from tests.playing import emulator, load
from tests.wire.answering import InProcess
from tests.wire.answering import client as official


class Weather(BaseModel):
    """What a structured output or a tool is to hold."""

    city: str
    degrees: int


def client(*rules: Any) -> OpenAI:  # noqa: ANN401 - rules in any form
    """The official SDK, over an emulator that plays these rules."""
    server = emulator()
    if rules:
        load(server, {"rules": list(rules)}, token="sk-test-1234")
    return official(server)


def whole(manager: ResponseStreamManager[Any]) -> ParsedResponse[Any]:
    """What the accumulator makes of a stream; it raises for events that do not fit together."""
    with manager as stream:
        for _ in stream:
            pass
        return stream.get_final_response()


@pytest.mark.long
@pytest.mark.parametrize("model", ["gpt-4o", "gpt-5.5"])
@pytest.mark.parametrize(
    "reply",
    [
        {"text": "Hello there, 世界!"},
        {"refusal": "I cannot say."},
        {"reasoning": "Hm.", "text": "Yes."},
        {"tool_calls": [{"name": "f", "arguments": {"a": 1}}, {"name": "g", "arguments": {}}]},
        {"tool_calls": [{"name": "run", "input": "ls -l"}]},
        {"text": "", "finish_reason": "stop"},
        {"blocks": [{"hosted_call": {"type": "file_search_call"}}, {"text": "Found."}]},
        {"blocks": [{"hosted_call": {"type": "code_interpreter_call", "code": "1"}}, {"text": "One."}]},
        {"blocks": [{"hosted_call": {"type": "image_generation_call"}}, {"text": "Seen."}]},
        {"blocks": [{"hosted_call": {"type": "mcp_call", "name": "roll"}}, {"text": "Rolled."}]},
        {"blocks": [{"hosted_call": {"type": "shell_call", "action": {"commands": ["ls"]}}}]},
    ],
)
def test_the_accumulator_of_the_sdk_takes_every_stream(reply: dict[str, Any], model: str) -> None:
    sdk = client({"reply": reply})

    final = whole(sdk.responses.stream(model=model, input="Hi"))

    assert final.status == "completed"
    assert final.usage is not None
    assert final.id == sdk.responses.retrieve(final.id).id
    body = sdk.responses.retrieve(final.id)
    assert [item.to_dict(exclude_none=True) for item in body.output] == [
        {key: value for key, value in item.to_dict(exclude_none=True).items() if key != "parsed_arguments"}
        for item in final.output
    ]


@pytest.mark.long
def test_a_search_is_announced_as_recorded_which_only_a_strict_client_minds() -> None:
    server = emulator()
    reply = {"blocks": [{"hosted_call": {"type": "web_search_call"}}, {"text": "Found."}]}
    load(server, {"rules": [{"reply": reply}]}, token="sk-test-1234")
    sdk = OpenAI(api_key="sk-test-1234", http_client=httpx2.Client(transport=InProcess(server)))

    final = whole(sdk.responses.stream(model="gpt-4o", input="Hi"))

    assert [item.type for item in final.output] == ["web_search_call", "message"]
    assert final.output_text == "Found."


@pytest.mark.long
def test_structured_output_is_parsed_from_a_body_and_from_a_stream() -> None:
    sdk = client({"reply": {"json": {"city": "Oslo", "degrees": 12}}})
    expected = Weather(city="Oslo", degrees=12)

    parsed = sdk.responses.parse(model="gpt-4o", input="Hi", text_format=Weather)
    streamed = whole(sdk.responses.stream(model="gpt-4o", input="Hi", text_format=Weather))

    assert parsed.output_parsed == expected
    assert streamed.output_parsed == expected


def test_arguments_of_a_tool_are_parsed() -> None:
    sdk = client({"reply": {"tool_calls": [{"name": "Weather", "arguments": {"city": "Oslo", "degrees": 12}}]}})

    parsed = sdk.responses.parse(model="gpt-4o", input="Hi", tools=[openai.pydantic_function_tool(Weather)])

    (call,) = parsed.output
    assert isinstance(call, ResponseFunctionToolCall)
    assert call.to_dict()["parsed_arguments"] == {"city": "Oslo", "degrees": 12}


def test_an_unknown_model_is_a_bad_request() -> None:
    with pytest.raises(openai.BadRequestError) as raised:
        client().responses.create(model="gpt-0", input="Hi")

    assert (raised.value.param, raised.value.code) == ("model", "model_not_found")


def test_a_stream_is_resumed_behind_an_event() -> None:
    sdk = client()
    with sdk.responses.create(model="gpt-4o", input="Hello there", stream=True, background=True) as stream:
        told = list(stream)
    response_id = told[0].to_dict()["response"]["id"]  # type: ignore[index]

    with sdk.responses.retrieve(response_id, stream=True, starting_after=3) as stream:
        resumed = list(stream)

    assert resumed == told[4:]


def test_a_background_response_is_polled_and_cancelled() -> None:
    sdk = client()
    made = sdk.responses.create(model="gpt-4o", input="Hi", background=True)
    other = sdk.responses.create(model="gpt-4o", input="Hi", background=True)

    statuses = [made.status]
    while statuses[-1] in {"queued", "in_progress"}:
        statuses.append(sdk.responses.retrieve(made.id).status)

    assert statuses == ["queued", "in_progress", "completed"]
    assert sdk.responses.cancel(other.id).status == "cancelled"


@pytest.mark.long
def test_lists_are_paged_to_their_end() -> None:
    sdk = client()
    texts = [str(number) for number in range(5)]
    made = sdk.responses.create(model="gpt-4o", input=[{"role": "user", "content": text} for text in texts])
    conversation = sdk.conversations.create(items=[{"role": "user", "content": text} for text in texts])

    given = [item.to_dict()["id"] for item in sdk.responses.input_items.list(made.id, limit=2)]
    kept = [item.to_dict()["id"] for item in sdk.conversations.items.list(conversation.id, limit=2)]

    assert (len(set(given)), len(set(kept))) == (5, 5)


def test_a_tool_loop_goes_on_from_response_to_response() -> None:
    sdk = client(
        {"match": {"tool_result": {"name": "weather", "pattern": "rain"}}, "reply": "Take an umbrella."},
        {"reply": {"tool_calls": [{"name": "weather", "arguments": {"city": "Oslo"}}]}},
    )
    first = sdk.responses.create(model="gpt-5.5", input="What is the weather?")
    (call,) = [item for item in first.output if isinstance(item, ResponseFunctionToolCall)]

    second = sdk.responses.create(
        model="gpt-5.5",
        previous_response_id=first.id,
        input=[{"type": "function_call_output", "call_id": call.call_id, "output": "rain"}],
    )
    by_hand = sdk.responses.create(
        model="gpt-5.5",
        input=[
            {"role": "user", "content": "What is the weather?"},
            *[item.to_dict() for item in first.output],  # type: ignore[list-item]
            {"type": "function_call_output", "call_id": call.call_id, "output": "rain"},
        ],
    )

    assert second.output_text == by_hand.output_text == "Take an umbrella."
