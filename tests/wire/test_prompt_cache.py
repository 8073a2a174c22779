"""Which tokens of a prompt were cached, as the official SDK reads it from the usage."""

from collections.abc import Mapping
from typing import Any

import pytest
from openai import OpenAI

from llemulator_addon.emulator import Emulator
from tests.playing import chat, emulator, json_of, outcome, play, post
from tests.wire.answering import client

_LONG = " ".join(f"word{number}" for number in range(900))
"""1 800 tokens."""
_PICTURE = "https://example.com/a.png"
_TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}
_SCHEMA = {"type": "json_schema", "json_schema": {"name": "s", "schema": {"type": "object", "properties": {}}}}


def _server(**script: object) -> Emulator:
    return emulator({"responses": "ok", **script})


def _messages(*texts: str) -> list[Any]:
    return [
        {"role": "system", "content": _LONG},
        *({"role": ("user", "assistant")[number % 2], "content": text} for number, text in enumerate(texts)),
    ]


def _chat(sdk: OpenAI, *texts: str, model: str = "gpt-4o", **more: Any) -> tuple[int, int]:  # noqa: ANN401
    """Return how many tokens of the prompt there were, and how many were cached."""
    usage = sdk.chat.completions.create(**{"model": model, "messages": _messages(*texts or ("Hi",)), **more}).usage
    assert usage is not None
    assert usage.prompt_tokens_details is not None
    return usage.prompt_tokens, usage.prompt_tokens_details.cached_tokens or 0


def test_the_second_request_with_the_same_beginning_reads_it_in_steps_of_128_tokens() -> None:
    sdk = client(_server())
    asked = [_chat(sdk, "Hi"), _chat(sdk, "Hi"), _chat(sdk, "Something else"), _chat(sdk, "Hi", "ok", "go on " * 100)]

    assert [cached for _, cached in asked] == [0, 1_792, 1_792, 1_792]
    assert all(prompt > 1_792 for prompt, _ in asked)
    assert _chat(sdk, "Hi", "ok", "go on " * 100)[1] == asked[-1][0] // 128 * 128


def test_a_prompt_of_less_than_1024_tokens_is_never_cached() -> None:
    sdk = client(_server())

    assert [
        sdk.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": "x " * words}]).usage
        for words in (1_010, 1_010)
    ][-1].prompt_tokens_details.cached_tokens == 0  # type: ignore[union-attr]
    assert [_cached_of(sdk, words) for words in (1_040, 1_040)] == [0, 1_024]


def _cached_of(sdk: OpenAI, words: int) -> int | None:
    usage = sdk.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": "x " * words}]).usage
    assert usage is not None
    assert usage.prompt_tokens_details is not None
    return usage.prompt_tokens_details.cached_tokens


def test_a_change_at_the_beginning_reads_nothing_and_one_behind_1500_tokens_what_is_before_it() -> None:
    sdk = client(_server())
    _chat(sdk)
    words = _LONG.split()

    def cached(*changed: str) -> int:
        return _chat(sdk, messages=[{"role": "system", "content": " ".join(changed)}])[1]

    assert cached("other", *words[1:]) == 0
    assert cached(*words[:750], "other", *words[751:]) == 1_408


@pytest.mark.parametrize(
    "more",
    [{"tools": [_TOOL]}, {"response_format": _SCHEMA}, {"prompt_cache_key": "k"}, {"model": "gpt-4o-mini"}],
    ids=["tools", "schema", "key", "model"],
)
def test_another_tool_schema_key_or_model_begins_another_prefix(more: Mapping[str, Any]) -> None:
    sdk = client(_server(responses="{}"))
    _chat(sdk)

    assert [_chat(sdk, **more)[1] for _ in range(2)] == [0, 1_792]
    assert _chat(sdk)[1] == 1_792


def test_an_image_belongs_to_the_prefix() -> None:
    sdk = client(_server())

    def cached(url: str) -> int:
        content = [{"type": "image_url", "image_url": {"url": url}}, {"type": "text", "text": _LONG}]
        return _chat(sdk, messages=[{"role": "user", "content": content}])[1]

    assert [cached(_PICTURE), cached(_PICTURE), cached("https://example.com/other.png")] == [0, 1_792, 0]


def test_models_before_gpt_4o_have_no_cache() -> None:
    sdk = client(_server())

    assert [_chat(sdk, model="gpt-4-turbo")[1] for _ in range(2)] == [0, 0]


@pytest.mark.parametrize(
    ("model", "retention", "idle", "cached"),
    [
        ("gpt-4o", None, 590, 1_792),
        ("gpt-4o", None, 610, 0),
        ("gpt-4.1", "24h", 610, 1_792),
        ("gpt-4.1", "24h", 86_000, 1_792),
        ("gpt-4.1", "24h", 87_000, 0),
    ],
)
def test_a_prefix_is_kept_as_long_as_the_retention_says_by_the_sessions_clock(
    model: str, retention: str | None, idle: int, cached: int
) -> None:
    server = _server(models=[model])
    asked: dict[str, Any] = {"messages": _messages("Hi"), "model": model}
    if retention is not None:
        asked["prompt_cache_retention"] = retention
    play(server, chat(**asked))
    play(server, post("/_emulator/clock", {"advance_s": idle}))

    assert _usage(server, asked)["prompt_tokens_details"]["cached_tokens"] == cached


def _usage(server: Emulator, asked: Mapping[str, Any]) -> dict[str, Any]:
    usage: dict[str, Any] = json_of(outcome(server, chat(**asked)).steps)["usage"]
    return usage


def test_each_token_has_a_cache_of_its_own_and_a_reset_empties_it() -> None:
    server = _server()
    asked = chat(messages=_messages("Hi"))
    other = chat(messages=_messages("Hi"), token="sk-other")
    steps = play(server, asked, other, asked, post("/_emulator/reset"), asked)

    cached = [json_of(each).get("usage", {}).get("prompt_tokens_details", {}).get("cached_tokens") for each in steps]
    assert cached == [0, 0, 1_792, None, 0]


@pytest.mark.parametrize(
    ("usage", "cached"), [({"cached_tokens": 7}, 7), ({"prompt_tokens": 9}, 0), ({"completion_tokens": 9}, 1_792)]
)
def test_what_a_script_says_of_the_prompt_goes_before_what_is_counted(usage: dict[str, int], cached: int) -> None:
    sdk = client(_server(defaults={"usage": usage}))

    assert [_chat(sdk)[1] for _ in range(2)][-1] == cached


def test_a_stream_says_the_same_and_a_failure_caches_nothing() -> None:
    failing = {"rules": [{"reply": {"failure": {"status": 500}}, "times": 1}, {"reply": "ok"}]}
    sdk = client(emulator(failing))
    with pytest.raises(Exception, match="500"):
        _chat(sdk)
    first = _chat(sdk)[1]
    chunks = list(
        sdk.chat.completions.create(
            model="gpt-4o", messages=_messages("Hi"), stream=True, stream_options={"include_usage": True}
        )
    )
    usage = chunks[-1].usage

    assert first == 0
    assert usage is not None
    assert usage.prompt_tokens_details is not None
    assert usage.prompt_tokens_details.cached_tokens == 1_792


def _respond(sdk: OpenAI, **asked: Any) -> tuple[str, int, int]:  # noqa: ANN401
    """Return the id of a response, the cached tokens and those that were written."""
    answer = sdk.responses.create(**asked)
    assert answer.usage is not None
    details = answer.usage.input_tokens_details
    return answer.id, details.cached_tokens, details.cache_write_tokens


def test_a_response_that_goes_on_from_another_reads_what_that_one_was_asked() -> None:
    sdk = client(_server())
    first, *_ = _respond(sdk, model="gpt-4o", instructions=_LONG, input="Hi")
    _, cached, written = _respond(sdk, model="gpt-4o", instructions=_LONG, input="go on", previous_response_id=first)

    assert (cached, written) == (1_792, 0)


def test_from_gpt_5_6_on_a_prompt_is_written_up_to_its_end_and_read_from_there() -> None:
    sdk = client(_server())
    first, *before = _respond(sdk, model="gpt-5.6", instructions=_LONG, input="Hi")
    _, *after = _respond(sdk, model="gpt-5.6", instructions=_LONG, input="go on", previous_response_id=first)
    _, *other = _respond(sdk, model="gpt-5.6", instructions=_LONG, input="Another question")

    assert before[0] == 0
    assert 1_800 < before[1] < 1_820
    assert after[0] == before[1]
    assert 0 < after[1] < 20
    assert other[0] == 0


def test_an_explicit_breakpoint_is_read_whatever_comes_behind_it() -> None:
    sdk = client(_server())
    marked = {"type": "input_text", "text": _LONG, "prompt_cache_breakpoint": {"mode": "explicit"}}

    def ask(question: str, mode: str) -> tuple[int, int]:
        content = [marked, {"type": "input_text", "text": question}]
        asked: Any = [{"role": "user", "content": content}]
        _, *counted = _respond(sdk, model="gpt-5.6", input=asked, prompt_cache_options={"mode": mode})
        return counted[0], counted[1]

    first, second = ask("One?", "explicit"), ask("Two?", "explicit")
    implicit = ask("Three?", "implicit")

    assert first[0] == 0
    assert second == (first[1], 0)
    assert implicit[0] == first[1]
    assert 0 < implicit[1] < 10


def test_chat_says_what_was_written_too() -> None:
    sdk = client(_server())
    details = [
        sdk.chat.completions.create(model="gpt-5.6", messages=_messages("Hi")).usage.prompt_tokens_details  # type: ignore[union-attr]
        for _ in range(2)
    ]
    written = [getattr(each, "cache_write_tokens", None) for each in details]

    assert written[0] == details[1].cached_tokens  # type: ignore[union-attr]
    assert written[1] == 0


def test_under_load_a_cached_prompt_is_answered_sooner() -> None:
    server = emulator({"responses": "ok", "defaults": {"capacity": {"prefill_ms_per_token": 1}}})
    first, second = (outcome(server, chat(messages=_messages("Hi"))) for _ in range(2))

    assert first.load is not None
    assert second.load is not None
    assert (first.load.demand.cached, second.load.demand.cached) == (0, 1_792)
