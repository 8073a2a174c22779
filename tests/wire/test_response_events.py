"""The events of a streamed response, and that they say the same as its body."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.responses import ResponseStreamEvent

from llemulator_addon.core.reply import Failure, FinishReason, HostedCall, Reasoning, Refusal, Text, ToolCall
from llemulator_addon.wire.answer import ChunkBy, EventStream
from llemulator_addon.wire.responses.events import break_off
from tests.wire.responding import CITED, HOSTED, SPOKEN, answer, kinds, streamed, whole
from tests.wire.response_cases import ASKED, UNTYPED, beyond, cases, spoken, without_nulls
from tests.wire.shapes import assert_described, assert_sdk, differences, events


def announces(event: dict[str, Any], *types: str) -> bool:
    return event["type"] == "response.output_item.added" and event["item"]["type"] in types


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
