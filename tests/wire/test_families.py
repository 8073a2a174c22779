from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llemulator_addon.wire.capabilities import Effort, Embedding, Family, RefusalWording, TextEndpoint
from llemulator_addon.wire.families import FAMILIES, family, find_refusals
from llemulator_addon.wire.models import DEFAULT_MODELS, SIMULATED_MODEL, SNAPSHOTS


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("gpt-4", "gpt-4"),
        ("gpt-4-0613", "gpt-4"),
        ("gpt-4-0314", "gpt-4-0314"),
        ("gpt-4-turbo-preview", "gpt-4-turbo"),
        ("gpt-4.1-nano-2025-04-14", "gpt-4.1-nano"),
        ("gpt-4o-mini-2024-07-18", "gpt-4o"),
        ("gpt-4o-mini-search-preview-2025-03-11", "gpt-4o-mini-search-preview"),
        ("gpt-3.5-turbo-1106", "gpt-3.5-turbo"),
        ("gpt-35-turbo", "gpt-3.5-turbo"),
        ("gpt-35-turbo-16k", "gpt-3.5-turbo-16k"),
        ("ft:gpt-4o-mini-2024-07-18:acme::abc", "gpt-4o"),
        ("ft:gpt-3.5-turbo-0125:acme:suffix:abc", "gpt-3.5-turbo"),
        ("o1-pro", "o1"),
        ("o3-mini-2025-01-31", "o3-mini"),
        ("o3-deep-research", "o3"),
        ("gpt-5-chat-latest", "gpt-5-chat"),
        ("gpt-5-mini", "gpt-5"),
        ("gpt-5.6-terra", "gpt-5.6"),
        ("codex-mini-latest", "codex-mini"),
        # Newer than the table.
        ("gpt-7.2-mini", "gpt-6-sol"),
        ("gpt-10", "gpt-6-sol"),
        ("o9-mini", "o3"),
        ("gpt-4.7", "unknown"),
        ("gpt-sim-1", "unknown"),
        ("octopus", "unknown"),
        ("", "unknown"),
        ("ft:", "unknown"),
    ],
)
def test_a_model_belongs_to_the_family_whose_name_it_begins_with(model: str, name: str) -> None:
    assert family(model).name == name


@given(st.text())
def test_every_name_has_a_family(model: str) -> None:
    assert isinstance(family(model), Family)


def test_an_alias_and_its_snapshot_are_one_family() -> None:
    different = {alias for alias, dated in SNAPSHOTS.items() if alias != dated and family(alias) != family(dated)}

    # The API names these otherwise; what is known of them stands under the alias.
    assert different <= {"gpt-3.5-turbo-instruct", "gpt-4-vision-preview", "gpt-4-turbo-preview"}


def test_every_language_model_is_in_the_table() -> None:
    chatting = {name for name, kinds in DEFAULT_MODELS.items() if {"chat", "responses", "embeddings"} & {*kinds}}
    chatting -= {SIMULATED_MODEL}

    assert {name for name in chatting if family(name).name == "unknown"} == set()


@pytest.mark.parametrize("name", FAMILIES)
def test_what_is_said_of_a_family_agrees_with_itself(name: str) -> None:
    of = FAMILIES[name]

    assert of.name == name
    assert of.output_limit <= of.window
    assert (of.input_limit or 0) <= of.window
    if of.reasoning is not None:
        assert not of.reasoning.efforts or of.reasoning.default in of.reasoning.efforts
        assert list(of.reasoning.efforts) == [effort for effort in get_args(Effort) if effort in of.reasoning.efforts]
    assert len({(each.endpoint, each.parameter) for each in of.refusals}) == len(of.refusals)


@pytest.mark.parametrize(
    ("model", "encoding"),
    [
        ("gpt-4", "cl100k_base"),
        ("gpt-4-turbo", "cl100k_base"),
        ("gpt-3.5-turbo", "cl100k_base"),
        ("gpt-3.5-turbo-instruct", "cl100k_base"),
        ("davinci-002", "cl100k_base"),
        ("text-embedding-3-large", "cl100k_base"),
        ("gpt-4o", "o200k_base"),
        ("chatgpt-4o-latest", "o200k_base"),
        ("gpt-4.1", "o200k_base"),
        ("o1-mini", "o200k_base"),
        ("gpt-6-astra", "o200k_base"),
        ("my-model", "o200k_base"),
    ],
)
def test_tokens_are_counted_with_the_encoding_of_the_family(model: str, encoding: str) -> None:
    assert family(model).encoding == encoding


@pytest.mark.parametrize(
    "model", ["o1", "o3-mini", "o4-mini", "gpt-5", "gpt-5-nano", "gpt-5.6", "gpt-6-luna", "codex-mini"]
)
def test_reasoning_models_think_unless_told_not_to(model: str) -> None:
    of = family(model)

    assert of.reasons()
    assert not of.reasons("none")
    assert not of.logprobs_key
    assert of.prompt_offset == -1


@pytest.mark.parametrize("model", ["gpt-5.1", "gpt-5.2", "gpt-5.4-mini"])
def test_some_think_only_when_told_to(model: str) -> None:
    assert not family(model).reasons()
    assert family(model).reasons("low")


@pytest.mark.parametrize("model", ["gpt-4o", "gpt-4.1", "gpt-4", "gpt-3.5-turbo", "gpt-5-chat-latest", "my-model"])
def test_other_models_do_not_think(model: str) -> None:
    of = family(model)

    assert not of.reasons("high")
    assert of.logprobs_key
    assert of.prompt_offset == 0
    assert of.efforts("responses") == ()


@pytest.mark.parametrize(
    ("model", "endpoint", "expected"),
    [
        ("o3", "chat", ("low", "medium", "high")),
        ("o1-mini", "chat", ()),
        ("gpt-5", "responses", ("minimal", "low", "medium", "high")),
        ("gpt-5-pro", "responses", ("high",)),
        ("gpt-5.1", "chat", ("none", "low", "medium", "high")),
        ("gpt-5.2-chat-latest", "chat", ("medium",)),
        ("gpt-5.6-sol", "chat", ("none", "low", "medium", "high", "xhigh")),
        ("gpt-5.6-sol", "responses", ("none", "low", "medium", "high", "xhigh", "max")),
        ("gpt-6-astra", "chat", ("low", "medium", "high", "xhigh")),
    ],
)
def test_an_effort_is_one_of_those_that_the_model_knows(
    model: str, endpoint: TextEndpoint, expected: tuple[Effort, ...]
) -> None:
    assert family(model).efforts(endpoint) == expected


@pytest.mark.parametrize(
    ("model", "parameter", "how"),
    [
        ("gpt-5", "max_tokens", "unsupported_parameter"),
        ("gpt-5", "temperature", "unsupported_value"),
        ("gpt-5", "top_p", "unsupported_parameter"),
        ("gpt-5", "stop", "unsupported_parameter"),
        ("gpt-5", "logprobs", "forbidden"),
        ("gpt-5.6-sol", "logprobs", "unsupported_parameter"),
        ("o1", "temperature", "unsupported_parameter"),
        ("o1", "stop", None),
        ("o3-mini", "temperature", "unsupported_parameter"),
        ("o3", "temperature", "unsupported_value"),
        ("o4-mini", "parallel_tool_calls", "unsupported_parameter"),
        ("gpt-5", "parallel_tool_calls", None),
        ("gpt-4o", "reasoning_effort", "unrecognized"),
        ("gpt-4o", "temperature", None),
        ("gpt-4o-search-preview", "temperature", "incompatible"),
        ("my-model", "reasoning_effort", None),
    ],
)
def test_chat_refuses_what_the_family_does_not_take(model: str, parameter: str, how: RefusalWording | None) -> None:
    assert find_refusals(family(model), "chat", reasoning=family(model).reasons()).get(parameter) == how


def test_with_no_effort_a_reasoning_model_takes_what_others_take() -> None:
    of = family("gpt-5.4")

    assert find_refusals(of, "chat", reasoning=of.reasons("none")) == dict.fromkeys(
        ("max_tokens", "logit_bias", "stop", "prediction"), "unsupported_parameter"
    )
    assert find_refusals(of, "responses", reasoning=of.reasons("none")) == {}


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("gpt-5", {"temperature": "unsupported_parameter", "top_p": "unsupported_parameter"}),
        ("gpt-4o", {"reasoning.effort": "unsupported_parameter"}),
        ("my-model", {}),
    ],
)
def test_responses_refuses_with_words_of_its_own(model: str, expected: dict[str, RefusalWording]) -> None:
    assert find_refusals(family(model), "responses", reasoning=True) == expected


def test_the_first_reasoning_models_take_no_instructions() -> None:
    assert family("o1-mini").refused_roles == family("o1-preview-2024-09-12").refused_roles == {"developer", "system"}
    assert family("o1").refused_roles == frozenset()


@pytest.mark.parametrize(
    ("model", "window", "output_limit", "input_limit"),
    [
        ("gpt-4", 8_192, 8_192, None),
        ("gpt-3.5-turbo", 16_385, 4_096, None),
        ("gpt-3.5-turbo-0613", 4_097, 4_096, None),
        ("gpt-4-turbo", 128_000, 4_096, None),
        ("gpt-4o", 128_000, 16_384, None),
        ("gpt-4.1-mini", 1_047_576, 32_768, None),
        ("o1-preview", 128_000, 32_768, None),
        ("o1-mini", 128_000, 65_536, None),
        ("o3", 200_000, 100_000, None),
        ("gpt-5", 400_000, 128_000, 272_000),
        ("gpt-5-pro", 400_000, 272_000, 272_000),
        ("gpt-5.2-chat-latest", 128_000, 16_384, None),
        ("gpt-5.5", 1_050_000, 128_000, 922_000),
        ("text-embedding-3-small", 8_192, 0, None),
    ],
)
def test_a_model_holds_so_many_tokens(model: str, window: int, output_limit: int, input_limit: int | None) -> None:
    of = family(model)

    assert (of.window, of.output_limit, of.input_limit) == (window, output_limit, input_limit)


@pytest.mark.parametrize(
    ("model", "embedding"),
    [
        ("text-embedding-ada-002", Embedding(size=1536, shortens=False)),
        ("text-embedding-3-small", Embedding(size=1536, shortens=True)),
        ("text-embedding-3-large", Embedding(size=3072, shortens=True)),
        ("gpt-4o", None),
    ],
)
def test_an_embedding_has_the_size_of_its_model(model: str, embedding: Embedding | None) -> None:
    assert family(model).embedding == embedding
