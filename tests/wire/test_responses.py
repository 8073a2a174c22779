from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.responses import Response, ResponseStreamEvent

from llemulator_addon.core.reply import Failure, FinishReason, HostedCall, Reasoning, Refusal, Text, ToolCall, Usage
from llemulator_addon.wire.answer import Body, ChunkBy, EventStream
from llemulator_addon.wire.responses.events import break_off
from tests.wire.responding import CITED, HOSTED, SPOKEN, answer, kinds, streamed, whole
from tests.wire.shapes import Differences, assert_described, assert_sdk, differences, events

# Beyond the SDK's types, but recorded.
ECHOED = ("frequency_penalty", "presence_penalty", "store")
# The recordings of models that reason asked for all of this.
ALL: dict[str, Any] = {
    "reasoning": {"summary": "auto"},
    "include": ["reasoning.encrypted_content", "code_interpreter_call.outputs"],
}
ASKED: dict[str, dict[str, Any]] = {"gpt-4o": {}, "gpt-5": ALL, "gpt-5.6": ALL}
cases = pytest.mark.parametrize("model", ASKED)
spoken = pytest.mark.parametrize("said", SPOKEN)


def recorded_response(response: dict[str, Any], *, model: str) -> Differences:
    """How a body differs from recordings; what another family's recordings have counts as seen."""
    kind = "json response standard" if model == "gpt-4o" else "json response reasoning"
    kinds = ("json response", "json response standard", "json response reasoning")
    found = differences(kind, response)
    never = set.intersection(*(set(differences(each, response).never) for each in kinds))
    return Differences(missing=found.missing, wrong=found.wrong, never=tuple(sorted(never)))


def never_recorded(differing: Differences) -> set[str]:
    return {path.split(">")[0].removeprefix("output[]<") for path in differing.never}


def without_nulls(response: dict[str, Any]) -> dict[str, Any]:
    """Without what is null in recordings, and described as a string or an object."""
    return {key: value for key, value in response.items() if key not in {"user", "usage"} or value is not None}


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


# Events -------------------------------------------------------------------------------------------------------------

# Recorded without fields that the SDK's types and OpenAI's description want, or not typed at all.
UNTYPED = {
    "response.apply_patch_call_operation_diff.delta",
    "response.apply_patch_call_operation_diff.done",
}


def announces(event: dict[str, Any], *types: str) -> bool:
    return event["type"] == "response.output_item.added" and event["item"]["type"] in types


def beyond(event: dict[str, Any]) -> set[str]:
    found = {"obfuscation"} if "obfuscation" in event and "shell_call_command" not in event["type"] else set()
    if "response" in event:
        found |= {f"response.{key}" for key in ECHOED}
        types = [item["type"] for item in event["response"]["output"]]
        found |= {"response.output.status"} if "custom_tool_call" in types else set()
    if event.get("item", {}).get("type") == "custom_tool_call":
        found.add("item.status")
    return found


@pytest.mark.long
@cases
@spoken
def test_every_event_is_what_the_sdk_types_say(said: str, model: str) -> None:
    for event in streamed(*SPOKEN[said], model=model, **ASKED[model]):
        # A search is announced without its action, as recorded.
        if event["type"] not in UNTYPED and not announces(event, "web_search_call"):
            assert_sdk(ResponseStreamEvent, event, beyond=beyond(event))


@pytest.mark.long
@cases
@spoken
def test_every_event_is_as_openai_describes_it(said: str, model: str) -> None:
    for event in streamed(*SPOKEN[said], model=model, **ASKED[model]):
        if event["type"] in UNTYPED or announces(event, "web_search_call", "image_generation_call"):
            continue
        described = dict(event)
        if "response" in event:
            described["response"] = without_nulls(event["response"])
        if event["type"] == "response.function_call_arguments.done":
            described["name"] = "described, but never recorded"
        assert_described("ResponseStreamEvent", described)


@pytest.mark.long
@cases
@spoken
def test_every_event_has_the_keys_and_types_of_the_recordings(said: str, model: str) -> None:
    for event in streamed(*SPOKEN[said], model=model, **ASKED[model]):
        if "refusal" in str(event):
            continue  # no recording is known
        item = f" {event['item']['type']}" if "output_item" in event["type"] else ""
        kind = f"sse {event['type']}{item}"
        if kind in RECORDED:
            found = differences(kind, event)
            assert (kind, found.missing, found.wrong) == (kind, (), ())


RECORDED = {
    *(f"sse response.{each}" for each in ("created", "in_progress", "completed", "queued")),
    *(f"sse response.content_part.{each}" for each in ("added", "done")),
    *(f"sse response.output_text.{each}" for each in ("delta", "done", "annotation.added")),
    *(f"sse response.function_call_arguments.{each}" for each in ("delta", "done")),
    *(f"sse response.reasoning_summary_{each}" for each in ("part.added", "part.done", "text.delta", "text.done")),
    *(f"sse response.code_interpreter_call{each}" for each in (".in_progress", ".interpreting", ".completed")),
    *(f"sse response.code_interpreter_call_code.{each}" for each in ("delta", "done")),
    *(
        f"sse response.{kind}.{each}"
        for kind in ("web_search_call", "file_search_call")
        for each in ("in_progress", "searching", "completed")
    ),
    *(f"sse response.mcp_call{each}" for each in (".in_progress", ".completed", "_arguments.delta", "_arguments.done")),
    *(f"sse response.mcp_list_tools.{each}" for each in ("in_progress", "completed")),
    *(
        f"sse response.output_item.{each} {kind}"
        for each in ("added", "done")
        for kind in (
            *("code_interpreter_call", "compaction", "file_search_call", "function_call", "mcp_call"),
            *("mcp_list_tools", "message", "reasoning", "tool_search_call", "tool_search_output", "web_search_call"),
        )
    ),
}

MESSAGE = ["output_item.added", "content_part.added", "output_text.delta"]
MESSAGE_END = ["output_text.done", "content_part.done", "output_item.done"]


@pytest.mark.parametrize(
    ("said", "model", "expected"),
    [
        ("text", "gpt-4o", [*MESSAGE, *MESSAGE_END]),
        ("text", "gpt-5", ["output_item.added", "output_item.done", *MESSAGE, *MESSAGE_END]),
        (
            "text with a citation",
            "gpt-4o",
            [*MESSAGE, "output_text.annotation.added", "output_text.delta", *MESSAGE_END],
        ),
        (
            "refusal",
            "gpt-4o",
            [
                *("output_item.added", "content_part.added", "refusal.delta", "refusal.done", "content_part.done"),
                "output_item.done",
            ],
        ),
        (
            "two function calls",
            "gpt-4o",
            [
                "output_item.added",
                "function_call_arguments.delta",
                "function_call_arguments.done",
                "output_item.done",
            ]
            * 2,
        ),
        (
            "custom tool call",
            "gpt-4o",
            ["output_item.added", "custom_tool_call_input.delta", "custom_tool_call_input.done", "output_item.done"],
        ),
        (
            "reasoning and text",
            "gpt-5",
            [
                "output_item.added",
                *(
                    *("reasoning_summary_part.added", "reasoning_summary_text.delta"),
                    *("reasoning_summary_text.done", "reasoning_summary_part.done"),
                )
                * 2,
                "output_item.done",
                *MESSAGE,
                *MESSAGE_END,
            ],
        ),
        *(
            (f"{kind} and text", "gpt-4o", ["output_item.added", *inside, "output_item.done", *MESSAGE, *MESSAGE_END])
            for kind, inside in {
                "web_search_call": [
                    *("web_search_call.in_progress", "web_search_call.searching", "web_search_call.completed"),
                ],
                "file_search_call": [
                    *("file_search_call.in_progress", "file_search_call.searching", "file_search_call.completed"),
                ],
                "code_interpreter_call": [
                    *("code_interpreter_call.in_progress", "code_interpreter_call_code.delta"),
                    *("code_interpreter_call_code.done", "code_interpreter_call.interpreting"),
                    "code_interpreter_call.completed",
                ],
                "image_generation_call": [
                    *("image_generation_call.in_progress", "image_generation_call.generating"),
                    "image_generation_call.completed",
                ],
                "mcp_list_tools": ["mcp_list_tools.in_progress", "mcp_list_tools.completed"],
                "mcp_call": [
                    *("mcp_call.in_progress", "mcp_call_arguments.delta", "mcp_call_arguments.done"),
                    "mcp_call.completed",
                ],
                "shell_call": [
                    *("shell_call_command.added", "shell_call_command.delta", "shell_call_command.done") * 2,
                ],
                "shell_call_output": ["shell_call_output_content.delta", "shell_call_output_content.done"],
                "apply_patch_call": [
                    *("apply_patch_call_operation_diff.delta", "apply_patch_call_operation_diff.done"),
                ],
                "mcp_approval_request": [],
                "local_shell_call": [],
                "computer_call": [],
                "tool_search_call": [],
                "compaction": [],
            }.items()
        ),
    ],
)
def test_the_events_come_in_the_recorded_order(said: str, model: str, expected: list[str]) -> None:
    told = streamed(*SPOKEN[said], model=model, **ASKED[model])

    assert kinds(told) == ["created", "in_progress", *expected, "completed"]


@spoken
def test_events_are_numbered_without_a_gap_and_name_their_items(said: str) -> None:
    told = streamed(*SPOKEN[said], model="gpt-5")

    assert [event["sequence_number"] for event in told] == list(range(len(told)))
    done = {event["output_index"]: event["item"] for event in told if event["type"] == "response.output_item.done"}
    assert list(done.values()) == told[-1]["response"]["output"]
    assert all(event["item_id"] == done[event["output_index"]]["id"] for event in told if "item_id" in event)


@spoken
def test_keys_of_an_event_are_its_type_and_then_the_others_by_name(said: str) -> None:
    for event in streamed(*SPOKEN[said]):
        assert list(event) == ["type", *sorted(set(event) - {"type"})]


@spoken
def test_deltas_are_padded_to_blocks_of_16(said: str) -> None:
    told = [event for event in streamed(*SPOKEN[said], model="gpt-5") if isinstance(event.get("delta"), str)]

    assert {(len(event["delta"]) + len(event["obfuscation"])) % 16 for event in told} <= {0}


def test_padding_can_be_switched_off_and_a_stream_in_the_background_has_none() -> None:
    off = streamed(Text("Hello there"), stream_options={"include_obfuscation": False})
    background = streamed(Text("Hello there"), background=True)

    assert not any("obfuscation" in event for event in (*off, *background))


def test_a_stream_has_named_events_and_no_done() -> None:
    made = answer(Text("Grüße"), stream=True)
    assert isinstance(made, EventStream)
    stream = b"".join(piece.piece for piece in made.pieces)

    assert stream.startswith(b'event: response.created\ndata: {"type":"response.created","response":{"id":"resp_')
    assert b"[DONE]" not in stream
    assert all(block.startswith(b"event: response.") for block in stream.split(b"\n\n")[:-1])
    assert "Gr" in stream.decode()
    assert b"\\u" not in stream


def test_until_it_is_finished_a_response_has_no_output_usage_or_tier() -> None:
    created, in_progress, *_, completed = (
        event["response"] for event in streamed(Text("Hi"), model="gpt-5.6") if "response" in event
    )

    unfinished: dict[str, Any] = {
        "status": "in_progress",
        "completed_at": None,
        "output": [],
        "service_tier": "auto",
        "usage": None,
    }
    assert {key: created[key] for key in unfinished} == unfinished
    assert created == in_progress
    assert list(created) == list(completed)
    assert completed == {key: value for key, value in whole(Text("Hi"), model="gpt-5.6").items() if key != "billing"}


def test_a_response_in_the_background_is_queued_first() -> None:
    told = streamed(Text("Hi"), background=True)

    assert kinds(told)[:3] == ["created", "queued", "in_progress"]
    assert [event["response"]["status"] for event in told[:3]] == ["queued", "queued", "in_progress"]


def test_partial_images_are_shown_as_many_as_the_tool_asks_for() -> None:
    tool = {"type": "image_generation", "partial_images": 2, "output_format": "jpeg"}

    told = streamed(HostedCall(type="image_generation_call", fields={"result": "aGk="}), tools=[tool])

    shown = [event for event in told if event["type"].endswith("partial_image")]
    assert [event["partial_image_index"] for event in shown] == [0, 1]
    assert {(event["partial_image_b64"], event["output_format"]) for event in shown} == {("aGk=", "jpeg")}


def test_a_hosted_call_fills_in_what_a_script_leaves_out() -> None:
    body = whole(
        HostedCall(type="shell_call", fields={"action": {"commands": ["ls"]}}),
        HostedCall(type="web_search_call", fields={"action": {"type": "search", "query": "rain"}}),
        HostedCall(type="web_search_call", fields={"action": {"type": "open_page", "url": "https://a.example"}}),
        HostedCall(type="mcp_call", fields={"name": "roll", "arguments": {"dice": 2}, "error": {"type": "x"}}),
        HostedCall(type="newer_than_this_call", fields={"b": 1, "a": 2}),
    )

    shell, search, opened, mcp, newer = body["output"]
    assert shell["action"] == {"commands": ["ls"], "max_output_length": None, "timeout_ms": None}
    assert search["action"] == {"type": "search", "queries": ["rain"], "query": "rain"}
    assert opened["action"] == {"type": "open_page", "url": "https://a.example"}
    assert (mcp["arguments"], mcp["status"], mcp["output"]) == ('{"dice":2}', "failed", None)
    assert list(newer) == ["id", "type", "status", "a", "b"]


@pytest.mark.parametrize(("approval", "begun"), [(None, 1), ("mcpr_1", 2)])
def test_a_remote_call_that_was_approved_begins_twice(approval: str | None, begun: int) -> None:
    call = HostedCall(type="mcp_call", fields={"name": "roll", "approval_request_id": approval})
    types = [event["type"] for event in streamed(call) if "mcp_call" in event["type"]]

    assert types == [
        "response.mcp_call.in_progress",
        "response.mcp_call_arguments.delta",
        *["response.mcp_call.in_progress"] * (begun - 1),
        "response.mcp_call_arguments.done",
        "response.mcp_call.completed",
    ]


def test_the_error_of_a_remote_call_may_be_a_text() -> None:
    (call,) = whole(HostedCall(type="mcp_call", fields={"name": "roll", "error": "No dice."}))["output"]

    assert (call["status"], call["output"]) == ("failed", None)
    assert call["error"] == {
        "type": "mcp_tool_execution_error",
        "content": [{"type": "text", "text": "No dice."}],
    }


def test_an_error_ends_a_stream_with_two_events() -> None:
    made = answer(Text("Hello there"), stream=True)
    assert isinstance(made, EventStream)
    sent = [piece.piece for piece in list(made.pieces)[:5]]
    failure = Failure(status=503, message="Too busy.", type="server_error", code="server_is_overloaded")

    ending = break_off(sent, failure)

    error, failed = events(b"".join(sent) + b"".join(ending))[-2:]
    assert error == {
        "type": "error",
        "error": {
            "type": "server_error",
            "code": "server_is_overloaded",
            "message": "Too busy.",
            "param": None,
        },
        "sequence_number": 5,
    }
    assert (failed["type"], failed["sequence_number"]) == ("response.failed", 6)
    assert failed["response"]["status"] == "failed"
    assert failed["response"]["error"] == {"code": "server_is_overloaded", "message": "Too busy."}
    assert failed["response"]["usage"] is None
    assert ending[0].startswith(b"event: error\n")


def test_a_stream_of_legacy_completions_at_this_path_ends_with_a_chunk() -> None:
    (ending,) = break_off([b'data: {"object":"text_completion"}\n\n'], Failure(status=500, message="Broken."))

    assert ending.startswith(b'data: {"error":{"message":"Broken."')


# Stream and body say the same ---------------------------------------------------------------------------------------

TEXTS = st.text(st.characters(codec="utf-8"), max_size=200)
CHUNKS = st.sampled_from(["token", "word", "character", 1, 3, 16])


@given(text=TEXTS, chunk_by=CHUNKS)
def test_deltas_put_together_are_the_text(text: str, chunk_by: ChunkBy) -> None:
    told = streamed(Text(text), chunk_by=chunk_by)

    assert "".join(event["delta"] for event in told if event["type"] == "response.output_text.delta") == text
    assert next(event["text"] for event in told if event["type"] == "response.output_text.done") == text


@given(text=TEXTS, start=st.integers(-5, 210), length=st.integers(-5, 50), chunk_by=CHUNKS)
def test_a_citation_anywhere_leaves_the_text_whole(text: str, start: int, length: int, chunk_by: ChunkBy) -> None:
    cited = {**CITED.annotations[0], "start_index": start, "end_index": start + length}

    told = streamed(Text(text, annotations=(cited, CITED.annotations[0])), chunk_by=chunk_by)

    assert "".join(event["delta"] for event in told if event["type"] == "response.output_text.delta") == text
    added = [event["annotation_index"] for event in told if event["type"].endswith("annotation.added")]
    assert sorted(added) == [0, 1]


BLOCKS = st.lists(
    st.one_of(
        TEXTS.map(Text),
        TEXTS.map(Refusal),
        TEXTS.map(Reasoning),
        st.builds(ToolCall, name=st.just("f"), arguments=TEXTS, custom=st.booleans()),
        st.sampled_from(list(HOSTED.values())),
    ),
    min_size=1,
    max_size=4,
)


@given(blocks=BLOCKS, model=st.sampled_from(list(ASKED)), finish=st.sampled_from([None, "length", "tool_calls"]))
def test_a_stream_ends_with_what_the_body_says(blocks: list[Any], model: str, finish: FinishReason | None) -> None:
    body = whole(*blocks, model=model, finish=finish, **ASKED[model])
    told = streamed(*blocks, model=model, finish=finish, **ASKED[model])

    assert told[-1]["response"] == {key: value for key, value in body.items() if key != "billing"}
