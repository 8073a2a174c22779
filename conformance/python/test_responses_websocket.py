"""OpenAI's official Python SDK speaks Responses over WebSocket with a running server, as it does with OpenAI's."""

import asyncio
import secrets
from collections import deque
from collections.abc import Iterator
from typing import Any

import pytest
from openai import AsyncOpenAI, OpenAI
from websockets.exceptions import ConnectionClosedError

from conformance.server import Server
from llemulator_addon.client import Client

_TOOL: Any = {
    "type": "function",
    "name": "weather",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": False,
    },
    "strict": True,
}
_SCRIPT = {
    "rules": [
        {"match": {"user_text": "shorter"}, "reply": {"text": "Once."}},
        {"match": {"user_text": "story"}, "reply": {"text": "Once upon a time"}, "stream": {"tokens_per_second": 2}},
        {"match": {"user_text": "cut"}, "reply": {"text": "one two three"}, "faults": [{"cut_after": {"sends": 5}}]},
        {"match": {"user_text": "too often"}, "reply": {"failure": {"status": 429, "message": "Slow down."}}},
        {"match": {"tool_result": {"name": "weather", "pattern": "rain"}}, "reply": {"text": "Take an umbrella."}},
        {
            "match": {"user_text": "weather"},
            "reply": {"tool_calls": [{"name": "weather", "arguments": {"city": "Oslo"}}]},
        },
    ]
}
_LAST = {"response.completed", "response.failed", "error"}


@pytest.fixture
def key(way: Server) -> Iterator[str]:
    token = f"sk-{secrets.token_hex(8)}"
    with Client(way.origin, token) as admin:
        admin.load(_SCRIPT)
        yield token


def _turn(connection: Any, **body: Any) -> list[Any]:  # noqa: ANN401 - the SDK's
    connection.response.create(model="gpt-4.1", **body)
    events = []
    for event in connection:
        events.append(event)
        if event.type in _LAST:
            break
    return events


def test_a_turn_with_a_tool_on_one_connection_without_storing(key: str) -> None:
    with OpenAI(api_key=key).responses.connect() as connection:
        called = _turn(connection, input="the weather", tools=[_TOOL], store=False)[-1].response
        (call,) = called.output
        result = {"type": "function_call_output", "call_id": call.call_id, "output": "rain"}
        answered = _turn(connection, input=[result], previous_response_id=called.id, tools=[_TOOL], store=False)

    assert (call.name, call.arguments) == ("weather", '{"city":"Oslo"}')
    assert answered[-1].response.output_text == "Take an umbrella."
    assert "".join(event.delta for event in answered if event.type == "response.output_text.delta") == (
        "Take an umbrella."
    )


def test_a_refusal_is_an_event_with_status_and_headers_and_the_connection_goes_on(key: str) -> None:
    with OpenAI(api_key=key).responses.connect() as connection:
        (refused,) = _turn(connection, input="too often", stream_id="lane")
        after = _turn(connection, input="the weather", tools=[_TOOL])

    assert (refused.type, refused.status, refused.stream_id) == ("error", 429, "lane")
    assert refused.error.message == "Slow down."
    assert "x-request-id" in refused.error.headers
    assert after[-1].type == "response.completed"


def test_a_cut_is_a_lost_connection(key: str) -> None:
    with OpenAI(api_key=key).responses.connect() as connection:
        connection.response.create(model="gpt-4.1", input="cut")

        with pytest.raises(ConnectionClosedError):
            deque(iter(connection.recv, None))


def test_a_warm_up_has_no_output_and_its_response_can_be_gone_on_from(key: str) -> None:
    with OpenAI(api_key=key).responses.connect() as connection:
        warm = _turn(connection, input="the weather", tools=[_TOOL], store=False, generate=False)[-1].response
        called = _turn(
            connection, input="And the weather now?", previous_response_id=warm.id, tools=[_TOOL], store=False
        )

    assert warm.output == []
    assert [item.type for item in called[-1].response.output] == ["function_call"]


def test_words_that_steer_a_response_are_the_input_of_the_next_one(key: str) -> None:
    events: list[Any] = []
    with OpenAI(api_key=key).responses.connect() as connection:
        connection.response.create(model="gpt-5.4", input="Tell me a story", store=False)
        for event in connection:
            events.append(event)
            if event.type == "response.created" and len(events) == 1:
                connection.response.steer(previous_response_id=event.response.id, input="Make it shorter.")
            if [each.type for each in events].count("response.completed") == 2:
                break

    first, second = (event.response for event in events if event.type == "response.completed")
    assert (first.output_text, second.output_text) == ("Once upon a time", "Once.")
    assert second.previous_response_id == first.id
    assert "response.steer.accepted" in {event.type for event in events}


def test_the_async_client_and_two_lanes_side_by_side(key: str) -> None:
    async def play() -> list[str]:
        async with AsyncOpenAI(api_key=key).responses.connect() as connection:
            for lane in ("a", "b"):
                await connection.response.create(model="gpt-4.1", input="weather", tools=[_TOOL], stream_id=lane)
            ended: list[str] = []
            async for event in connection:
                if event.type == "response.completed":
                    ended.append(str(event.stream_id))
                if len(ended) == 2:
                    break
            return ended

    assert sorted(asyncio.run(play())) == ["a", "b"]
