"""The official SDK's helpers, which put streams together strictly, over the bytes that llemulator sends."""

from typing import Any

import openai
import pytest
from openai import LengthFinishReasonError, pydantic_function_tool
from pydantic import BaseModel

from tests.playing import emulator
from tests.wire.answering import client

MESSAGES: list[Any] = [{"role": "user", "content": "How is the weather in Oslo?"}]


class Weather(BaseModel):
    """Structured output, and the arguments of a tool."""

    city: str
    degrees: float


TOOLS = [pydantic_function_tool(Weather)]


def test_a_stream_is_put_together_to_what_the_body_says() -> None:
    sdk = client(emulator(["Hello there", "Hello there"]))
    with sdk.chat.completions.stream(
        model="gpt-4o", messages=MESSAGES, stream_options={"include_usage": True}
    ) as stream:
        streamed = stream.get_final_completion()

    whole = sdk.chat.completions.create(model="gpt-4o", messages=MESSAGES)

    assert streamed.choices[0].message.content == whole.choices[0].message.content == "Hello there"
    assert streamed.choices[0].finish_reason == whole.choices[0].finish_reason == "stop"
    assert streamed.usage == whole.usage


def test_events_of_a_stream_tell_the_text_as_it_grows() -> None:
    sdk = client(emulator({"responses": "One two three"}))
    with sdk.chat.completions.stream(model="gpt-4o", messages=MESSAGES) as stream:
        events = list(stream)

    assert [event.delta for event in events if event.type == "content.delta"] == ["", "One", " two", " three"]
    assert [event.content for event in events if event.type == "content.done"] == ["One two three"]


def test_streamed_calls_are_put_together_and_parsed() -> None:
    calls = [{"name": "Weather", "arguments": {"city": city, "degrees": 1.5}} for city in ("Oslo", "Rome")]
    sdk = client(emulator([{"response": {"tool_calls": calls}}]))
    with sdk.chat.completions.stream(model="gpt-4o", messages=MESSAGES, tools=TOOLS) as stream:
        message = stream.get_final_completion().choices[0].message

    assert [call.function.parsed_arguments for call in message.tool_calls or ()] == [
        Weather(city="Oslo", degrees=1.5),
        Weather(city="Rome", degrees=1.5),
    ]
    assert len({call.id for call in message.tool_calls or ()}) == 2


def test_a_streamed_refusal_is_put_together() -> None:
    sdk = client(emulator([{"response": {"refusal": "I cannot."}}]))
    with sdk.chat.completions.stream(model="gpt-4o", messages=MESSAGES, response_format=Weather) as stream:
        message = stream.get_final_completion().choices[0].message

    assert (message.refusal, message.parsed) == ("I cannot.", None)


def test_log_probabilities_of_a_stream_are_put_together() -> None:
    sdk = client(emulator({"responses": "One two"}))
    with sdk.chat.completions.stream(model="gpt-4o", messages=MESSAGES, logprobs=True, top_logprobs=1) as stream:
        logprobs = stream.get_final_completion().choices[0].logprobs

    assert logprobs
    assert [entry.token for entry in logprobs.content or ()] == ["One", " two"]


def test_two_choices_of_a_stream_are_told_apart() -> None:
    sdk = client(emulator([{"response": {"choices": [{"text": "yes"}, {"text": "no"}]}}]))
    with sdk.chat.completions.stream(model="gpt-4o", messages=MESSAGES, n=2) as stream:
        choices = stream.get_final_completion().choices

    assert [choice.message.content for choice in choices] == ["yes", "no"]


def test_structured_output_is_parsed_from_a_body_and_from_a_stream() -> None:
    sdk = client(emulator({"responses": '{"city": "Oslo", "degrees": -3}'}))
    parsed = sdk.chat.completions.parse(model="gpt-4o", messages=MESSAGES, response_format=Weather)
    with sdk.chat.completions.stream(model="gpt-4o", messages=MESSAGES, response_format=Weather) as stream:
        streamed = stream.get_final_completion()

    assert parsed.choices[0].message.parsed == streamed.choices[0].message.parsed == Weather(city="Oslo", degrees=-3)


def test_structured_output_that_was_cut_off_raises() -> None:
    sdk = client(emulator([{"response": {"text": '{"city": "Os', "finish_reason": "length"}}]))

    with pytest.raises(LengthFinishReasonError):
        sdk.chat.completions.parse(model="gpt-4o", messages=MESSAGES, response_format=Weather)


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"model": "gpt-none"}, openai.NotFoundError),
        ({"temperature": 3}, openai.BadRequestError),
        ({"model": "gpt-5", "logprobs": True}, openai.PermissionDeniedError),
    ],
)
def test_a_refusal_raises_the_class_of_its_status(body: dict[str, Any], error: type[openai.APIStatusError]) -> None:
    with pytest.raises(error) as caught:
        client(emulator({"responses": "never"})).chat.completions.create(
            **{"model": "gpt-4o", "messages": MESSAGES, **body}
        )

    assert caught.value.request_id
    assert isinstance(caught.value.body, dict)
    assert set(caught.value.body) == {"message", "type", "param", "code"}
