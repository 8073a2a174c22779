"""The chunks of a streamed chat completion."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from llemulator_addon.core.reply import ModelOutput, Refusal, Text, ToolCall
from llemulator_addon.wire.answer import ChunkBy
from llemulator_addon.wire.endpoints.chat import ENDPOINT
from tests.wire.answering import HELLO, TIME, WEATHER, chunks, one, stream, whole
from tests.wire.chat_cases import ASKED, CUSTOM, TOOLS, every_reply


def test_a_streamed_text_begins_with_the_role_and_ends_with_an_empty_delta() -> None:
    found = chunks(ENDPOINT, ASKED, one(Text("Hi there")))

    assert [chunk["choices"][0]["delta"] for chunk in found] == [
        {"role": "assistant", "content": "", "refusal": None},
        {"content": "Hi"},
        {"content": " there"},
        {},
    ]


def test_a_streamed_call_opens_in_the_role_chunk() -> None:
    first, *more, last = chunks(ENDPOINT, {**ASKED, "tools": TOOLS}, one(WEATHER))

    opened = first["choices"][0]["delta"]["tool_calls"][0]
    assert first["choices"][0]["delta"] == {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {"index": 0, "id": opened["id"], "type": "function", "function": {"name": "weather", "arguments": ""}}
        ],
        "refusal": None,
    }
    assert all(list(chunk["choices"][0]["delta"]["tool_calls"][0]) == ["index", "function"] for chunk in more)
    assert last["choices"][0]["delta"] == {}


def test_several_streamed_calls_follow_the_role_each_with_an_opening_of_its_own() -> None:
    first, *more, _ = chunks(ENDPOINT, {**ASKED, "tools": TOOLS}, one(WEATHER, TIME))

    assert first["choices"][0]["delta"] == {"role": "assistant", "content": None}
    calls = [chunk["choices"][0]["delta"]["tool_calls"][0] for chunk in more]
    assert [call["index"] for call in calls if "id" in call] == [0, 1]
    assert [call["index"] for call in calls] == sorted(call["index"] for call in calls)


def test_a_streamed_call_of_a_custom_tool_has_input_which_the_sdks_types_do_not_know() -> None:
    found = chunks(ENDPOINT, {**ASKED, "tools": CUSTOM}, one(WEATHER))

    calls = [call for chunk in found for call in chunk["choices"][0]["delta"].get("tool_calls", ())]
    assert calls[0] == {
        "index": 0,
        "id": calls[0]["id"],
        "type": "custom",
        "custom": {"name": "weather", "input": ""},
    }
    assert "".join(call["custom"]["input"] for call in calls) == WEATHER.arguments


def test_a_streamed_refusal_has_no_content() -> None:
    first, *more, _ = chunks(ENDPOINT, ASKED, one(Refusal("I'm sorry")))

    assert first["choices"][0]["delta"] == {"role": "assistant", "content": None, "refusal": ""}
    assert "".join(chunk["choices"][0]["delta"]["refusal"] for chunk in more) == "I'm sorry"


def test_choices_arrive_in_turns_each_with_role_and_end() -> None:
    found = chunks(ENDPOINT, {**ASKED, "n": 2}, one(Text("Hi")))

    assert [chunk["choices"][0]["index"] for chunk in found] == [0, 1, 0, 1, 0, 1]
    assert [chunk["choices"][0]["finish_reason"] for chunk in found] == [None] * 4 + ["stop"] * 2


def test_usage_comes_only_when_asked_for_and_is_null_before() -> None:
    asked = chunks(ENDPOINT, {**ASKED, "stream_options": {"include_usage": True}}, one(HELLO))
    unasked = chunks(ENDPOINT, ASKED, one(HELLO))

    assert [chunk["usage"] for chunk in asked[:-1]] == [None] * (len(asked) - 1)
    assert asked[-1]["choices"] == []
    assert asked[-1]["usage"] == whole(ENDPOINT, ASKED, one(HELLO))["usage"]
    assert not any("usage" in chunk for chunk in unasked)


def test_moderation_comes_behind_the_usage_whose_own_is_null_again() -> None:
    body = {**ASKED, "moderation": {"model": "omni-moderation-latest"}, "stream_options": {"include_usage": True}}

    *_, usage, moderation = chunks(ENDPOINT, body, one(HELLO))

    assert usage["usage"] is not None
    assert moderation["usage"] is None
    assert moderation["choices"] == []
    assert moderation["moderation"] == whole(ENDPOINT, body | {"stream_options": None}, one(HELLO))["moderation"]


def test_keys_of_chunks_stand_in_the_order_recorded() -> None:
    body = {**ASKED, "stream_options": {"include_usage": True}}

    for chunk in chunks(ENDPOINT, body, one(HELLO)):
        assert list(chunk) == [
            *("id", "object", "created", "model", "service_tier", "system_fingerprint", "choices", "usage"),
            "obfuscation",
        ]


def test_one_stream_has_one_id_one_time_and_one_fingerprint() -> None:
    found = chunks(ENDPOINT, ASKED, one(HELLO))

    assert len({(chunk["id"], chunk["created"], chunk["system_fingerprint"]) for chunk in found}) == 1


def test_a_stream_is_framed_in_data_lines_and_ends_with_done() -> None:
    found = stream(ENDPOINT, ASKED, one(Text("é")))

    assert all(block.startswith(b"data: ") for block in found.removesuffix(b"\n\n").split(b"\n\n"))
    assert found.endswith(b"data: [DONE]\n\n")
    assert '"delta":{"content":"é"}'.encode() in found


@every_reply
def test_obfuscation_fills_every_chunk_up_to_blocks_as_recorded_and_can_be_turned_off(
    asked: dict[str, Any], says: ModelOutput
) -> None:
    body = {**ASKED, **asked}
    filled = stream(ENDPOINT, body, says).removesuffix(b"data: [DONE]\n\n").split(b"\n\n")[:-1]
    bare = chunks(ENDPOINT, {**body, "stream_options": {"include_obfuscation": False}}, says)

    assert {len(chunk.removeprefix(b"data: ")) % 16 for chunk in filled} == {1}
    assert all(chunk.rpartition(b',"obfuscation":"')[2].strip(b'"}').isalnum() or b':""}' in chunk for chunk in filled)
    assert not any("obfuscation" in chunk for chunk in bare)


@given(st.text(), st.sampled_from(["token", "word", "character", 1, 7]))
def test_the_deltas_of_any_text_put_together_are_the_text(text: str, chunk_by: ChunkBy) -> None:
    found = chunks(ENDPOINT, ASKED, one(Text(text)), chunk_by=chunk_by)

    assert "".join(chunk["choices"][0]["delta"].get("content") or "" for chunk in found) == text
    assert whole(ENDPOINT, ASKED, one(Text(text)))["choices"][0]["message"]["content"] == text


@given(st.lists(st.text(), min_size=1, max_size=3), st.sampled_from(["token", "word", 3]))
def test_the_arguments_of_any_calls_put_together_are_the_arguments(arguments: list[str], chunk_by: ChunkBy) -> None:
    says = one(*(ToolCall(name="weather", arguments=each) for each in arguments))
    body = {**ASKED, "tools": TOOLS}

    joined = dict.fromkeys(range(len(arguments)), "")
    for chunk in chunks(ENDPOINT, body, says, chunk_by=chunk_by):
        for call in chunk["choices"][0]["delta"].get("tool_calls", ()):
            joined[call["index"]] += call["function"]["arguments"]

    assert list(joined.values()) == arguments
    calls = whole(ENDPOINT, body, says)["choices"][0]["message"]["tool_calls"]
    assert [call["function"]["arguments"] for call in calls] == arguments
