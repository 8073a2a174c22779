"""The SDK's helpers for chat completions, which put streams together strictly and parse by a schema."""

from typing import Any

import openai
import pytest
from openai import pydantic_function_tool
from pydantic import BaseModel

from conformance.python.strict.conftest import Begin
from conformance.python.strict.talking import accumulated, done, every, replies, some


class Weather(BaseModel):
    """Structured output, and the arguments of a tool."""

    city: str
    degrees: float


OSLO, ROME = Weather(city="Oslo", degrees=1.5), Weather(city="Rome", degrees=20)
CALLS = [{"name": "Weather", "arguments": place.model_dump()} for place in (OSLO, ROME)]
TOOLS = [pydantic_function_tool(Weather)]
ASKED: dict[str, Any] = {"model": "gpt-4o", "messages": [{"role": "user", "content": "How is the weather in Oslo?"}]}


async def test_a_stream_is_put_together_to_what_the_body_says(begin: Begin) -> None:
    async with begin(replies("Hello there", "Hello there")) as talk:
        chat = talk.sdk.chat.completions
        events, streamed = await accumulated(chat.stream(**ASKED, stream_options={"include_usage": True}))
        whole = await done(chat.create(**ASKED))

    assert [event.delta for event in events if event.type == "content.delta" and event.delta] == ["Hello", " there"]
    assert [event.content for event in events if event.type == "content.done"] == ["Hello there"]
    assert streamed.usage == whole.usage
    assert _plain(streamed.choices) == _plain(whole.choices)


async def test_a_refusal_is_put_together_and_nothing_is_parsed_of_it(begin: Begin) -> None:
    async with begin(replies({"refusal": "I cannot."}, {"refusal": "I cannot."})) as talk:
        chat = talk.sdk.chat.completions
        events, streamed = await accumulated(chat.stream(**ASKED, response_format=Weather))
        whole = await done(chat.parse(**ASKED, response_format=Weather))

    assert [event.delta for event in events if event.type == "refusal.delta" and event.delta] == ["I", " cannot", "."]
    assert [event.refusal for event in events if event.type == "refusal.done"] == ["I cannot."]
    for each in (streamed, whole):
        message = each.choices[0].message
        assert (message.content, message.refusal, message.parsed) == (None, "I cannot.", None)


async def test_log_probabilities_are_put_together(begin: Begin) -> None:
    async with begin(replies("One two", {"refusal": "No way"})) as talk:
        chat = talk.sdk.chat.completions
        events, spoken = await accumulated(chat.stream(**ASKED, logprobs=True, top_logprobs=2))
        _, refused = await accumulated(chat.stream(**ASKED, logprobs=True))

    told = [entry.token for event in events if event.type == "logprobs.content.delta" for entry in event.content]
    assert told == ["One", " two"]
    assert [(each.token, len(each.top_logprobs)) for each in spoken.choices[0].logprobs.content] == [
        ("One", 2),
        (" two", 2),
    ]
    assert [each.token for each in refused.choices[0].logprobs.refusal] == ["No", " way"]


async def test_two_choices_are_told_apart(begin: Begin) -> None:
    async with begin(replies({"choices": [{"text": "yes"}, {"text": "no"}]})) as talk:
        _, final = await accumulated(talk.sdk.chat.completions.stream(**ASKED, n=2))

    assert [(choice.index, choice.message.content) for choice in final.choices] == [(0, "yes"), (1, "no")]


async def test_text_and_several_calls_are_put_together_and_parsed(begin: Begin) -> None:
    reply = {"text": "I look.", "tool_calls": CALLS}
    async with begin(replies(reply, reply)) as talk:
        chat = talk.sdk.chat.completions
        events, streamed = await accumulated(chat.stream(**ASKED, tools=TOOLS))
        whole = await done(chat.parse(**ASKED, tools=TOOLS))

    told = [event for event in events if event.type == "tool_calls.function.arguments.done"]
    assert [(event.index, event.name, event.parsed_arguments) for event in told] == [
        (0, "Weather", OSLO),
        (1, "Weather", ROME),
    ]
    for each in (streamed, whole):
        choice = each.choices[0]
        assert (choice.message.content, choice.finish_reason) == ("I look.", "tool_calls")
        assert [call.function.parsed_arguments for call in choice.message.tool_calls] == [OSLO, ROME]
        assert len({call.id for call in choice.message.tool_calls}) == 2


async def test_a_model_that_reasons_is_put_together_without_log_probabilities(begin: Begin) -> None:
    asked = {**ASKED, "model": "gpt-5", "stream_options": {"include_usage": True}}
    async with begin(replies({"reasoning": "Hm.", "text": "Yes."})) as talk:
        _, final = await accumulated(talk.sdk.chat.completions.stream(**asked))

    assert (final.choices[0].message.content, final.choices[0].logprobs) == ("Yes.", None)
    assert final.usage.completion_tokens_details.reasoning_tokens > 0


async def test_structured_output_is_parsed_from_a_body_and_from_a_stream(begin: Begin) -> None:
    reply = {"json": OSLO.model_dump()}
    async with begin(replies(reply, reply)) as talk:
        chat = talk.sdk.chat.completions
        whole = await done(chat.parse(**ASKED, response_format=Weather))
        _, streamed = await accumulated(chat.stream(**ASKED, response_format=Weather))

    assert whole.choices[0].message.parsed == streamed.choices[0].message.parsed == OSLO


@pytest.mark.parametrize(
    ("reason", "error"),
    [("length", openai.LengthFinishReasonError), ("content_filter", openai.ContentFilterFinishReasonError)],
)
async def test_structured_output_that_was_cut_off_is_an_error(
    reason: str, error: type[openai.OpenAIError], begin: Begin
) -> None:
    reply = {"text": '{"city": "Os', "finish_reason": reason}
    async with begin(replies(reply, reply)) as talk:
        chat = talk.sdk.chat.completions
        with pytest.raises(error):
            await done(chat.parse(**ASKED, response_format=Weather))
        with pytest.raises(error):
            await accumulated(chat.stream(**ASKED, response_format=Weather))


async def test_speech_is_put_together_from_a_stream(begin: Begin) -> None:
    asked = {**ASKED, "model": "gpt-audio", "modalities": ["text", "audio"]}
    async with begin(replies("Hello there")) as talk:
        made = talk.sdk.chat.completions.create(**asked, audio={"voice": "alloy", "format": "pcm16"}, stream=True)
        chunks: list[Any] = await every(made)

    heard = [choice.delta.to_dict().get("audio", {}) for chunk in chunks for choice in chunk.choices]
    assert "".join(part.get("transcript", "") for part in heard) == "Hello there"
    assert sum(len(part.get("data", "")) for part in heard) > 4_000


async def test_a_stream_that_is_left_half_way_is_stopped(begin: Begin) -> None:
    script = {"rules": [{"reply": "word " * 500, "stream": {"tokens_per_second": 50}}]}
    async with begin(script) as talk:
        stream = await done(talk.sdk.chat.completions.create(**ASKED, stream=True))
        seen = await some(5, stream)
        await done(stream.close())

        assert len(seen) == 5
        assert await talk.ending() == "client_left"


async def test_an_error_in_a_stream_is_raised(begin: Begin) -> None:
    faults = [{"error_event": {"at": 3, "message": "Broken.", "code": "broken"}}]
    async with begin({"rules": [{"reply": "This will fail.", "faults": faults}]}) as talk:
        with pytest.raises(openai.APIError, match=r"Broken\."):
            await accumulated(talk.sdk.chat.completions.stream(**ASKED))


def _plain(choices: Any) -> Any:  # noqa: ANN401 - what is null is left out, and what only a body says
    plain = [choice.to_dict(exclude_none=True) for choice in choices]
    return [{**choice, "message": {**choice["message"], "annotations": []}} for choice in plain]
