"""Messages, secrets, metrics and lines of the log."""

import json
import logging
from dataclasses import replace

import pytest
from opentelemetry.sdk.trace import ReadableSpan

from llemulator_addon.core.request import Request
from tests.adapters.telemetry.recorded import record
from tests.playing import chat, post, request

_TRACE = "0af7651916cd43dd8448eb211c80319c"
_SECRET = "sk-proj-abcdefghijklmnopqrstuvwxyz0123456789"


def _traced(asked: Request) -> Request:
    return replace(asked, headers={**asked.headers, "traceparent": f"00-{_TRACE}-b7ad6b7169203331-01"})


def _id(span: ReadableSpan) -> str:
    assert span.context is not None
    return f"{span.context.span_id:016x}"


# Secrets and content --------------------------------------------------------------------------------------------------


async def test_no_message_is_in_a_span_unless_it_is_asked_for() -> None:
    recorded = record({"responses": ["secret answer"]})
    await recorded.ask(chat("secret question", stream=True))
    (span,) = recorded.spans

    assert "secret" not in span.to_json()


async def test_messages_are_in_the_span_where_they_are_asked_for() -> None:
    call, earlier = {"name": "find", "arguments": {"city": "Bern"}}, {"name": "find", "arguments": "{}"}
    picture = {"type": "image_url", "image_url": {"url": "https://a/b"}}
    recorded = record({"rules": [{"reply": {"tool_calls": [call]}, "calls_again": True}]}, captures="spans")
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "Weather?"}, picture]},
        {"role": "assistant", "tool_calls": [{"id": "call_1", "type": "function", "function": earlier}]},
        {"role": "tool", "tool_call_id": "call_1", "content": "rain"},
    ]  # fmt: skip
    tool = {"type": "function", "function": {"name": "find", "parameters": {"type": "object", "properties": {}}}}
    await recorded.ask(chat(stream=True, messages=messages, tools=[tool]))
    found = recorded.attributes
    (output,) = json.loads(found["gen_ai.output.messages"])

    assert json.loads(found["gen_ai.input.messages"]) == [
        {"role": "system", "parts": [{"type": "text", "content": "Be brief."}]},
        {"role": "user", "parts": [{"type": "text", "content": "Weather?"}, {"type": "image_url"}]},
        {"role": "assistant", "parts": [{"type": "tool_call", "id": "call_1", "name": "find", "arguments": "{}"}]},
        {"role": "tool", "parts": [{"type": "tool_call_response", "id": "call_1", "response": "rain"}]},
    ]
    assert output["finish_reason"] == "tool_calls"
    assert output["parts"][0]["arguments"] == {"city": "Bern"}
    assert json.loads(found["gen_ai.tool.definitions"]) == [{"type": "function", "name": "find"}]


async def test_messages_of_responses_and_of_several_choices_are_told_apart() -> None:
    several = {"choices": [{"text": "one"}, {"text": "two"}]}
    for stream in (False, True):
        recorded = record({"rules": [{"reply": several}]}, captures="spans")
        await recorded.ask(chat(n=2, stream=stream))
        said = json.loads(recorded.attributes["gen_ai.output.messages"])
        assert [message["parts"][0]["content"] for message in said] == ["one", "two"]

    recorded = record({"responses": ["yes"]}, captures="spans")
    items = [
        {"role": "user", "content": "Hi"},
        {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c", "output": "1"},
    ]
    await recorded.ask(post("/v1/responses", {"model": "gpt-4o", "input": items, "instructions": "Be brief."}))
    found = recorded.attributes

    assert [message["role"] for message in json.loads(found["gen_ai.input.messages"])] == ["user", "assistant", "tool"]
    assert json.loads(found["gen_ai.system_instructions"]) == [{"type": "text", "content": "Be brief."}]
    assert json.loads(found["gen_ai.output.messages"])[0]["parts"] == [{"type": "text", "content": "yes"}]


async def test_messages_are_in_an_event_of_the_log_where_that_is_asked_for() -> None:
    recorded = record({"responses": ["yes"]}, captures="events")
    await recorded.ask(_traced(chat("Hi")))
    (span,) = recorded.spans
    (event,) = [
        each.log_record for each in recorded.logs_exporter.get_finished_logs() if each.log_record.event_name is not None
    ]

    assert event.event_name == "gen_ai.client.inference.operation.details"
    assert "Hi" in str((event.attributes or {})["gen_ai.input.messages"])
    assert (f"{event.trace_id:032x}", f"{event.span_id:016x}") == (_TRACE, _id(span))
    assert "gen_ai.input.messages" not in recorded.attributes


async def test_large_messages_are_cut_and_the_last_ones_kept() -> None:
    recorded = record({"responses": ["yes"]}, captures="spans")
    await recorded.ask(
        chat(messages=[{"role": "user", "content": f"{number} " + "x" * 20_000} for number in range(10)])
    )
    kept = json.loads(recorded.attributes["gen_ai.input.messages"])

    assert len(recorded.attributes["gen_ai.input.messages"]) < 40_000
    assert kept[-1]["parts"][0]["content"].startswith("9 ")


async def test_no_secret_is_in_a_span_a_metric_or_a_line(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "llemulator_addon.adapters.request_log")
    recorded = record({"responses": [f"Your key is {_SECRET}"] * 4}, captures="both", lenient=True)
    own = "my-own-token-9876"
    await recorded.ask(
        chat(f"{_SECRET} {own}", token=own, model=f"m-{_SECRET}", service_tier=_SECRET, stop=[own]),
        request("GET", f"/v1/files/{own}?key={own}", token=own, headers={"user-agent": own}),
        request("GET", f"/v1/{_SECRET}", token=own),
        chat("Hi", token=_SECRET),
    )  # fmt: skip
    told = [
        *(span.to_json() for span in recorded.spans),
        *(each.to_json() for each in recorded.logs_exporter.get_finished_logs()),
        str(recorded.reader.get_metrics_data()),
    ]

    assert len(told) > 8
    assert [text for text in told if _SECRET in text or own in text] == []


async def test_a_secret_at_the_place_where_a_text_is_cut_is_not_half_shown() -> None:
    recorded = record({"responses": {"": "x " * 3_995 + _SECRET}}, captures="spans")
    await recorded.ask(chat("y " * 3_995 + _SECRET))
    (span,) = recorded.spans

    assert "gen_ai.output.messages" in span.to_json()
    assert "sk-proj" not in span.to_json()


# Metrics and lines ----------------------------------------------------------------------------------------------------


async def test_metrics_count_by_operation_and_model_and_bound_their_labels() -> None:
    recorded = record({"responses": {"": "one two three"}}, lenient=True, at=1.0)
    await recorded.ask(chat(), chat(stream=True, stream_options={"include_usage": True}), request("GET", "/v1/models"))
    await recorded.ask(*(chat(model=f"model-{number}") for number in range(120)))
    durations = recorded.points("gen_ai.server.request.duration")
    tokens = recorded.points("gen_ai.client.token.usage")
    of_gpt = [point for point in durations if point.attributes["gen_ai.request.model"] == "gpt-4o"]
    (first,) = recorded.points("gen_ai.server.time_to_first_token")

    assert sum(point.count for point in durations) == 122
    assert [point.count for point in of_gpt] == [2]
    assert of_gpt[0].sum == pytest.approx(2.0)
    assert len({point.attributes["gen_ai.request.model"] for point in durations}) == 101
    assert first.count == 1
    assert {point.attributes["gen_ai.token.type"] for point in tokens} == {"input", "output"}
    assert sum(point.count for point in recorded.points("http.server.request.duration")) == 123


async def test_the_line_of_a_request_belongs_to_its_span(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "llemulator_addon.adapters.request_log")
    recorded = record({"responses": ["yes"]})
    await recorded.ask(_traced(chat("Hi")))
    (span,), (line,) = recorded.spans, recorded.logs_exporter.get_finished_logs()

    assert str(line.log_record.body).startswith("POST /v1/chat/completions gpt-4o: rule")
    assert f"{line.log_record.span_id:016x}" == _id(span)
