import re
import wave
from base64 import b64decode
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from llemulator_addon.core.reply import Choice, Failure, ModelOutput, Reasoning, Text, Usage
from llemulator_addon.wire.endpoints.chat import ENDPOINT
from llemulator_addon.wire.headers import UNLIMITED
from tests.playing import chat, emulator, json_of, play, status
from tests.wire.answering import HELLO, TIME, WEATHER, answer, chunks, one, refused, understood, whole
from tests.wire.chat_cases import ASKED, CITED, CUSTOM, REPLIES, SPOKEN, TOOLS, USER, every_reply
from tests.wire.shapes import Differences, assert_described, assert_sdk, differences

# Recorded: choices of reasoning models have no `logprobs`, which the description requires.
_WITHOUT_LOGPROBS = ["$.choices[0]: 'logprobs' is a required property"]
_NULL = [
    "$.system_fingerprint",
    "$.usage",
    "$.choices[].finish_reason",
    "$.choices[].logprobs",
    "$.choices[].logprobs.content",
    "$.choices[].logprobs.refusal",
]
# The SDK's types do not have citations in the deltas of a stream; they follow the fields of the whole message.
_BEYOND_DELTAS = {"annotations": ["choices.delta.annotations"]}

# Keys that no recording has. docs/deviations.md says why they are sent.
_NEVER_RECORDED_PARTS = (
    "choices[].message.annotations[]",
    "choices[].message.audio",
    "choices[].message.tool_calls[]<custom>",
    "choices[].logprobs.",
    "choices[].delta.annotations",
    "choices[].delta.audio",
    "choices[].delta.tool_calls[]<custom>",
    "choices[].delta.tool_calls[].custom",
    "choices[].delta.function_call",
    "moderation",
    "usage.prompt_tokens_details.text_tokens",
    "usage.prompt_tokens_details.image_tokens",
    "usage.completion_tokens_details.text_tokens",
)
_NEVER_RECORDED_TYPES = (
    "choices[].logprobs object",
    "choices[].delta.refusal str",
)


def test_what_was_never_recorded_is_on_the_page_of_deviations() -> None:
    page = (Path(__file__).parents[2] / "docs" / "deviations.md").read_text()
    unrecorded = page.partition("## Sent without a recording")[2].partition("\n## ")[0]

    names = {re.findall(r"[a-z_]+", path)[-1] for path in _NEVER_RECORDED_PARTS}
    assert {name for name in names if name not in unrecorded} == set()


@every_reply
def test_every_object_is_as_the_sdk_the_description_and_the_recordings_have_it(
    asked: dict[str, Any], says: ModelOutput
) -> None:
    found = whole(ENDPOINT, {**ASKED, **asked}, says)

    assert_sdk(ChatCompletion, found)
    assert_described("CreateChatCompletionResponse", found, but=_WITHOUT_LOGPROBS, null=_NULL)
    kind = "reasoning" if asked.get("model") == "gpt-5" else "standard"
    assert _unexplained(differences(f"json chat.completion {kind}", found)) == Differences()


@pytest.mark.parametrize(
    ("asked", "says"),
    [reply for name, reply in REPLIES.items() if name != "a custom call"],
    ids=[name for name in REPLIES if name != "a custom call"],
)
def test_every_chunk_is_as_the_sdk_the_description_and_the_recordings_have_it(
    asked: dict[str, Any], says: ModelOutput
) -> None:
    body = {**ASKED, **asked, "stream_options": {"include_usage": True}}

    for chunk in chunks(ENDPOINT, body, says):
        delta = chunk["choices"][0]["delta"] if chunk["choices"] else {}
        assert_sdk(ChatCompletionChunk, chunk, beyond=[path for key in delta for path in _BEYOND_DELTAS.get(key, ())])
        assert_described("CreateChatCompletionStreamResponse", chunk, null=_NULL)
        assert _unexplained(_of_one_chunk(differences("sse chat.completion.chunk", chunk))) == Differences()


def _unexplained(found: Differences) -> Differences:
    return Differences(
        missing=found.missing,
        wrong=tuple(wrong for wrong in found.wrong if wrong not in _NEVER_RECORDED_TYPES),
        never=tuple(path for path in found.never if not path.startswith(_NEVER_RECORDED_PARTS)),
    )


def _of_one_chunk(found: Differences) -> Differences:
    """Leave out what chunks lack one by one: most carry words, and reasoning models no `logprobs`."""
    missing = tuple(path for path in found.missing if path != "choices[].logprobs")
    return Differences(missing=missing, wrong=found.wrong, never=found.never)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("text", "stop"),
        ("text cut off", "length"),
        ("filtered", "content_filter"),
        ("refusal", "stop"),
        ("one call", "tool_calls"),
        ("two calls", "tool_calls"),
        ("a custom call", "tool_calls"),
        ("a forced call", "stop"),
        ("a function call", "function_call"),
    ],
)
def test_an_answer_finishes_for_the_reason_that_follows_from_it(name: str, reason: str) -> None:
    asked, says = REPLIES[name]
    body = {**ASKED, **asked}

    assert whole(ENDPOINT, body, says)["choices"][0]["finish_reason"] == reason
    assert chunks(ENDPOINT, body, says)[-1]["choices"][0]["finish_reason"] == reason


@pytest.mark.parametrize(
    ("choice", "reason"),
    [
        ("required", "tool_calls"),
        ({"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": []}}, "tool_calls"),
        ({"type": "function", "function": {"name": "weather"}}, "stop"),
    ],
)
def test_only_a_call_that_the_request_forces_by_name_finishes_with_stop(choice: object, reason: str) -> None:
    found = whole(ENDPOINT, {**ASKED, "tools": TOOLS, "tool_choice": choice}, one(WEATHER))

    assert found["choices"][0]["finish_reason"] == reason


def test_a_forced_function_finishes_with_stop_in_the_old_form_too() -> None:
    body = {**ASKED, "functions": [TOOLS[0]["function"]], "function_call": {"name": "weather"}}

    assert whole(ENDPOINT, body, one(WEATHER))["choices"][0]["finish_reason"] == "stop"


def test_a_message_is_spelled_as_recorded() -> None:
    assert whole(ENDPOINT, ASKED, one(HELLO))["choices"] == [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "Hello there, 世界!", "refusal": None, "annotations": []},
            "logprobs": None,
            "finish_reason": "stop",
        }
    ]


def test_parallel_calls_stand_between_content_and_refusal() -> None:
    message = whole(ENDPOINT, {**ASKED, "tools": TOOLS}, one(WEATHER, TIME))["choices"][0]["message"]

    assert list(message) == ["role", "content", "tool_calls", "refusal", "annotations"]
    assert message["content"] is None
    assert [call["function"] for call in message["tool_calls"]] == [
        {"name": "weather", "arguments": '{"city":"Oslo"}'},
        {"name": "time", "arguments": "{}"},
    ]


def test_a_call_of_a_tool_that_is_custom_is_custom_however_the_script_wrote_it() -> None:
    message = whole(ENDPOINT, {**ASKED, "tools": CUSTOM}, one(WEATHER))["choices"][0]["message"]

    (call,) = message["tool_calls"]
    assert call == {"id": call["id"], "type": "custom", "custom": {"name": "weather", "input": '{"city":"Oslo"}'}}


def test_models_that_reason_say_so_in_tokens_only() -> None:
    found = whole(ENDPOINT, {**ASKED, "model": "gpt-5"}, one(Reasoning("Let me think."), HELLO))

    assert "logprobs" not in found["choices"][0]
    assert "reasoning" not in str(found["choices"])
    assert found["usage"]["completion_tokens_details"]["reasoning_tokens"] == 4
    assert found["system_fingerprint"] is None


def test_usage_adds_up_and_a_script_has_the_last_word() -> None:
    given = Usage(prompt_tokens=9, completion_tokens=5, cached_tokens=4, reasoning_tokens=2)
    says = ModelOutput(choices=(Choice(blocks=(HELLO,)),), usage=given)

    assert whole(ENDPOINT, ASKED, says)["usage"] == {
        "prompt_tokens": 9,
        "completion_tokens": 5,
        "total_tokens": 14,
        "prompt_tokens_details": {"cached_tokens": 4, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": 2,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


@pytest.mark.parametrize(
    ("dated", "scripted", "model"),
    [(False, None, "gpt-4o-mini"), (True, None, "gpt-4o-mini-2024-07-18"), (True, "mine", "mine")],
)
def test_the_model_is_the_one_asked_for_or_its_snapshot_or_what_the_script_says(
    *,
    dated: bool,
    scripted: str | None,
    model: str,
) -> None:
    says = ModelOutput(choices=(Choice(blocks=(HELLO,)),), model=scripted)

    assert whole(ENDPOINT, {**ASKED, "model": "gpt-4o-mini"}, says, dated_models=dated)["model"] == model


@pytest.mark.parametrize(
    ("asked", "tier"),
    [(None, "default"), ("auto", "default"), ("flex", "flex"), ("priority", "priority"), ("fast", "priority")],
)
def test_the_tier_is_the_one_that_served(asked: str | None, tier: str) -> None:
    assert whole(ENDPOINT, {**ASKED, "service_tier": asked}, one(HELLO))["service_tier"] == tier


def test_log_probabilities_are_of_the_tokens_however_a_rule_cuts_the_text() -> None:
    body = {**ASKED, "logprobs": True, "top_logprobs": 2}

    in_one = whole(ENDPOINT, body, one(HELLO))["choices"][0]["logprobs"]["content"]
    streamed = [
        entry
        for chunk in chunks(ENDPOINT, body, one(HELLO), chunk_by=1)
        for entry in (chunk["choices"][0]["logprobs"] or {}).get("content") or ()
    ]

    assert streamed == in_one
    assert "".join(entry["token"] for entry in in_one) == HELLO.text
    assert [entry["top_logprobs"][0]["token"] for entry in in_one] == [entry["token"] for entry in in_one]


def test_citations_count_from_the_start_of_the_whole_text() -> None:
    message = whole(ENDPOINT, ASKED, one(Text("Look: "), CITED))["choices"][0]["message"]

    assert message["annotations"] == [
        {
            "type": "url_citation",
            "url_citation": {"end_index": 8, "start_index": 6, "title": "W", "url": "https://w.example"},
        }
    ]


# Reading ------------------------------------------------------------------------------------------------------------


def test_the_conversation_is_understood_with_its_calls_and_results() -> None:
    call = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
    body = {
        **ASKED,
        "messages": [
            {"role": "developer", "content": [{"type": "text", "text": "Be"}, {"type": "text", "text": "brief."}]},
            USER,
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "call_1", "content": "rain"},
        ],
    }

    prompt = understood(ENDPOINT, body)

    assert prompt.user_text == "How is the weather?"
    assert prompt.system_text == "Be\nbrief."
    assert prompt.tool_called("call_1") == prompt.messages[2].called[0]
    assert prompt.messages[3].answers == "call_1"


def test_a_field_that_is_newer_than_this_program_is_let_through() -> None:
    assert understood(ENDPOINT, {**ASKED, "brand_new": {"a": 1}}).body["brand_new"] == {"a": 1}


def test_leniently_a_parameter_out_of_range_counts_as_not_given() -> None:
    assert understood(ENDPOINT, {**ASKED, "temperature": 9, "n": 0}, lenient=True).choices == 1


def test_leniently_a_body_without_messages_is_still_refused() -> None:
    assert refused(ENDPOINT, {"model": "gpt-4o"}) == Failure(
        status=400,
        type="invalid_request_error",
        param="messages",
        code="missing_required_parameter",
        message="Missing required parameter: 'messages'.",
    )


# Speech -------------------------------------------------------------------------------------------------------------


def test_speech_is_a_wave_file_with_its_transcript() -> None:
    body = {**ASKED, **SPOKEN, "audio": {"voice": "alloy", "format": "wav"}}
    found = whole(ENDPOINT, body, one(Text("Hello there.")))

    message = found["choices"][0]["message"]
    assert message["content"] is None
    assert message["audio"]["transcript"] == "Hello there."
    with wave.open(BytesIO(b64decode(message["audio"]["data"]))) as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (24_000, 1, 2)
        assert sound.getnframes() / sound.getframerate() == pytest.approx(0.24)
    assert found["usage"]["completion_tokens_details"]["audio_tokens"] == 5


def test_streamed_speech_carries_the_same_samples_and_words() -> None:
    body = {**ASKED, **SPOKEN}
    deltas = [chunk["choices"][0]["delta"].get("audio", {}) for chunk in chunks(ENDPOINT, body, one(HELLO))]

    message = whole(ENDPOINT, body, one(HELLO))["choices"][0]["message"]
    assert "".join(delta.get("data", "") for delta in deltas) == message["audio"]["data"]
    assert "".join(delta.get("transcript", "") for delta in deltas) == message["audio"]["transcript"]
    assert "".join(delta.get("id", "") for delta in deltas) == message["audio"]["id"]
    assert [delta for delta in deltas if delta][-1] == {"expires_at": message["audio"]["expires_at"]}


def test_a_stream_tells_the_limits_and_so_does_a_body() -> None:
    assert set(UNLIMITED) <= set(answer(ENDPOINT, {**ASKED, "stream": True}, one(HELLO)).headers)


@pytest.mark.parametrize(
    "written",
    [
        {"json_schema": {"name": "n", "schema": {"type": "object", "properties": {}}}},
        {"schema": {"type": "object", "properties": {}}},
        {"name": "n", "strict": False, "schema": {"type": "object", "properties": {}}},
        {"json_schema": {"type": "object", "properties": {}}},
    ],
)
def test_a_schema_may_stand_where_other_servers_take_it(written: dict[str, Any]) -> None:
    (steps,) = play(emulator(), chat("Hi", response_format={"type": "json_schema", **written}))

    assert status(steps) == 200


def test_a_flat_schema_is_checked_as_a_nested_one_is() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string"}}}
    (steps,) = play(emulator(), chat("Hi", response_format={"type": "json_schema", "strict": True, "schema": schema}))

    assert json_of(steps)["error"]["message"].startswith("Invalid schema for response_format 'response'")
