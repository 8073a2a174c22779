"""Every type of event and of item, so that none is sent without its check, and none that exists is forgotten unsaid."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, get_args

import pytest
from openai.types.responses import ResponseOutputItem, ResponseStreamEvent

from llemulator_addon.core.reply import Block, Failure, HostedCall, Text
from llemulator_addon.wire.answer import EventStream
from llemulator_addon.wire.responses.events import break_off
from llemulator_addon.wire.responses.hosted_tools import HOSTED as KNOWN_HOSTED
from tests.wire.responding import CITED, HOSTED, SPOKEN, answer, streamed
from tests.wire.response_cases import ASKED, UNTYPED, beyond, without_nulls
from tests.wire.shapes import assert_described, assert_sdk, differences, recorded, recorded_events
from tests.wire.shapes import events as events_of

Event = dict[str, Any]

DEVIATIONS = Path(__file__).parents[2] / "docs" / "deviations.md"

NEVER_SENT = {
    *("response.audio.delta", "response.audio.done"),
    *("response.audio.transcript.delta", "response.audio.transcript.done"),
    *("response.compaction.compacting", "response.reasoning_text.delta", "response.reasoning_text.done"),
}
"""Of the SDK's union of events. No recording of OpenAI has them; the page of deviations says so."""

_MORE: dict[str, tuple[tuple[Block, ...], dict[str, Any]]] = {
    "in the background": ((Text("Hi"),), {"background": True}),
    "cut off": ((Text("Hi"),), {"finish": "length"}),
    "filtered": ((Text("Hi"),), {"finish": "content_filter"}),
    "log probabilities": ((Text("Hi"),), {"include": ["message.output_text.logprobs"], "top_logprobs": 2}),
    "a remote call that failed": ((HostedCall(type="mcp_call", fields={"name": "f", "error": "Down."}),), {}),
    "a remote list that failed": ((HostedCall(type="mcp_list_tools", fields={"error": "Down."}),), {}),
    "images on the way": (
        (HOSTED["image_generation_call"],),
        {"tools": [{"type": "image_generation", "partial_images": 2}]},
    ),
    "a conversation": ((CITED,), {"metadata": {"a": "b"}, "user": "me", "prompt_cache_key": "k"}),
}


@cache
def _streams() -> tuple[tuple[str, tuple[Event, ...]], ...]:
    """Every kind of stream, by what it says."""
    spoken = [
        (f"{said} of {model}", streamed(*blocks, model=model, **asked))
        for model, asked in ASKED.items()
        for said, blocks in SPOKEN.items()
    ]
    more = [(name, streamed(*blocks, **asked)) for name, (blocks, asked) in _MORE.items()]
    return tuple((name, tuple(events)) for name, events in (*spoken, *more, ("broken off", _broken_off())))


def _broken_off() -> list[Event]:
    made = answer(Text("Hi"), stream=True)
    assert isinstance(made, EventStream)
    sent = [piece.piece for piece in list(made.pieces)[:4]]
    failure = Failure(status=500, type="server_error", code="server_error", message="Broken.")
    return events_of(b"".join((*sent, *break_off(sent, failure))))


def _events() -> Iterator[Event]:
    return (event for _, events in _streams() for event in events)


def _types_of(union: Any) -> set[str]:  # noqa: ANN401 - one of the SDK's unions
    """Return the values of `type` that the members of a union have."""
    if hasattr(union, "model_fields"):
        return set(get_args(union.model_fields["type"].annotation))
    return {kind for member in get_args(union) for kind in (_types_of(member) if not isinstance(member, str) else ())}


def test_every_type_of_event_is_sent_or_known_not_to_be() -> None:
    sent = {event["type"] for event in _events()}

    assert sent == (_types_of(ResponseStreamEvent) | UNTYPED) - NEVER_SENT


def test_every_event_that_is_never_sent_is_on_the_page() -> None:
    page = DEVIATIONS.read_text()

    # By the part of its name that all events of a kind share.
    assert [kind for kind in NEVER_SENT if f"`response.{kind.split('.')[1]}." not in page] == []


def test_every_type_of_item_is_sent_or_is_the_clients_to_send() -> None:
    sent = {item["type"] for _, events in _streams() for item in events[-1]["response"]["output"]}
    clients = {kind for kind in _types_of(ResponseOutputItem) if kind.endswith(("_call_output", "_response"))}

    assert sent - {"shell_call_output"} == _types_of(ResponseOutputItem) - clients - {"additional_tools"}
    assert set(KNOWN_HOSTED) <= sent


@pytest.mark.long
@pytest.mark.parametrize("name", [*_MORE, "broken off"])
def test_the_rarer_streams_are_as_the_sdk_and_the_description_and_the_recordings_have_them(name: str) -> None:
    for event in dict(_streams())[name]:
        if event["type"] == "error":
            continue  # recorded otherwise than described; its own test has it
        # Recorded: probabilities have bytes in events too.
        more = {"logprobs.bytes", "logprobs.top_logprobs.bytes"} if event.get("logprobs") else set()
        more |= {"response.tools.n"} if event.get("response", {}).get("tools") else set()
        assert_sdk(ResponseStreamEvent, event, beyond=beyond(event) | more)
        if "image_generation_call" in str(event.get("item", "")):
            continue  # announced without its result, as recorded
        told = {**event, "response": without_nulls(event["response"])} if "response" in event else event
        assert_described("ResponseStreamEvent", told)


@pytest.mark.parametrize("name", [name for name, _ in _streams()])
def test_events_are_numbered_without_a_gap_and_padded_to_blocks(name: str) -> None:
    events = dict(_streams())[name]

    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    padded = [event for event in events if isinstance(event.get("delta"), str) and name != "in the background"]
    assert {(len(event["delta"]) + len(event["obfuscation"])) % 16 for event in padded} <= {0}
    assert not any("obfuscation" in event for event in events if event not in padded)


@pytest.mark.long
def test_only_items_that_were_never_recorded_have_keys_that_were_not() -> None:
    never = {
        path
        for event in _events()
        if (kind := _recorded_as(event)) in recorded()
        for path in differences(kind, event).never
    }

    explained = (*(f"<{kind}>" for kind in _NEVER_RECORDED), *_NEVER_RECORDED_PARTS)
    assert {path for path in never if not any(part in path for part in explained)} == {"part.refusal"}


_NEVER_RECORDED = (
    *("refusal", "computer_call", "program", "program_output", "custom_tool_call", "shell_call", "shell_call_output"),
    *("local_shell_call", "apply_patch_call", "mcp_approval_request", "image_generation_call", "image_generation"),
)
"""Not within a response that was counted; most were recorded by themselves, and the page has the others."""
_NEVER_RECORDED_PARTS = (
    # What a script or a request says.
    *("<mcp_call>.error", "<mcp_list_tools>.error", "item.tools[]", "<mcp_list_tools>.tools[]", "item.error"),
    "response.metadata.",
    "top_logprobs[].",
    # Newer than the recordings of responses in the background.
    *("response.moderation", "response.reasoning.context", "response.tool_usage", "_tokens_details.cache_write_tokens"),
    "response.reasoning.mode",
)


def test_every_event_that_was_recorded_once_has_the_same_keys_in_the_same_order() -> None:
    ours: dict[str, list[list[str]]] = {}
    for event in _events():
        ours.setdefault(_skeleton_of(event), []).append(list(_keys(event)))

    differing = {
        each["event"]
        for each in recorded_events()
        if not any(_same(each["keys"], keys, each["recorded"]) for keys in ours.get(each["event"], ()))
    }
    assert differing == {
        # What a tool returned, and where it ran, is the script's to say.
        *(f"response.output_item.{each}:shell_call" for each in ("added", "done")),
        *(f"response.output_item.{each}:tool_search_output" for each in ("added", "done")),
        *("response.output_item.done:code_interpreter_call", "response.output_item.done:mcp_list_tools"),
        # Recorded before responses said more of themselves.
        *("response.failed", "response.incomplete", "response.queued"),
    }


def _same(theirs: list[str], ours: list[str], day: str) -> bool:
    """Whether keys are the same: since 2026 in the same order, before in another one."""
    return theirs == ours if day >= "2026" else set(theirs) == set(ours)


def _recorded_as(event: Event) -> str:
    item = f" {event['item']['type']}" if "output_item" in event["type"] else ""
    return f"sse {event['type']}{item}"


def _skeleton_of(event: Event) -> str:
    item, part = event.get("item", {}), event.get("part", {}) if "content_part" in event["type"] else {}
    kind = item.get("type") or part.get("type")
    return f"{event['type']}:{kind}" if kind else str(event["type"])


def _keys(value: Any, place: str = "") -> Iterator[str]:  # noqa: ANN401 - JSON
    """Yield the places of all keys, in order; of a list those of its first member."""
    match value:
        case dict():
            for key, member in value.items():
                yield f"{place}.{key}"
                yield from _keys(member, f"{place}.{key}")
        case [first, *_]:
            yield from _keys(first, f"{place}[]")
        case _:
            return
