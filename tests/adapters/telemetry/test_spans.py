"""Spans of exchanges: their parents, their words, their events, and what is never in them."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any, override

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from opentelemetry.trace import SpanKind, StatusCode

from llemulator_addon.adapters.telemetry.exporting import SpanIds
from llemulator_addon.core.outcome import Ending
from llemulator_addon.core.request import Request
from llemulator_addon.core.session_key import SessionKey
from llemulator_addon.core.steps import Send
from llemulator_addon.emulator import Emulator, EmulatorSettings
from llemulator_addon.engine.session import Session
from llemulator_addon.store.memory import MemoryStore
from llemulator_addon.store.port import Marked, StoreFailed
from tests.adapters.telemetry.recorded import record
from tests.playing import chat, post, request

_TRACE = "0af7651916cd43dd8448eb211c80319c"
_PARENT = "b7ad6b7169203331"
_TRACEPARENT = f"00-{_TRACE}-{_PARENT}-01"
_SECRET = "sk-proj-abcdefghijklmnopqrstuvwxyz0123456789"


def _traced(asked: Request, traceparent: str = _TRACEPARENT, **headers: str) -> Request:
    return replace(asked, headers={**asked.headers, "traceparent": traceparent, **headers})


def _id(span: ReadableSpan) -> str:
    assert span.context is not None
    return f"{span.context.span_id:016x}"


def _trace(span: ReadableSpan) -> str:
    assert span.context is not None
    return f"{span.context.trace_id:032x}"


def _parent(span: ReadableSpan) -> str | None:
    return None if span.parent is None else f"{span.parent.span_id:016x}"


# Parents --------------------------------------------------------------------------------------------------------------


async def test_a_span_is_a_child_of_the_applications_span() -> None:
    recorded = record({"responses": ["Hello"]})
    await recorded.ask(_traced(chat(), tracestate="vendor=1"))
    (span,) = recorded.spans

    assert span.context is not None
    assert (span.kind, _trace(span), _parent(span)) == (SpanKind.SERVER, _TRACE, _PARENT)
    assert span.context.trace_state.to_header() == "vendor=1"


async def test_a_request_without_a_trace_begins_one() -> None:
    recorded = record({"responses": ["Hello", "Hello"]})
    await recorded.ask(chat(), chat())
    first, second = recorded.spans

    assert (first.parent, second.parent) == (None, None)
    assert _trace(first) != _trace(second)


async def test_what_the_application_does_not_sample_is_not_sent() -> None:
    recorded = record({"responses": ["Hello"]})
    await recorded.ask(_traced(chat(), f"00-{_TRACE}-{_PARENT}-00"))

    assert recorded.spans == ()


async def test_a_sampler_decides_about_traces_that_begin_here() -> None:
    recorded = record({"responses": ["Hello"]}, tracers=TracerProvider(sampler=ALWAYS_OFF, shutdown_on_exit=False))
    await recorded.ask(chat())

    assert recorded.spans == ()
    assert len(recorded.points("gen_ai.server.request.duration")) == 1


async def test_a_traceparent_that_is_none_begins_a_trace() -> None:
    recorded = record({"responses": ["Hello"]})
    await recorded.ask(_traced(chat(), "no traceparent"))
    (span,) = recorded.spans

    assert span.parent is None


# Words ----------------------------------------------------------------------------------------------------------------


async def test_a_chat_has_the_words_of_the_conventions() -> None:
    script = {
        "rules": [
            {"name": "greeting", "match": {"user_text": "Hi"}, "reply": {"text": "Hello", "finish_reason": "length"}}
        ]
    }
    recorded = record(script)
    asked = chat(
        "Hi, as JSON", temperature=1, top_p=0.5, max_completion_tokens=9, seed=7, stop=["END"], presence_penalty=0.5,
        response_format={"type": "json_object"}, service_tier="flex",
    )  # fmt: skip
    await recorded.ask(asked)
    (span,) = recorded.spans
    found = recorded.attributes

    assert span.name == "chat gpt-4o"
    assert {name: value for name, value in found.items() if name.startswith("gen_ai.request")} == {
        "gen_ai.request.model": "gpt-4o",
        "gen_ai.request.temperature": 1.0,
        "gen_ai.request.top_p": 0.5,
        "gen_ai.request.max_tokens": 9,
        "gen_ai.request.seed": 7,
        "gen_ai.request.presence_penalty": 0.5,
        "gen_ai.request.stop_sequences": ("END",),
    }
    assert found["gen_ai.operation.name"] == "chat"
    assert found["gen_ai.provider.name"] == "openai"
    assert found["gen_ai.output.type"] == "json"
    assert found["gen_ai.response.model"] == "gpt-4o"
    assert found["gen_ai.response.id"].startswith("chatcmpl-")
    assert found["gen_ai.response.finish_reasons"] == ("length",)
    assert found["gen_ai.usage.input_tokens"] > 0
    assert found["gen_ai.usage.output_tokens"] == 1
    assert found["openai.api.type"] == "chat_completions"
    assert found["openai.request.service_tier"] == "flex"
    assert found["openai.response.system_fingerprint"].startswith("fp_")
    assert found["http.request.method"] == "POST"
    assert found["http.response.status_code"] == 200
    assert found["http.route"] == found["url.path"] == "/v1/chat/completions"
    assert found["server.address"] == "api.openai.com"
    assert found["llemulator.answered_by"] == "rule"
    assert found["llemulator.rule"] == "greeting"
    assert recorded.events == {"llemulator.rule": {"llemulator.rule": "greeting"}}
    assert "error.type" not in found
    assert span.status.status_code is StatusCode.UNSET


async def test_numbers_of_the_request_have_the_types_of_the_conventions() -> None:
    recorded = record({"responses": {"": "Hello"}}, lenient=True)
    await recorded.ask(chat(temperature=True, seed=1 << 70, top_p="x", n=2))
    found = recorded.attributes

    assert {"gen_ai.request.temperature", "gen_ai.request.seed", "gen_ai.request.top_p"} & found.keys() == set()
    assert found["gen_ai.request.choice.count"] == 2
    assert found["gen_ai.response.finish_reasons"] == ("stop", "stop")


@pytest.mark.parametrize("stream", [False, True])
async def test_a_response_has_its_id_its_model_its_tokens_and_how_it_ended(*, stream: bool) -> None:
    script = {"rules": [
        {"match": {"user_text": "call"}, "reply": {"tool_calls": [{"name": "f", "arguments": {}}]}},
        {"match": {"user_text": "short"}, "reply": {"text": "Hello", "finish_reason": "length"}},
        {"match": {"user_text": "Hi"}, "reply": "Hello"},
    ]}  # fmt: skip
    ends = {}
    for text in ("Hi", "short", "call"):
        recorded = record(script)
        body = {"model": "gpt-4o", "input": text, "stream": stream, "conversation": None, "max_output_tokens": 99}
        await recorded.ask(post("/v1/responses", body))
        found = recorded.attributes
        ends[text] = found["gen_ai.response.finish_reasons"]
        assert found["gen_ai.response.id"].startswith("resp_")
        assert found["gen_ai.response.model"] == "gpt-4o"
        assert found["gen_ai.usage.output_tokens"] > 0
        assert found["gen_ai.request.max_tokens"] == 99
        assert found["openai.api.type"] == "responses"

    assert ends == {"Hi": ("stop",), "short": ("length",), "call": ("tool_calls",)}


async def test_other_operations_have_their_words_too() -> None:
    recorded = record(on_unmatched="echo")
    await recorded.ask(
        post("/v1/embeddings", {"model": "text-embedding-3-small", "input": "x", "dimensions": 8}),
        post("/v1/moderations", {"input": "x"}),
        request("GET", "/v1/models/gpt-4o"),
        request("GET", "/v1/no/such"),
    )  # fmt: skip
    embeddings, moderation, model, nothing = recorded.spans

    assert embeddings.name == "embeddings text-embedding-3-small"
    assert dict(embeddings.attributes or {})["gen_ai.embeddings.dimension.count"] == 8
    assert "gen_ai.usage.output_tokens" not in dict(embeddings.attributes or {})
    assert moderation.name.startswith("moderation ")
    assert model.name == "GET /v1/models/{model}"
    assert "gen_ai.operation.name" not in dict(model.attributes or {})
    assert nothing.name == "GET"
    assert dict(nothing.attributes or {})["error.type"] == "invalid_request_error"


async def test_azure_is_named_as_the_provider() -> None:
    recorded = record({"responses": ["Hello"]})
    path = "/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21"
    asked = request("POST", path, body=json.dumps({"messages": [{"role": "user", "content": "x"}]}).encode())
    await recorded.ask(replace(asked, host="mine.openai.azure.com", way="connect"))

    assert recorded.attributes["gen_ai.provider.name"] == "azure.ai.openai"
    assert recorded.attributes["gen_ai.request.model"] == "gpt-4o"


# Errors ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reply", "error", "status"),
    [
        ({"failure": {"status": 429, "code": "rate_limit_exceeded"}}, "rate_limit_exceeded", StatusCode.UNSET),
        ({"failure": {"status": 500}}, "server_error", StatusCode.ERROR),
        ({"raw": {"status": 502, "body": "<html>"}}, "502", StatusCode.ERROR),
    ],
)
async def test_an_error_has_its_type_and_only_the_servers_own_make_the_span_one(
    reply: object, error: str, status: StatusCode
) -> None:
    recorded = record({"rules": [{"reply": reply}]})
    await recorded.ask(chat())
    (span,) = recorded.spans

    assert recorded.attributes["error.type"] == error
    assert span.status.status_code is status


async def test_an_answer_that_is_cut_is_an_error() -> None:
    recorded = record({"rules": [{"reply": "one two three", "faults": [{"cut_after": {"sends": 2}}]}]})
    await recorded.ask(chat(stream=True))
    (span,) = recorded.spans

    assert recorded.attributes["error.type"] == "connection_cut"
    assert recorded.attributes["llemulator.ended"] == "cut"
    assert span.status.status_code is StatusCode.ERROR


async def test_a_client_that_leaves_makes_no_error() -> None:
    recorded = record({"responses": ["Hello"]})
    await recorded.ask(chat(), how="client_left")

    assert recorded.attributes["llemulator.ended"] == "client_left"
    assert "error.type" not in recorded.attributes


async def test_a_stream_that_ends_with_an_error_is_one() -> None:
    reply = {"failure": {"taken": True, "code": "server_error", "message": "no"}}
    recorded = record({"rules": [{"reply": reply}]})
    await recorded.ask(post("/v1/responses", {"model": "gpt-4o", "input": "x", "stream": True}))
    (span,) = recorded.spans

    assert recorded.attributes["http.response.status_code"] == 200
    assert recorded.attributes["error.type"] == "server_error"
    assert recorded.attributes["gen_ai.response.finish_reasons"] == ("error",)
    assert span.status.status_code is StatusCode.ERROR


async def test_a_text_that_speaks_of_errors_is_none() -> None:
    text = '{"error": {"code": "x"}} event: error\n "type":"error" data: {"error": {}} "finish_reason":"length"'
    recorded = record({"responses": [text, text]})
    await recorded.ask(chat(stream=True))

    assert "error.type" not in recorded.attributes
    assert recorded.attributes["gen_ai.response.finish_reasons"] == ("stop",)


async def test_a_request_while_the_store_fails_has_a_span() -> None:
    recorded = record(server=Emulator(EmulatorSettings(), _FailingStore))
    await recorded.ask(_traced(chat(token=_SECRET)))
    (span,) = recorded.spans

    assert _parent(span) == _PARENT
    assert recorded.attributes["http.response.status_code"] == 503
    assert _SECRET not in span.to_json()


class _FailingStore(MemoryStore):
    @override
    async def change[R](
        self, key: SessionKey, transition: Callable[[Session], tuple[Session, R]], *, unless: Marked | None = None
    ) -> R:
        raise StoreFailed("the disk is full")


async def test_requests_to_admin_routes_have_no_span() -> None:
    recorded = record()
    await recorded.ask(request("GET", "/_emulator/requests"), request("GET", "/metrics"))

    assert recorded.spans == ()


# Times ----------------------------------------------------------------------------------------------------------------


async def test_a_span_lasts_from_the_whole_request_to_the_end_of_the_answer_with_the_first_token_in_it() -> None:
    recorded = record({"responses": ["one two three"]}, at=104.0)
    asked = chat(stream=True, at=100.0)
    sends = len([step for step in (await _steps(asked)) if isinstance(step, Send)])
    left = (0.0, 0.5, *(0.75 for _ in range(sends - 3)), 1.5)
    await recorded.ask(asked, left=left, seconds=2.0)
    (span,) = recorded.spans
    assert span.start_time is not None
    assert span.end_time is not None
    (first,) = [event.timestamp for event in span.events if event.name == "llemulator.first_token"]

    assert (span.end_time - span.start_time) / 1e9 == pytest.approx(4.0)
    assert (first - span.start_time) / 1e9 == pytest.approx(2.5)
    assert recorded.attributes["gen_ai.response.time_to_first_chunk"] == pytest.approx(2.5)


async def _steps(asked: Request) -> Any:  # noqa: ANN401 - steps
    server = record({"responses": ["one two three"]}).server
    answered: Any = await server.answer(asked)
    return answered.steps


# Rules and near misses ------------------------------------------------------------------------------------------------


async def test_a_near_miss_names_the_rule_and_not_what_the_client_wrote() -> None:
    recorded = record({"rules": [{"name": "weather", "match": {"user_text": "^weather$"}, "reply": "rain"}]})
    await recorded.ask(chat("private words"))
    (span,) = recorded.spans

    assert (
        recorded.events["llemulator.near_miss"]["llemulator.near_miss"] == 'No rule matches. The closest is "weather".'
    )
    assert recorded.attributes["llemulator.answered_by"] == "fallback"
    assert "private words" not in span.to_json()


async def test_a_script_that_is_used_up_is_a_near_miss() -> None:
    recorded = record({"responses": ["one"]})
    await recorded.ask(chat())
    recorded.spans_exporter.clear()
    await recorded.ask(chat())

    assert "used up" in recorded.events["llemulator.near_miss"]["llemulator.near_miss"]


@pytest.mark.parametrize(
    ("faults", "names"),
    [
        ([{"latency_ms": 5}, {"cut_after": {"sends": 2}}], ("latency_ms", "cut_after")),
        ([{"failure": {"status": 500, "probability": 1}}], ("failure",)),
        ([{"rate_limit": {"requests_per_minute": 100}}], ()),
        ([{"cut_after": {"sends": 999}}], ()),
    ],
)
async def test_a_fault_that_acts_is_an_event(faults: object, names: tuple[str, ...]) -> None:
    recorded = record({"rules": [{"reply": "one two three", "faults": faults}]})
    await recorded.ask(chat(stream=True))
    (span,) = recorded.spans
    events = [dict(event.attributes or {})["llemulator.fault"] for event in span.events if "fault" in event.name]

    assert tuple(events) == names
    assert recorded.attributes.get("llemulator.faults", ()) == names


async def test_a_fault_of_a_long_answer_is_an_event_too() -> None:
    faults = [{"latency_ms": 5}, {"rate_limit": {"requests_per_minute": 9}}]
    recorded = record({"rules": [{"reply": "many words " * 50_000, "faults": faults}]})
    await recorded.ask(chat(stream=True))

    assert recorded.attributes["llemulator.faults"] == ("latency_ms",)


# WebSocket ------------------------------------------------------------------------------------------------------------


async def test_a_message_is_a_child_of_its_connection_which_is_one_of_the_applications_span() -> None:
    recorded = record({"responses": ["Hello", "Hello"]})
    message = replace(
        _traced(post("/v1/responses", {"model": "gpt-4o", "input": "Hi", "stream": True})),
        http_version="WebSocket",
        connection="one",
        talk="talk",
    )
    await recorded.ask(message, message)
    handshake = _handshake("one")
    outcome: Any = await recorded.server.answer(_traced(handshake))
    await recorded.server.note_end(outcome.exchange, Ending("whole", 0, 0, 1.0))
    first, second, connection = recorded.spans

    assert _parent(connection) == _PARENT
    assert _parent(first) == _parent(second) == _id(connection)
    assert {_trace(span) for span in recorded.spans} == {_TRACE}
    assert connection.name == "GET /v1/responses"
    assert first.name == "chat gpt-4o"
    assert dict(first.attributes or {})["network.protocol.name"] == "websocket"


async def test_a_message_of_a_connection_without_a_trace_is_in_the_trace_that_the_connection_begins() -> None:
    recorded = record({"responses": ["Hello"]})
    body = {"model": "gpt-4o", "input": "Hi", "stream": True}
    await recorded.ask(replace(post("/v1/responses", body), http_version="WebSocket", connection="two", talk="talk"))
    outcome: Any = await recorded.server.answer(_handshake("two"))
    await recorded.server.note_end(outcome.exchange, Ending("whole", 0, 0, 1.0))
    message, connection = recorded.spans

    assert connection.parent is None
    assert _parent(message) == _id(connection)
    assert _trace(message) == _trace(connection)


async def test_a_message_with_a_trace_of_its_own_is_in_that_and_linked_to_its_connection() -> None:
    recorded = record({"responses": ["Hello"]})
    other = "11111111111111111111111111111111"
    metadata = {
        "ws_request_header_traceparent": f"00-{other}-2222222222222222-01",
        "ws_request_header_tracestate": "a=b",
    }
    body = {"model": "gpt-4o", "input": "Hi", "stream": True, "client_metadata": metadata}
    asked = _traced(post("/v1/responses", body))
    await recorded.ask(replace(asked, http_version="WebSocket", connection="three", talk="talk"))
    (message,) = recorded.spans

    assert (_trace(message), _parent(message)) == (other, "2" * 16)
    assert [f"{link.context.trace_id:032x}" for link in message.links] == [_TRACE]


def _handshake(connection: str) -> Request:
    headers = {
        "connection": "Upgrade", "upgrade": "websocket", "sec-websocket-version": "13",
        "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
    }  # fmt: skip
    return replace(request("GET", "/v1/responses", headers=headers), connection=connection)


def test_ids_are_by_chance_unless_they_are_set() -> None:
    ids = SpanIds()
    ids.next_span = 7

    assert ids.generate_span_id() == 7
    assert ids.generate_span_id() != ids.generate_span_id()
