import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types import Completion

from llemulator_addon.core.reply import Choice, Failure, ModelOutput, Text
from llemulator_addon.wire.answer import Body, Manner
from llemulator_addon.wire.endpoints.completions import ENDPOINT
from llemulator_addon.wire.tokens import ids
from tests.playing import emulator, json_of, play, post
from tests.wire.answering import (
    HELLO,
    NO,
    STAMP,
    WEATHER,
    answer,
    chunks,
    client,
    one,
    refused,
    stream,
    understood,
    whole,
)
from tests.wire.shapes import Differences, assert_described, assert_sdk, differences, events

ASKED = {"model": "gpt-3.5-turbo-instruct", "prompt": "Say this"}
REPLIES: dict[str, tuple[dict[str, Any], ModelOutput]] = {
    "text": ({}, one(HELLO)),
    "no text": ({}, one(Text(""))),
    "cut off": ({}, one(HELLO, finish="length")),
    "a refusal, which is text": ({}, one(NO)),
    "a call, which is nothing": ({}, one(WEATHER)),
    "two prompts": ({"prompt": ["one", "two"]}, one(HELLO)),
    "two choices": ({"n": 2, "best_of": 3}, ModelOutput(choices=(Choice(blocks=(HELLO,)), Choice(blocks=(NO,))))),
    "the prompt too": ({"echo": True}, one(HELLO)),
    "log probabilities": ({"logprobs": 2}, one(HELLO)),
}
every_reply = pytest.mark.parametrize(("asked", "says"), REPLIES.values(), ids=REPLIES)
# No recording asked for log probabilities or for usage in a stream.
_NEVER_RECORDED = ("choices[].logprobs.", "usage")


@every_reply
def test_every_object_is_as_the_sdk_the_description_and_the_recordings_have_it(
    asked: dict[str, Any], says: ModelOutput
) -> None:
    found = whole(ENDPOINT, {**ASKED, **asked}, says)

    assert_sdk(Completion, found)
    assert_described("CreateCompletionResponse", found)
    assert _unexplained(differences("json text_completion", found)) == Differences()


@every_reply
def test_every_chunk_is_as_the_description_and_the_recordings_have_it(asked: dict[str, Any], says: ModelOutput) -> None:
    for chunk in chunks(ENDPOINT, {**ASKED, **asked, "stream_options": {"include_usage": True}}, says):
        assert_described(
            "CreateCompletionResponse",
            chunk,
            # Recorded: null until the last chunk.
            null=["$.usage", "$.choices[].finish_reason"],
        )
        assert _unexplained(differences("sse text_completion", chunk)) == Differences()


def _unexplained(found: Differences) -> Differences:
    return Differences(
        missing=found.missing,
        wrong=tuple(each for each in found.wrong if each != "choices[].logprobs object"),
        never=tuple(path for path in found.never if not path.startswith(_NEVER_RECORDED)),
    )


def test_an_object_is_spelled_as_recorded() -> None:
    found = whole(ENDPOINT, ASKED, one(Text(" Hi")))

    assert found == {
        "id": found["id"],
        "object": "text_completion",
        "created": found["created"],
        "model": "gpt-3.5-turbo-instruct",
        "choices": [{"text": " Hi", "index": 0, "logprobs": None, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 2, "completion_tokens": 1, "total_tokens": 3},
    }
    assert found["id"].startswith("cmpl-")


def test_the_reason_stands_on_the_last_text_and_usage_behind_it() -> None:
    *texts, usage = chunks(ENDPOINT, {**ASKED, "stream_options": {"include_usage": True}}, one(Text("Hi there")))

    assert [(chunk["choices"][0]["text"], chunk["choices"][0]["finish_reason"]) for chunk in texts] == [
        ("Hi", None),
        (" there", "stop"),
    ]
    assert [chunk["usage"] for chunk in texts] == [None, None]
    assert (usage["choices"], usage["usage"]["total_tokens"]) == ([], 4)
    assert list(texts[0]) == ["id", "object", "created", "choices", "model", "usage"]


def test_a_stream_ends_with_done() -> None:
    assert stream(ENDPOINT, ASKED, one(HELLO)).endswith(b"data: [DONE]\n\n")


def test_every_prompt_gets_its_choices_in_order() -> None:
    found = whole(ENDPOINT, {**ASKED, "prompt": ["one", "two"], "n": 2, "echo": True}, one(Text("!")))

    assert [(choice["index"], choice["text"]) for choice in found["choices"]] == [
        (0, "one!"),
        (1, "one!"),
        (2, "two!"),
        (3, "two!"),
    ]


@pytest.mark.parametrize(
    ("prompt", "texts", "tokens"),
    [
        ("Say this", ["Say this"], 2),
        (["one", "two two"], ["one", "two two"], 3),
        (list(ids("Say this", "cl100k_base")), ["Say this"], 2),
        ([list(ids("one", "cl100k_base")), list(ids("two two", "cl100k_base"))], ["one", "two two"], 3),
        (None, ["<|endoftext|>"], 7),
    ],
)
def test_a_prompt_is_texts_or_tokens(prompt: object, texts: list[str], tokens: int) -> None:
    body = {**ASKED, "prompt": prompt}

    assert [message.text for message in understood(ENDPOINT, body).messages] == texts
    assert whole(ENDPOINT, body, one(HELLO))["usage"]["prompt_tokens"] == tokens


def test_log_probabilities_have_the_old_form() -> None:
    logprobs = whole(ENDPOINT, {**ASKED, "logprobs": 2}, one(Text("Hi there")))["choices"][0]["logprobs"]

    assert logprobs["tokens"] == ["Hi", " there"]
    assert logprobs["text_offset"] == [0, 2]
    assert [len(each) for each in logprobs["top_logprobs"]] == [2, 2]
    assert [each[token] for each, token in zip(logprobs["top_logprobs"], logprobs["tokens"], strict=True)] == logprobs[
        "token_logprobs"
    ]


def test_the_first_token_of_an_echoed_prompt_has_no_probability() -> None:
    body = {**ASKED, "logprobs": 1, "echo": True}

    found = whole(ENDPOINT, body, one(HELLO))["choices"][0]["logprobs"]
    without = whole(ENDPOINT, {**body, "echo": False}, one(HELLO))["choices"][0]["logprobs"]

    assert (found["token_logprobs"][0], found["top_logprobs"][0]) == (None, None)
    assert None not in (*found["token_logprobs"][1:], *found["top_logprobs"][1:])
    assert None not in (*without["token_logprobs"], *without["top_logprobs"])


def test_leniently_an_echoed_prompt_has_no_probabilities_since_the_sdk_knows_no_null_among_them() -> None:
    body = {**ASKED, "logprobs": 1, "echo": True}
    says = one(HELLO)

    found = ENDPOINT.write(understood(ENDPOINT, body, lenient=True), says, Manner(stamp=STAMP))

    assert isinstance(found, Body)
    assert json.loads(found.body)["choices"][0]["logprobs"] is None


def test_log_probabilities_of_a_stream_are_those_of_the_body() -> None:
    body = {**ASKED, "logprobs": 1, "echo": True}
    streamed = [chunk["choices"][0]["logprobs"] for chunk in chunks(ENDPOINT, body, one(HELLO), chunk_by=1)]

    in_one = whole(ENDPOINT, body, one(HELLO))["choices"][0]["logprobs"]

    assert {key: [each for part in streamed for each in part[key]] for key in in_one} == in_one


@given(st.text(), st.sampled_from(["token", "word", "character", 3]))
def test_the_texts_of_a_stream_put_together_are_the_text(text: str, chunk_by: Any) -> None:  # noqa: ANN401
    found = chunks(ENDPOINT, ASKED, one(Text(text)), chunk_by=chunk_by)

    assert "".join(chunk["choices"][0]["text"] for chunk in found) == text


@pytest.mark.parametrize(
    ("body", "failure"),
    [
        (
            {"prompt": "Hi"},
            Failure(
                status=400, type="invalid_request_error", param="model", message="you must provide a model parameter"
            ),
        ),
        (
            {**ASKED, "prompt": []},
            Failure(
                status=400,
                type="invalid_request_error",
                message="'$.prompt' is invalid. Please check the API reference: "
                "https://platform.openai.com/docs/api-reference.",
            ),
        ),
        (
            {**ASKED, "model": "gpt-4o"},
            Failure(
                status=404,
                type="invalid_request_error",
                param="model",
                message="This is a chat model and not supported in the v1/completions endpoint. Did you mean to use "
                "v1/chat/completions?",
            ),
        ),
        (
            {**ASKED, "max_tokens": 4096},
            Failure(
                status=400,
                type="invalid_request_error",
                message="This model's maximum context length is 4097 tokens, however you requested 4098 tokens (2 in "
                "your prompt; 4096 for the completion). Please reduce your prompt; or completion length.",
            ),
        ),
        (
            {**ASKED, "n": 2, "best_of": 1},
            Failure(
                status=400,
                type="invalid_request_error",
                message="You requested that the server return more choices than it will generate (HINT: you must set "
                "'n' (currently 2) to be at most 'best_of' (currently 1), or omit either parameter if you don't "
                "specifically want to use them.)",
            ),
        ),
        (
            {**ASKED, "logprobs": 6},
            Failure(
                status=400,
                type="invalid_request_error",
                param="logprobs",
                code="integer_above_max_value",
                message="Invalid 'logprobs': integer above maximum value. Expected a value <= 5, but got 6 instead.",
            ),
        ),
    ],
)
def test_a_request_is_refused_in_the_apis_words(body: dict[str, Any], failure: Failure) -> None:
    assert refused(ENDPOINT, body) == failure


def test_an_answer_names_its_model_in_a_header() -> None:
    assert ("openai-model", "gpt-3.5-turbo-instruct:20230824-v2") in answer(ENDPOINT, ASKED, one(HELLO)).headers


def test_rules_see_the_last_prompt_and_the_sdk_reads_the_answer() -> None:
    server = emulator({"responses": {"two": "second", "one": "first"}})

    found = client(server).completions.create(model="gpt-3.5-turbo-instruct", prompt=["one", "two"])
    assert found.choices[1].text == "second"
    (steps,) = play(server, post("/v1/completions", {**ASKED, "prompt": "one"}))
    assert json_of(steps)["choices"][0]["text"] == "first"


def test_the_sdk_reads_a_stream() -> None:
    # Not strictly: its type says that `finish_reason` is never null.
    sdk = client(emulator({"responses": "Hello there"}), strict=False)
    found = sdk.completions.create(model="gpt-3.5-turbo-instruct", prompt="Hi", stream=True)

    assert "".join(chunk.choices[0].text for chunk in found) == "Hello there"


def test_a_stream_of_no_text_has_one_chunk() -> None:
    (chunk,) = events(stream(ENDPOINT, ASKED, one(Text(""))))

    assert chunk["choices"] == [{"text": "", "index": 0, "logprobs": None, "finish_reason": "stop"}]
