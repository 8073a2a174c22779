"""The words of `reply`: what each makes the model say."""

from pathlib import Path

import pytest

from llemulator_addon.core.reply import (
    Choice,
    Failure,
    HostedCall,
    ModelOutput,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    Usage,
)
from llemulator_addon.core.steps import Head, Send
from llemulator_addon.script import replies as package
from llemulator_addon.script.reader import read_script
from llemulator_addon.script.replies import REPLIES
from llemulator_addon.script.replies.blocks import BLOCKS
from llemulator_addon.script.reply import ScriptReply
from llemulator_addon.script.script_error import ScriptError
from tests.playing import chat, emulator, headers_of, json_of, play, request, status, texts


def _reply(written: object) -> ScriptReply:
    (rule,) = read_script({"rules": [{"reply": written}]}).rules
    (reply,) = rule.replies
    return reply


@pytest.mark.parametrize(
    ("written", "choice"),
    [
        ("Hi", Choice(blocks=(Text("Hi"),))),
        ({"text": ""}, Choice(blocks=(Text(""),))),
        ({"json": {"a": [1, None, "ü"]}}, Choice(blocks=(Text('{"a":[1,null,"ü"]}'),))),
        ({"json": None}, Choice(blocks=(Text("null"),))),
        ({"refusal": "No."}, Choice(blocks=(Refusal("No."),))),
        ({"text": "Hi", "reasoning": "Hm."}, Choice(blocks=(Reasoning("Hm."), Text("Hi")))),
        ({"text": "Hi", "finish_reason": "length"}, Choice(blocks=(Text("Hi"),), finish_reason="length")),
        (
            {"tool_calls": [{"name": "f", "arguments": {"a": 1}}, {"name": "g", "arguments": "{bad", "id": "call_1"}]},
            Choice(
                blocks=(
                    ToolCall(name="f", arguments='{"a":1}'),
                    ToolCall(name="g", arguments="{bad", id="call_1"),
                )
            ),
        ),
        (
            {"tool_calls": [{"name": "f"}, {"name": "shell", "input": "ls"}]},
            Choice(blocks=(ToolCall(name="f", arguments="{}"), ToolCall(name="shell", arguments="ls", custom=True))),
        ),
        (
            {
                "blocks": [
                    {"reasoning": "Hm."},
                    {"text": "Let me see."},
                    {"hosted_call": {"type": "web_search_call", "action": {"type": "search", "query": "x"}}},
                    {"tool_call": {"name": "f"}},
                    {"json": [1]},
                ]
            },
            Choice(
                blocks=(
                    Reasoning("Hm."),
                    Text("Let me see."),
                    HostedCall(type="web_search_call", fields={"action": {"type": "search", "query": "x"}}),
                    ToolCall(name="f", arguments="{}"),
                    Text("[1]"),
                ),
                exact=True,
            ),
        ),
    ],
    ids=str,
)
def test_a_reply_says(written: object, choice: Choice) -> None:
    assert _reply(written) == ModelOutput(choices=(choice,))


def test_choices_answer_n() -> None:
    reply = {"choices": ["a", {"text": "b", "finish_reason": "length"}]}
    (steps,) = play(emulator({"rules": [{"reply": reply}]}), chat(n=3))

    assert [(choice["message"]["content"], choice["finish_reason"]) for choice in json_of(steps)["choices"]] == [
        ("a", "stop"),
        ("b", "length"),
        ("b", "length"),
    ]


def test_usage_and_model_are_as_the_script_says() -> None:
    usage = {"prompt_tokens": 9, "completion_tokens": 3, "cached_tokens": 4, "reasoning_tokens": 0}

    assert _reply({"text": "a", "model": "mine", "usage": usage}) == ModelOutput(
        choices=(Choice(blocks=(Text("a"),)),),
        usage=Usage(prompt_tokens=9, completion_tokens=3, cached_tokens=4, reasoning_tokens=0),
        model="mine",
    )


def test_the_scripts_usage_holds_for_replies_that_name_none() -> None:
    script = {
        "defaults": {"usage": {"prompt_tokens": 5}},
        "responses": ["a", {"response": {"text": "b", "usage": {"prompt_tokens": 7}}}],
    }
    one, other = play(emulator(script), chat(), chat())

    assert [json_of(steps)["usage"]["prompt_tokens"] for steps in (one, other)] == [5, 7]


def test_a_failure_is_openais_error_object_with_its_headers() -> None:
    failure = {"status": 429, "retry_after": 2.5, "headers": {"x-extra": "1"}, "code": None}
    (steps,) = play(emulator({"rules": [{"reply": {"failure": failure}}]}), chat())

    assert status(steps) == 429
    assert (json_of(steps)["error"]["type"], json_of(steps)["error"]["code"]) == ("requests", None)
    assert {name: value for name, value in headers_of(steps).items() if name.startswith(("retry", "x-extra"))} == {
        "retry-after-ms": "2500",
        "retry-after": "3",
        "x-extra": "1",
    }


@pytest.mark.parametrize("given", [{"type": "insufficient_quota"}, {"code": "insufficient_quota"}])
def test_a_429_of_the_quota_says_so(given: dict[str, str]) -> None:
    (steps,) = play(emulator({"rules": [{"reply": {"failure": {"status": 429, **given}}}]}), chat())

    assert status(steps) == 429
    assert json_of(steps)["error"]["message"].startswith("You exceeded your current quota")
    assert {json_of(steps)["error"][key] for key in ("type", "code")} == {"insufficient_quota"}


def test_a_failure_names_what_is_given() -> None:
    failure = {"status": 418, "message": "Teapot.", "type": "tea", "code": "pot", "param": "cup"}

    assert _reply({"failure": failure}) == Failure(status=418, message="Teapot.", type="tea", code="pot", param="cup")


@pytest.mark.parametrize(
    ("raw", "content_type", "body"),
    [
        ({"json": {"a": 1}}, "application/json", b'{\n  "a": 1\n}'),
        ({"body": "<p>"}, "text/plain; charset=utf-8", b"<p>"),
        ({"body": "<p>", "headers": {"Content-Type": "text/html"}}, "text/html", b"<p>"),
        ({"base64": "AAEC"}, "application/octet-stream", b"\x00\x01\x02"),
        ({}, "text/plain; charset=utf-8", b""),
    ],
)
def test_a_raw_answer_is_sent_as_it_is(raw: dict[str, object], content_type: str, body: bytes) -> None:
    (steps,) = play(emulator({"rules": [{"reply": {"raw": {"status": 202, **raw}}}]}), chat(stream=True))

    assert [step.piece for step in steps if isinstance(step, Send)] == [body]
    assert (status(steps), headers_of(steps)["content-type"]) == (202, content_type)
    assert headers_of(steps)["content-length"] == str(len(body))


def test_raw_headers_stand_in_place_of_the_usual_ones() -> None:
    raw = {"json": {}, "headers": {"X-Request-Id": "mine", "x-new": "1"}}
    (steps,) = play(emulator({"rules": [{"reply": {"raw": raw}}]}), chat())
    (head,) = (step for step in steps if isinstance(step, Head))

    assert [value for name, value in head.headers if name == "x-request-id"] == ["mine"]
    assert headers_of(steps)["x-new"] == "1"


def test_raw_events_are_a_stream() -> None:
    events = [{"event": "a", "data": {"x": 1}}, {"data": "two\nlines", "id": "7"}, {"data": "[DONE]"}]
    (steps,) = play(
        emulator({"rules": [{"reply": {"raw": {"sse": events}}, "stream": {"tokens_per_second": 2}}]}), chat()
    )

    assert headers_of(steps)["content-type"] == "text/event-stream; charset=utf-8"
    assert [step.piece for step in steps if isinstance(step, Send)] == [
        b'event: a\ndata: {"x":1}\n\n',
        b"id: 7\ndata: two\ndata: lines\n\n",
        b"data: [DONE]\n\n",
    ]


def test_a_rule_that_names_the_path_answers_where_no_model_speaks() -> None:
    server = emulator(
        {
            "rules": [
                {"reply": "for models"},
                {"match": {"endpoint": "models.list"}, "reply": {"failure": {"status": 503}}, "times": 1},
                {"match": {"path": "/v1/nowhere/*", "method": "GET"}, "reply": {"raw": {"json": {"here": True}}}},
                {"match": {"path": "/v1/models"}, "reply": "cannot be said"},
            ]
        }
    )
    asked = [request("GET", "/v1/models"), request("GET", "/v1/nowhere/1"), request("POST", "/v1/nowhere/1")]
    failed, raw, unknown = play(server, *asked)

    assert [status(failed), status(raw), status(unknown)] == [503, 200, 404]
    assert json_of(raw) == {"here": True}
    assert texts(server, chat(), request("GET", "/v1/models")) == ["for models", "500 reply_without_model"]
    assert status(play(server, request("GET", "/v1/models/gpt-4o"))[0]) == 200


@pytest.mark.parametrize(
    ("reply", "problem"),
    [
        ({}, "rules[0].reply: a reply says something: give one of reasoning, text"),
        ({"choices": [{}]}, "rules[0].reply.choices[0]: a reply says something"),
        ({"choices": ["a"], "text": "b"}, 'rules[0].reply: "choices" and "text" exclude each other'),
        ({"blocks": [{"text": "a"}], "text": "b"}, 'rules[0].reply: "blocks" and "text" exclude each other'),
        ({"blocks": [{"text": "a", "refusal": "b"}]}, "rules[0].reply.blocks[0]: a block is one of reasoning, text"),
        ({"raw": {"body": "a", "json": 1}}, "rules[0].reply.raw: an answer has one of json, body, base64 and sse"),
        ({"raw": {"base64": "!"}}, "rules[0].reply.raw.base64: expected Base64"),
        ({"raw": {"headers": {"a b": "c"}}}, "rules[0].reply.raw.headers"),
        ({"raw": {"headers": {"a": "b\r\nc: d"}}}, "rules[0].reply.raw.headers"),
        (
            {"tool_calls": [{"name": "f", "arguments": {}, "input": ""}]},
            'rules[0].reply.tool_calls[0]: "arguments" is for',
        ),
    ],
    ids=str,
)
def test_a_reply_that_cannot_be_is_refused(reply: object, problem: str) -> None:
    with pytest.raises(ScriptError) as caught:
        read_script({"rules": [{"reply": reply}]})

    assert str(caught.value).startswith(problem)


def test_each_word_is_in_a_file_of_its_own_that_is_in_a_table() -> None:
    files = {file.stem for file in Path(package.__path__[0]).glob("*.py")}
    modules = {made.__module__.rpartition(".")[2] for made in (*REPLIES.values(), *BLOCKS.values())}

    # `failure` and `raw` are no words of a model.
    assert files - modules == {"__init__", "failure", "raw"}
