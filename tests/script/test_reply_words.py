"""What a reply says beside its words: usage, tier, headers, and the nulls that are sent."""

from typing import Any

import pytest

from llemulator_addon.core.reply import Usage
from llemulator_addon.emulator import Emulator
from llemulator_addon.script.reader import read_script
from llemulator_addon.script.script_error import ScriptError
from tests.playing import body_of, chat, emulator, headers_of, json_of, play, post
from tests.wire.answering import client
from tests.wire.shapes import events

EVERY_COUNT = {
    "prompt_tokens": 30,
    "completion_tokens": 40,
    "total_tokens": 75,
    "cached_tokens": 1,
    "cache_write_tokens": 2,
    "image_tokens": 3,
    "prompt_audio_tokens": 4,
    "prompt_text_tokens": 5,
    "reasoning_tokens": 6,
    "audio_tokens": 7,
    "text_tokens": 8,
    "accepted_prediction_tokens": 9,
    "rejected_prediction_tokens": 10,
}
OF_PROMPT = {"cached_tokens": 1, "cache_write_tokens": 2, "image_tokens": 3, "audio_tokens": 4, "text_tokens": 5}
OF_COMPLETION = {
    "reasoning_tokens": 6,
    "audio_tokens": 7,
    "text_tokens": 8,
    "accepted_prediction_tokens": 9,
    "rejected_prediction_tokens": 10,
}
WITH_USAGE = {"include_usage": True}


def _server(**reply: Any) -> Emulator:  # noqa: ANN401
    return emulator({"rules": [{"reply": {"text": "Hi", **reply}}]})


def _chat_bodies(server: Emulator, **asked: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:  # noqa: ANN401
    whole, streamed = play(server, chat(**asked), chat(stream=True, stream_options=WITH_USAGE, **asked))
    return json_of(whole), events(body_of(streamed))


def _responses(server: Emulator, **asked: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:  # noqa: ANN401
    body = {"model": "gpt-4o", "input": "Hi", **asked}
    whole, streamed = play(server, post("/v1/responses", body), post("/v1/responses", {**body, "stream": True}))
    return json_of(whole), events(body_of(streamed))


def test_every_count_of_a_script_is_told_by_chat_and_by_responses() -> None:
    whole, chunks = _chat_bodies(_server(usage=EVERY_COUNT))
    response, told = _responses(_server(usage=EVERY_COUNT))

    assert whole["usage"] == {
        "prompt_tokens": 30,
        "completion_tokens": 40,
        "total_tokens": 75,
        "prompt_tokens_details": OF_PROMPT,
        "completion_tokens_details": OF_COMPLETION,
    }
    assert chunks[-1]["usage"] == whole["usage"]
    assert response["usage"] == {
        "input_tokens": 30,
        "input_tokens_details": OF_PROMPT,
        "output_tokens": 40,
        "output_tokens_details": OF_COMPLETION,
        "total_tokens": 75,
    }
    assert told[-1]["response"]["usage"] == response["usage"]


@pytest.mark.parametrize(
    "recorded",
    [
        {
            "prompt_tokens": 30,
            "completion_tokens": 40,
            "total_tokens": 75,
            "prompt_tokens_details": OF_PROMPT,
            "completion_tokens_details": OF_COMPLETION,
        },
        {
            "input_tokens": 30,
            "output_tokens": 40,
            "total_tokens": 75,
            "input_tokens_details": OF_PROMPT,
            "output_tokens_details": OF_COMPLETION,
        },
    ],
)
def test_usage_is_understood_as_it_is_recorded(recorded: dict[str, Any]) -> None:
    whole, _ = _chat_bodies(_server(usage=recorded))
    flat, _ = _chat_bodies(_server(usage=EVERY_COUNT))

    assert whole["usage"] == flat["usage"]


def test_the_sdk_reads_every_count() -> None:
    official = client(_server(usage=EVERY_COUNT))

    usage = official.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": "Hi"}]).usage
    assert usage is not None
    assert usage.completion_tokens_details is not None
    assert usage.completion_tokens_details.rejected_prediction_tokens == 10
    assert usage.prompt_tokens_details is not None
    assert usage.prompt_tokens_details.cached_tokens == 1


@pytest.mark.parametrize(
    "usage",
    [
        {"prompt_tokens": 1, "input_tokens": 1},
        {"cached_tokens": 1, "prompt_tokens_details": {"cached_tokens": 1}},
        {"cached_tokens": -1},
        {"prompt_tokens_details": {"cached_tokens": "1"}},
        {"thought_tokens": 1},
    ],
)
def test_counts_that_contradict_each_other_or_are_none_are_refused(usage: dict[str, Any]) -> None:
    with pytest.raises(ScriptError, match=r"rules\[0\]\.reply\.usage"):
        read_script({"rules": [{"reply": {"text": "Hi", "usage": usage}}]})


def test_null_usage_is_an_answer_without_usage() -> None:
    whole, chunks = _chat_bodies(_server(usage=None))
    response, told = _responses(_server(usage=None))
    legacy, embedded = play(
        emulator({"rules": [{"match": {"endpoint": e}, "reply": {"text": "", "usage": None}} for e in ENDPOINTS]}),
        post("/v1/completions", {"model": "gpt-3.5-turbo-instruct", "prompt": "Hi"}),
        post("/v1/embeddings", {"model": "text-embedding-3-small", "input": "Hi"}),
    )

    assert whole["usage"] is None
    assert {chunk["usage"] for chunk in chunks} == {None}
    assert chunks[-1]["choices"] != []
    assert response["usage"] is None
    assert (told[-1]["type"], told[-1]["response"]["usage"]) == ("response.completed", None)
    assert [json_of(legacy)["usage"], json_of(embedded)["usage"]] == [None, None]


ENDPOINTS = ("completions", "embeddings")


def test_null_usage_holds_against_the_scripts_default_and_as_the_default() -> None:
    script = {"defaults": {"usage": {"prompt_tokens": 5}}, "rules": [{"reply": {"text": "Hi", "usage": None}}]}
    (own,) = play(emulator(script), chat())
    (given,) = play(emulator({"defaults": {"usage": None}, "rules": [{"reply": "Hi"}]}), chat())

    assert [json_of(own)["usage"], json_of(given)["usage"]] == [None, None]


def test_a_null_finish_reason_is_sent() -> None:
    whole, chunks = _chat_bodies(_server(finish_reason=None))
    response, told = _responses(_server(finish_reason=None))

    assert whole["choices"][0]["finish_reason"] is None
    assert {choice["finish_reason"] for chunk in chunks for choice in chunk["choices"]} == {None}
    assert (response["status"], response["incomplete_details"], response["completed_at"]) == ("incomplete", None, None)
    assert told[-1]["type"] == "response.incomplete"


@pytest.mark.parametrize("word", ["model", "choices", "failure", "raw", "service_tier", "headers"])
def test_null_is_refused_where_it_says_nothing(word: str) -> None:
    with pytest.raises(ScriptError, match=f'"{word}" is null, which says nothing'):
        read_script({"rules": [{"reply": {"text": "Hi", word: None}}]})


def test_the_tier_that_served_is_not_the_one_asked_for() -> None:
    whole, chunks = _chat_bodies(_server(service_tier="default"), service_tier="priority")
    response, told = _responses(_server(service_tier="default"), service_tier="priority")

    assert {whole["service_tier"], *(chunk["service_tier"] for chunk in chunks)} == {"default"}
    assert response["service_tier"] == "default"
    assert [told[0]["response"]["service_tier"], told[-1]["response"]["service_tier"]] == ["priority", "default"]


@pytest.mark.parametrize("fingerprint", ["fp_44709d6fcb", None])
def test_the_fingerprint_is_that_of_the_script(fingerprint: str | None) -> None:
    whole, chunks = _chat_bodies(_server(system_fingerprint=fingerprint))

    assert {whole["system_fingerprint"], *(chunk["system_fingerprint"] for chunk in chunks)} == {fingerprint}


def test_a_character_in_two_tokens_is_streamed_whole_with_the_log_probabilities_of_both() -> None:
    tokens = [
        {"token": "\\xe4\\xb8", "logprob": -0.2, "bytes": [228, 184]},
        {"token": "\\x96", "logprob": -0.3, "bytes": [150]},
    ]
    server = emulator({"rules": [{"reply": {"text": "世", "logprobs": tokens}}]})
    whole, chunks = _chat_bodies(server, logprobs=True)
    said = [choice for chunk in chunks for choice in chunk["choices"] if choice["delta"].get("content")]

    assert [each["token"] for each in whole["choices"][0]["logprobs"]["content"]] == ["\\xe4\\xb8", "\\x96"]
    assert [choice["delta"]["content"] for choice in said] == ["世"]
    assert [len(choice["logprobs"]["content"]) for choice in said] == [2]


def test_tokens_whose_bytes_are_another_text_are_refused() -> None:
    token = {"token": "a", "logprob": -1, "bytes": [98]}

    with pytest.raises(ScriptError, match="joined, are not the text"):
        read_script({"rules": [{"reply": {"text": "a", "logprobs": [token]}}]})


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/responses"])
def test_headers_of_a_success_replace_the_usual_ones(path: str, *, stream: bool) -> None:
    body = {"model": "gpt-4o", "stream": stream, "messages": [{"role": "user", "content": "Hi"}], "input": "Hi"}
    del body["input" if "chat" in path else "messages"]
    given = {"X-Request-Id": "req_mine", "x-ratelimit-remaining-requests": "0"}
    (steps,) = play(_server(headers=given), post(path, body))

    assert headers_of(steps)["x-request-id"] == "req_mine"
    assert headers_of(steps)["x-ratelimit-remaining-requests"] == "0"


def test_models_of_audio_tell_what_is_text() -> None:
    asked = {"model": "gpt-audio", "modalities": ["text", "audio"]}
    whole, _ = _chat_bodies(_server(), **asked, audio={"voice": "alloy", "format": "pcm16"})
    usage = whole["usage"]

    assert usage["prompt_tokens_details"] == {
        "cached_tokens": 0,
        "audio_tokens": 0,
        "text_tokens": usage["prompt_tokens"],
        "image_tokens": 0,
    }
    spoken = usage["completion_tokens_details"]
    assert spoken["audio_tokens"] + spoken["text_tokens"] == usage["completion_tokens"]


def test_writes_to_the_cache_are_told_where_the_request_sets_the_cache() -> None:
    whole, _ = _chat_bodies(_server(), model="gpt-5.6", prompt_cache_options={"mode": "explicit"})

    assert whole["usage"]["prompt_tokens_details"]["cache_write_tokens"] == 0


def test_usage_without_a_word_is_counted() -> None:
    (rule,) = read_script({"rules": [{"reply": {"text": "Hi", "usage": {}}}]}).rules

    assert rule.replies[0].usage == Usage()  # type: ignore[union-attr]
