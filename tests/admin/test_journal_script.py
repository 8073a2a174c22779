"""The journal as a script gives the same answers to the same requests."""

from typing import Any

import pytest

from llemulator_addon.core.request import Request
from llemulator_addon.script.reader import read_text
from tests.playing import body_of, chat, emulator, headers_of, play, post, request, status

_TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}
_CALLED: list[dict[str, Any]] = [
    {"role": "user", "content": "Hi"},
    {
        "role": "assistant",
        "tool_calls": [{"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
    },
    {"role": "tool", "tool_call_id": "call_1", "content": "42"},
]


def _export(server: Any, query: str = "") -> str:  # noqa: ANN401
    (steps,) = play(server, request("GET", f"/_emulator/requests?format=script{query}"))
    assert (status(steps), headers_of(steps)["content-type"]) == (200, "application/yaml")
    return body_of(steps).decode()


def _responses(**more: object) -> Request:
    return post("/v1/responses", {"model": "gpt-4o", "input": "Hi", **more})


@pytest.mark.parametrize(
    ("rules", "asked"),
    [
        ([{"reply": "Hello there"}], [chat("Hi"), chat("Hi", stream=True)]),
        ([{"reply": ["first", "second"]}], [chat("Hi"), chat("Hi"), chat("Hi")]),
        (
            [
                {"match": {"tool_result": {}}, "reply": "It is 42."},
                {"reply": {"tool_calls": [{"name": "f", "arguments": {"a": 1}}]}},
            ],
            [
                chat("Hi", tools=[_TOOL]),
                post("/v1/chat/completions", {"model": "gpt-4o", "messages": _CALLED, "tools": [_TOOL]}),
            ],
        ),
        ([{"reply": {"refusal": "No."}}], [_responses(), _responses(stream=True)]),
        ([{"reply": {"failure": {"status": 429, "retry_after": 3}}}], [chat("Hi")]),
        ([{"reply": {"failure": {"taken": True, "code": "server_error", "message": "Down."}}}], [_responses()]),
        ([{"reply": {"raw": {"status": 502, "headers": {"content-type": "text/html"}, "body": "<h1>"}}}], [chat("Hi")]),
        ([{"reply": {"raw": {"sse": [{"event": "ping", "data": "1"}]}}}], [chat("Hi", stream=True)]),
        ([{"reply": "old"}], [post("/v1/completions", {"model": "gpt-3.5-turbo-instruct", "prompt": "Hi"})]),
        (
            [{"match": {"endpoint": "embeddings"}, "reply": {"embedding": [0.6, 0.8]}}],
            [post("/v1/embeddings", {"model": "text-embedding-3-small", "input": ["Hi", "ho"]})],
        ),
    ],
    ids=["text", "in turn", "tools", "refusal", "failure", "failed later", "page", "events", "completion", "vectors"],
)
def test_the_journal_loads_as_a_script_that_answers_the_same(rules: list[Any], asked: list[Request]) -> None:
    first = emulator({"seed": 7, "rules": rules})
    answers = play(first, *asked)
    script = _export(first)
    again = play(emulator({"seed": 7, **_read(script)}), *asked)

    assert [(status(each), body_of(each).strip()) for each in again] == [
        (status(each), body_of(each).strip()) for each in answers
    ]
    assert [headers_of(each).get("retry-after") for each in again] == [
        headers_of(each).get("retry-after") for each in answers
    ]


def _read(text: str) -> dict[str, Any]:
    return {"rules": [rule.written for rule in read_text(text, "yaml").rules]}


def test_simulated_answers_are_said_too_and_errors_for_unmatched_requests_are_left_out() -> None:
    server = emulator({"rules": [{"match": {"user_text": "a"}, "reply": "A", "times": 1}]})
    play(server, chat("a"), chat("b"), request("GET", "/v1/nothing"))
    simulated = emulator({"defaults": {"on_unmatched": "simulate"}, "rules": []})
    play(simulated, chat("Hi"))

    script = _export(server)
    assert script.startswith("# 2 requests are left out: no model answered, or the answer is not whole.\n")
    assert [rule.name for rule in read_text(script, "yaml").rules] == ["request 1"]
    assert [rule.name for rule in read_text(_export(simulated), "yaml").rules] == ["request 1"]


def test_a_cut_answer_and_one_that_is_not_ready_are_left_out() -> None:
    server = emulator(
        {"rules": [{"reply": "Hello", "faults": [{"cut_after": {"fraction": 0.5}}], "times": 1}, {"reply": "b"}]}
    )
    play(server, chat("Hi"), _responses(background=True))

    assert _export(server).startswith("# 2 requests are left out")


def test_filters_choose_what_is_exported() -> None:
    server = emulator({"rules": [{"reply": "Hello"}]})
    play(server, chat("a"), chat("b"), chat("c"))

    assert [rule.name for rule in read_text(_export(server, "&since=1&limit=1"), "yaml").rules] == ["request 2"]


def test_an_unsupported_request_is_marked_and_can_be_asked_for() -> None:
    server = emulator({"rules": [{"reply": "Hello"}]})
    play(server, chat("a"), request("POST", "/v1/videos/remix"))
    (steps,) = play(server, request("GET", "/_emulator/requests?unsupported=true"))

    assert b'"number": 2' in body_of(steps)
    assert b'"unsupported": true' in body_of(steps)
    assert b'"number": 1' not in body_of(steps)
