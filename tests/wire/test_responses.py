from typing import Any

import pytest
from openai.types.responses import Response

from llemulator_addon.core.reply import FinishReason, Reasoning, Text, ToolCall, Usage
from llemulator_addon.wire.answer import Body, EventStream
from tests.wire.responding import HOSTED, SPOKEN, answer, kinds, streamed, whole
from tests.wire.response_cases import ASKED, ECHOED, cases, never_recorded, recorded_response, spoken, without_nulls
from tests.wire.shapes import assert_described, assert_sdk

# The object ---------------------------------------------------------------------------------------------------------


@cases
@spoken
def test_a_response_is_what_the_sdk_types_say(said: str, model: str) -> None:
    body = whole(*SPOKEN[said], model=model, **ASKED[model])

    # The API sends a status with custom tool calls; the SDK's type has none.
    beyond = {"output.status"} if said == "custom tool call" else set()
    assert_sdk(Response, body, beyond={"billing", *ECHOED, *beyond})


@pytest.mark.long
@cases
@spoken
def test_a_response_is_as_openai_describes_it(said: str, model: str) -> None:
    body = whole(*SPOKEN[said], model=model, **ASKED[model])

    assert_described("Response", without_nulls(body))


@cases
@spoken
def test_a_response_has_the_keys_and_types_of_the_recordings(said: str, model: str) -> None:
    found = recorded_response(whole(*SPOKEN[said], model=model, **ASKED[model]), model=model)

    assert (found.missing, found.wrong) == ((), ())
    assert never_recorded(found) <= {*HOSTED, "custom_tool_call", "message"}


def test_the_keys_of_a_response_stand_in_the_order_of_the_recordings() -> None:
    body = whole(Text("Hi"), model="gpt-5.6")

    assert list(body) == [
        *("id", "object", "created_at", "status", "background", "billing", "completed_at", "error"),
        *("frequency_penalty", "incomplete_details", "instructions", "max_output_tokens", "max_tool_calls", "model"),
        *("moderation", "output", "parallel_tool_calls", "presence_penalty", "previous_response_id"),
        *("prompt_cache_key", "prompt_cache_retention", "reasoning", "safety_identifier", "service_tier", "store"),
        *("temperature", "text", "tool_choice", "tool_usage", "tools", "top_logprobs", "top_p", "truncation", "usage"),
        *("user", "metadata"),
    ]
    assert list(body["output"][1]) == ["id", "type", "status", "content", "phase", "role"]
    assert body["reasoning"] == {"context": "all_turns", "effort": "medium", "mode": "standard", "summary": None}


def test_a_body_is_spelled_in_lines_without_a_final_one() -> None:
    made = answer(Text("Grüße 🙂"))

    assert isinstance(made, Body)
    assert made.body.startswith(b'{\n  "id": "resp_')
    assert made.body.endswith(b"}")


def test_what_is_not_ascii_is_escaped_in_a_body_and_stands_as_it_is_in_a_stream() -> None:
    made, told = answer(Text("Grüße 🙂")), answer(Text("Grüße 🙂"), stream=True)

    assert isinstance(made, Body)
    assert isinstance(told, EventStream)
    assert rb'"text": "Gr\u00fc\u00dfe \ud83d\ude42"' in made.body
    assert '"text":"Grüße 🙂"'.encode() in list(told.pieces)[-1].piece


def test_ids_share_their_first_digits_and_say_whether_the_response_is_stored() -> None:
    stored, unstored = (whole(Text("Hi"), ToolCall(name="f", arguments="{}"), store=store) for store in (True, False))

    for body, mark in ((stored, "00"), (unstored, "01")):
        ids = [body["id"], *(item["id"] for item in body["output"])]
        assert [each.partition("_")[0] for each in ids] == ["resp", "msg", "fc"]
        assert {len(each.partition("_")[2]) for each in ids} == {50}
        assert len({each.partition("_")[2][:18] for each in ids}) == 1
        assert len(set(ids)) == len(ids)
        assert ids[0][21:23] == mark
        assert int(ids[0][23:31], 16) == body["created_at"]


@pytest.mark.parametrize(("finish", "reason"), [("length", "max_output_tokens"), ("content_filter", "content_filter")])
def test_a_response_that_is_cut_short_is_incomplete(finish: FinishReason, reason: str) -> None:
    body = whole(Text("It was"), finish=finish)
    told = streamed(Text("It was"), finish=finish)

    assert (body["status"], body["incomplete_details"], body["completed_at"]) == (
        "incomplete",
        {"reason": reason},
        None,
    )
    assert body["output"][0]["status"] == "incomplete"
    assert kinds(told)[-1] == "incomplete"
    assert told[-1]["response"]["output"] == body["output"]


def test_usage_is_counted_or_as_the_script_says() -> None:
    counted = whole(Text("Hello there"), input="Hi", instructions="Be kind.")["usage"]
    given = whole(
        Text("Hi"),
        usage=Usage(prompt_tokens=9, completion_tokens=4, cached_tokens=3, reasoning_tokens=2),
    )["usage"]

    # (3 + role + text) for each of two messages, and 3; the text and 1.
    assert counted == {
        "input_tokens": (3 + 1 + 3) + (3 + 1 + 1) + 3,
        "input_tokens_details": {"cache_write_tokens": 0, "cached_tokens": 0},
        "output_tokens": 2 + 1,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 18,
    }
    assert given == {
        "input_tokens": 9,
        "input_tokens_details": {"cache_write_tokens": 0, "cached_tokens": 3},
        "output_tokens": 4,
        "output_tokens_details": {"reasoning_tokens": 2},
        "total_tokens": 13,
    }


# What a model's family does -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "asked", "types"),
    [
        ("gpt-4o", {}, ["message"]),
        ("gpt-4.1", {}, ["message"]),
        ("gpt-5", {}, ["reasoning", "message"]),
        ("o3", {}, ["reasoning", "message"]),
        ("gpt-5.1", {}, ["message"]),
        ("gpt-5.1", {"reasoning": {"effort": "low"}}, ["reasoning", "message"]),
    ],
)
def test_a_model_that_reasons_begins_with_an_item_for_it(model: str, asked: dict[str, Any], types: list[str]) -> None:
    body = whole(Text("Hi"), model=model, **asked)

    assert [item["type"] for item in body["output"]] == types


def test_a_summary_is_shown_to_those_who_ask_for_one() -> None:
    parts = (Reasoning("First."), Reasoning("Then."), Text("Done."))

    silent, shown = (whole(*parts, model="gpt-5", **asked) for asked in ({}, {"reasoning": {"summary": "auto"}}))

    assert silent["output"][0]["summary"] == []
    assert shown["output"][0]["summary"] == [
        {"type": "summary_text", "text": "First."},
        {"type": "summary_text", "text": "Then."},
    ]
    assert shown["reasoning"]["summary"] == "detailed"
    assert [item["type"] for item in whole(*parts, model="gpt-4o")["output"]] == ["message"]


@pytest.mark.parametrize(
    ("model", "asked", "keys"),
    [
        ("gpt-5", {}, ["id", "type", "content", "summary"]),
        (
            "gpt-5",
            {"include": ["reasoning.encrypted_content"]},
            ["id", "type", "content", "encrypted_content", "summary"],
        ),
        ("gpt-5.6", {}, ["id", "type", "content", "summary"]),
        ("gpt-6-astra", {}, ["id", "type", "content", "encrypted_content", "summary"]),
    ],
)
def test_a_reasoning_item_has_what_its_family_shows(model: str, asked: dict[str, Any], keys: list[str]) -> None:
    body = whole(Text("Hi"), model=model, **asked)

    assert list(body["output"][0]) == keys


def test_newer_models_say_whether_a_message_is_the_answer() -> None:
    body = whole(Text("I look."), ToolCall(name="f", arguments="{}"), Text("Found."), model="gpt-5.5")
    given = whole(Text("I look.", phase="commentary"), model="gpt-5.5")

    assert [item.get("phase") for item in body["output"]] == [None, "commentary", None, "final_answer"]
    assert given["output"][1]["phase"] == "commentary"


def test_log_probabilities_stand_in_the_text_and_in_its_deltas() -> None:
    asked: dict[str, Any] = {"include": ["message.output_text.logprobs"], "top_logprobs": 2}

    body = whole(Text("Hello there, you"), **asked)
    told = streamed(Text("Hello there, you"), **asked)

    logprobs = body["output"][0]["content"][0]["logprobs"]
    assert [each["token"] for each in logprobs] == ["Hello", " there", ",", " you"]
    assert {len(each["top_logprobs"]) for each in logprobs} == {2}
    deltas = [event["logprobs"] for event in told if event["type"] == "response.output_text.delta"]
    assert deltas == [[each] for each in logprobs]
    assert_sdk(Response, body, beyond={"billing", *ECHOED})


# What is said back --------------------------------------------------------------------------------------------------

STRICT = {"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": False, "required": ["a"]}


@pytest.mark.parametrize(
    ("sent", "said_back"),
    [
        (
            {
                "type": "function",
                "name": "f",
                "parameters": {"type": "object", "properties": {"a": {"type": "string"}}},
            },
            {
                "type": "function",
                "description": None,
                "name": "f",
                "output_schema": None,
                "parameters": STRICT,
                "strict": True,
            },
        ),
        (
            {"type": "function", "name": "f", "parameters": {"type": "object", "properties": {}}, "strict": False},
            {
                "type": "function",
                "description": None,
                "name": "f",
                "output_schema": None,
                "parameters": {"type": "object", "properties": {}},
                "strict": False,
            },
        ),
        (
            {"type": "custom", "name": "run"},
            {"type": "custom", "description": None, "format": {"type": "text"}, "name": "run"},
        ),
        (
            {"type": "web_search_preview"},
            {
                "type": "web_search_preview",
                "search_context_size": "medium",
                "user_location": {
                    "type": "approximate",
                    "city": None,
                    "country": "US",
                    "region": None,
                    "timezone": None,
                },
            },
        ),
        (
            {"type": "file_search", "vector_store_ids": ["vs_1"]},
            {
                "type": "file_search",
                "filters": None,
                "max_num_results": 20,
                "ranking_options": {"ranker": "auto", "score_threshold": 0.0},
                "vector_store_ids": ["vs_1"],
            },
        ),
        (
            {"type": "image_generation", "quality": "low", "partial_images": 1},
            {
                "type": "image_generation",
                "background": "auto",
                "model": "gpt-image-2",
                "moderation": "auto",
                "n": 1,
                "output_compression": 100,
                "output_format": "png",
                "quality": "low",
                "size": "auto",
            },
        ),
        (
            {
                "type": "mcp",
                "server_label": "dice",
                "server_url": "https://me:word@dice.example/mcp?key=1",
                "authorization": "secret",
                "headers": {"X-Key": "secret"},
                "require_approval": {"always": {"tool_names": ["roll"]}},
            },
            {
                "type": "mcp",
                "allowed_tools": None,
                "headers": {"X-Key": "<redacted>"},
                "require_approval": {"always": {"tool_names": ["roll"]}, "never": None},
                "server_description": None,
                "server_label": "dice",
                "server_url": "https://me:word@dice.example/mcp?key=1",
            },
        ),
        (
            {"type": "code_interpreter", "container": {"type": "auto"}},
            {"type": "code_interpreter", "container": {"type": "auto"}},
        ),
        ({"type": "tool_search"}, {"type": "tool_search", "description": None, "parameters": None}),
        ({"type": "newer_than_this", "b": 1, "a": None}, {"type": "newer_than_this", "b": 1, "a": None}),
    ],
)
def test_tools_are_said_back_with_their_defaults(sent: dict[str, Any], said_back: dict[str, Any]) -> None:
    tools = whole(Text("Hi"), tools=[sent])["tools"]

    assert [list(tool.items()) for tool in tools] == [list(said_back.items())]


def test_parameters_are_said_back() -> None:
    schema = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}
    asked: dict[str, Any] = {
        "instructions": "Be kind.",
        "max_output_tokens": 100,
        "max_tool_calls": 3,
        "metadata": {"a": "b"},
        "parallel_tool_calls": False,
        "prompt_cache_key": "k",
        "safety_identifier": "s",
        "service_tier": "flex",
        "store": False,
        "temperature": 0.5,
        "tool_choice": {"type": "function", "name": "f"},
        "tools": [
            {
                "type": "function",
                "description": None,
                "name": "f",
                "output_schema": None,
                "parameters": {},
                "strict": False,
            }
        ],
        "top_p": 1,
        "truncation": "auto",
        "user": "u",
    }

    body = whole(Text("{}"), **asked, text={"format": {"type": "json_schema", "name": "n", "schema": schema}})

    assert {key: body[key] for key in asked} == asked
    assert isinstance(body["top_p"], float)
    assert body["text"] == {
        "format": {"type": "json_schema", "description": None, "name": "n", "schema": schema, "strict": False},
        "verbosity": "medium",
    }
