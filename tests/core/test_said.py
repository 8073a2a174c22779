"""Text, calls and usage of an answer, the same of a body and of a stream."""

from typing import Any

import pytest

import llemulator_addon
from llemulator_addon.core.said import ModelToolCall, Said, read_body, read_events
from tests.playing import body_of, emulator, json_of, play, post
from tests.wire.shapes import events

_CALLS = {"tool_calls": [{"name": "f", "arguments": {"a": 1}}, {"name": "g", "arguments": "{bad"}]}
_USAGE = {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11}


def _read(reply: dict[str, Any], path: str, *, stream: bool) -> Said:
    body: dict[str, Any] = {"model": "gpt-4o", "stream": stream}
    if path != "responses":
        body |= {"messages": [{"role": "user", "content": "Hi"}]}
        body |= {"stream_options": {"include_usage": True}} if stream else {}
    else:
        body |= {"input": "Hi"}
    (steps,) = play(emulator({"rules": [{"reply": reply}]}), post(f"/v1/{path}", body))
    return read_events(events(body_of(steps))) if stream else read_body(json_of(steps))


@pytest.mark.long
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("path", ["chat/completions", "responses"])
def test_text_calls_and_usage_are_read_from_bodies_and_streams(path: str, *, stream: bool) -> None:
    said = _read({"text": "I look.", "usage": _USAGE, **_CALLS}, path, stream=stream)

    assert said.text == "I look."
    assert [(call.name, call.arguments) for call in said.tool_calls] == [("f", {"a": 1}), ("g", "{bad")]
    assert all(call.id and call.id.startswith("call_") for call in said.tool_calls)
    assert said.usage is not None
    assert said.usage["total_tokens"] == 11


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("path", ["chat/completions", "responses"])
def test_a_refusal_and_the_input_of_a_custom_tool_are_texts(path: str, *, stream: bool) -> None:
    custom = {"tool_calls": [{"name": "shell", "input": "ls", "id": "call_1"}]}

    assert _read({"refusal": "No."}, path, stream=stream).text == "No."
    assert _read(custom, path, stream=stream).tool_calls == (ModelToolCall(name="shell", arguments="ls", id="call_1"),)


def test_a_stream_of_responses_that_was_cut_says_what_came() -> None:
    (steps,) = play(
        emulator({"rules": [{"reply": "Hello there, you", "faults": [{"cut_after": {"sends": 6}}]}]}),
        post("/v1/responses", {"model": "gpt-4o", "input": "Hi", "stream": True}),
    )

    assert read_events(events(body_of(steps))).text == "Hello there"


@pytest.mark.parametrize("body", [None, "text", {"error": {"message": "x"}}, {"object": "list", "data": []}])
def test_another_answer_says_nothing(body: object) -> None:
    assert read_body(body) == Said()


@pytest.mark.parametrize("name", llemulator_addon.__all__)
def test_the_names_of_the_package_are_there(name: str) -> None:
    assert getattr(llemulator_addon, name)


def test_another_name_of_the_package_is_an_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = llemulator_addon.Nothing
