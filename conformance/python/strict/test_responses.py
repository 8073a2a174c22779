"""The SDK's helpers for Responses, which put typed events together strictly and parse by a schema."""

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
# The helper for chat spells tools as chat has them; Responses has them flat.
TOOL: dict[str, Any] = {"type": "function", **pydantic_function_tool(Weather)["function"]}
ASKED: dict[str, Any] = {"model": "gpt-4o", "input": "How is the weather in Oslo?"}

SPOKEN: dict[str, Any] = {
    "text": "Hello there, 世界!",
    "no text": {"text": "", "finish_reason": "stop"},
    "refusal": {"refusal": "I cannot say."},
    "reasoning in parts": {"reasoning": ["Hm.", "Well."], "text": "Yes."},
    "several calls": {"tool_calls": CALLS},
    "text and a call": {"text": "I look.", "tool_calls": CALLS[:1]},
    "a custom call": {"tool_calls": [{"name": "run", "input": "ls -l"}]},
    **{
        str(call["type"]): {"blocks": [{"hosted_call": call}, {"text": "There it is."}]}
        for call in (
            {"type": "web_search_call"},
            {"type": "file_search_call"},
            {"type": "code_interpreter_call", "code": "print(1)"},
            {"type": "image_generation_call"},
            {"type": "mcp_list_tools", "tools": []},
            {"type": "mcp_call", "name": "roll", "arguments": {"sides": 6}, "output": "4"},
            {"type": "mcp_approval_request", "name": "roll"},
            {"type": "computer_call", "action": {"type": "screenshot"}},
            {"type": "local_shell_call"},
            {"type": "shell_call", "action": {"commands": ["ls", "pwd"]}},
            {"type": "shell_call_output", "output": [{"outcome": {"type": "exit", "exit_code": 0}, "stdout": "a"}]},
            {"type": "apply_patch_call"},
            {"type": "tool_search_call"},
            {"type": "tool_search_output"},
            {"type": "compaction"},
            {"type": "program", "code": "1"},
            {"type": "program_output", "result": "1"},
        )
    },
}


@pytest.mark.parametrize(("said", "model"), [("text", "gpt-4o"), *((said, "gpt-5.6") for said in SPOKEN)])
async def test_every_stream_is_put_together_to_what_is_stored(said: str, model: str, begin: Begin) -> None:
    async with begin(replies(SPOKEN[said])) as talk:
        responses = talk.sdk.responses
        events, final = await accumulated(responses.stream(**{**ASKED, "model": model}, reasoning={"summary": "auto"}))
        stored = await done(responses.retrieve(final.id))

    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert final.status == "completed"
    assert [_plain(item) for item in final.output] == [_plain(item) for item in stored.output]
    assert final.usage == stored.usage


async def test_arguments_of_several_calls_are_put_together_and_parsed(begin: Begin) -> None:
    async with begin(replies({"tool_calls": CALLS}, {"tool_calls": CALLS})) as talk:
        events, streamed = await accumulated(talk.sdk.responses.stream(**ASKED, tools=[TOOL]))
        whole = await done(talk.sdk.responses.parse(**ASKED, tools=[TOOL]))

    grown = {e.output_index: e.snapshot for e in events if e.type == "response.function_call_arguments.delta"}
    assert grown == {0: '{"city":"Oslo","degrees":1.5}', 1: '{"city":"Rome","degrees":20.0}'}
    for each in (streamed, whole):
        assert [Weather.model_validate(call.parsed_arguments) for call in each.output] == [OSLO, ROME]
        assert len({call.call_id for call in each.output}) == 2


async def test_structured_output_is_parsed_from_a_body_and_from_a_stream(begin: Begin) -> None:
    reply = {"json": OSLO.model_dump()}
    async with begin(replies(reply, reply)) as talk:
        whole = await done(talk.sdk.responses.parse(**ASKED, text_format=Weather))
        events, streamed = await accumulated(talk.sdk.responses.stream(**ASKED, text_format=Weather))

    assert whole.output_parsed == streamed.output_parsed == OSLO
    assert [event.parsed for event in events if event.type == "response.output_text.done"] == [OSLO]


async def test_nothing_is_parsed_of_a_refusal(begin: Begin) -> None:
    async with begin(replies({"refusal": "No."}, {"refusal": "No."})) as talk:
        whole = await done(talk.sdk.responses.parse(**ASKED, text_format=Weather))
        _, streamed = await accumulated(talk.sdk.responses.stream(**ASKED, text_format=Weather))

    for each in (whole, streamed):
        assert each.output_parsed is None
        assert [(part.type, part.refusal) for part in each.output[0].content] == [("refusal", "No.")]


async def test_log_probabilities_are_put_together(begin: Begin) -> None:
    asked = {**ASKED, "include": ["message.output_text.logprobs"], "top_logprobs": 2}
    async with begin(replies("One two")) as talk:
        _, final = await accumulated(talk.sdk.responses.stream(**asked))

    assert [(each.token, len(each.top_logprobs)) for each in final.output[0].content[0].logprobs] == [
        ("One", 2),
        (" two", 2),
    ]


@pytest.mark.parametrize(
    ("finish_reason", "reason"), [("length", "max_output_tokens"), ("content_filter", "content_filter")]
)
async def test_an_answer_that_was_cut_off_is_incomplete(finish_reason: str, reason: str, begin: Begin) -> None:
    reply = {"text": "This is too", "finish_reason": finish_reason}
    async with begin(replies(reply, reply)) as talk:
        whole = await done(talk.sdk.responses.create(**ASKED))
        events = await every(talk.sdk.responses.create(**ASKED, stream=True))

    assert events[-1].type == "response.incomplete"
    for each in (whole, events[-1].response):
        assert (each.status, each.incomplete_details.reason, each.output_text) == ("incomplete", reason, "This is too")
        assert each.output[0].status == "incomplete"


async def test_an_error_in_a_stream_is_raised(begin: Begin) -> None:
    faults = [{"error_event": {"at": 6, "message": "Broken.", "code": "server_error"}}]
    async with begin({"rules": [{"reply": "This will fail.", "faults": faults}]}) as talk:
        with pytest.raises(openai.APIError, match=r"Broken\."):
            await accumulated(talk.sdk.responses.stream(**ASKED))
        with pytest.raises(openai.APIError, match=r"Broken\."):
            await every(talk.sdk.responses.create(**ASKED, stream=True))


async def test_a_response_in_the_background_is_polled_to_its_end_and_told_again_from_any_event(begin: Begin) -> None:
    async with begin(replies("Hello there")) as talk:
        responses = talk.sdk.responses
        made = await done(responses.create(**ASKED, background=True))
        statuses = [made.status]
        while statuses[-1] in {"queued", "in_progress"}:
            statuses.append((await done(responses.retrieve(made.id))).status)
        resumed = await every(responses.retrieve(made.id, stream=True, starting_after=3))
        _, final = await accumulated(responses.stream(response_id=made.id))

    assert statuses == ["queued", "in_progress", "completed"]
    assert [event.sequence_number for event in resumed] == list(range(4, 4 + len(resumed)))
    assert final.output_text == "Hello there"


async def test_a_response_that_was_taken_fails_where_it_is_looked_at_and_a_stream_of_it_raises(begin: Begin) -> None:
    failure = {"taken": True, "code": "server_error", "message": "The model gave up."}
    async with begin(replies({"failure": failure}, {"failure": failure})) as talk:
        responses = talk.sdk.responses
        made = await done(responses.create(**ASKED, background=True))
        polled = [await done(responses.retrieve(made.id)) for _ in range(2)]
        with pytest.raises(openai.APIError, match="The model gave up"):
            await accumulated(responses.stream(**ASKED))

    assert [each.status for each in (made, *polled)] == ["queued", "in_progress", "failed"]
    assert (polled[1].error.code, polled[1].error.message) == ("server_error", "The model gave up.")


async def test_a_response_in_the_background_is_cancelled(begin: Begin) -> None:
    async with begin(replies("Hello there")) as talk:
        made = await done(talk.sdk.responses.create(**ASKED, background=True))

        assert (await done(talk.sdk.responses.cancel(made.id))).status == "cancelled"
        assert (await done(talk.sdk.responses.retrieve(made.id))).status == "cancelled"


async def test_a_stream_that_is_left_half_way_is_stopped(begin: Begin) -> None:
    async with begin({"rules": [{"reply": "word " * 500, "stream": {"tokens_per_second": 50}}]}) as talk:
        stream = await done(talk.sdk.responses.create(**ASKED, stream=True))
        seen = await some(8, stream)
        await done(stream.close())

        assert len(seen) == 8
        assert await talk.ending() == "client_left"


def _plain(item: Any) -> dict[str, Any]:  # noqa: ANN401 - what the helper adds, and what is null, is left out
    plain: dict[str, Any] = item.to_dict(exclude_none=True)
    return {key: value for key, value in plain.items() if key != "parsed_arguments"}
