"""What the tokens of an answer cost."""

import json
from decimal import Decimal
from typing import Any

import pytest

from llemulator_addon.wire.json_bytes import pretty
from llemulator_addon.wire.prices import LongPrompt, Price, Prices, TokenKind, count_cost, count_kinds
from llemulator_addon.wire.said_usage import find_whole_usage

_RATES: dict[TokenKind, Decimal] = {"input": Decimal(2), "cached_input": Decimal("0.5"), "output": Decimal(10)}
TEXT = Price(rates=_RATES, tiers={"flex": Decimal("0.5"), "batch": Decimal("0.5"), "priority": Decimal(2)})
VOICE = Price(rates={**_RATES, "audio_input": Decimal(32), "audio_output": Decimal(64), "image_input": Decimal(5)})
LONG = Price(rates=_RATES, long_prompt=LongPrompt(1000, Decimal(2), Decimal("1.5")))


@pytest.mark.parametrize(
    ("usage", "price", "cost"),
    [
        ({"prompt_tokens": 1000, "completion_tokens": 100}, TEXT, "0.003"),
        ({"input_tokens": 1000, "output_tokens": 100}, TEXT, "0.003"),
        ({"prompt_tokens": 1000, "total_tokens": 1000}, TEXT, "0.002"),
        (
            {"prompt_tokens": 1000, "completion_tokens": 0, "prompt_tokens_details": {"cached_tokens": 600}},
            TEXT,
            "0.0011",
        ),
        # No price of their own: written to the cache and images cost as other input.
        (
            {"input_tokens": 1000, "input_tokens_details": {"cache_write_tokens": 400, "image_tokens": 100}},
            TEXT,
            "0.002",
        ),
        # Reasoning is a part of the output.
        ({"input_tokens": 0, "output_tokens": 100, "output_tokens_details": {"reasoning_tokens": 90}}, TEXT, "0.001"),
        (
            {
                "input_tokens": 1000,
                "output_tokens": 100,
                "input_token_details": {
                    "text_tokens": 100,
                    "audio_tokens": 800,
                    "image_tokens": 100,
                    "cached_tokens": 50,
                    "cached_tokens_details": {"text_tokens": 50, "audio_tokens": 0, "image_tokens": 0},
                },
                "output_token_details": {"text_tokens": 20, "audio_tokens": 80},
            },
            VOICE,
            # 800 of audio, 100 of images, 50 cached, 50 of text; 80 spoken, 20 written.
            str(Decimal(800 * 32 + 100 * 5 + 50 * 2 + 80 * 64 + 20 * 10) / 1_000_000 + Decimal("0.000025")),
        ),
        ({"prompt_tokens": 1000, "completion_tokens": 100}, LONG, "0.003"),
        ({"prompt_tokens": 1001, "completion_tokens": 100}, LONG, "0.005504"),
    ],
)
def test_each_kind_of_token_has_its_price(usage: dict[str, Any], price: Price, cost: str) -> None:
    assert count_cost(usage, None, price) == Decimal(cost)


@pytest.mark.parametrize(
    ("tier", "cost"),
    [
        (None, "0.002"),
        ("default", "0.002"),
        ("flex", "0.001"),
        ("batch", "0.001"),
        ("priority", "0.004"),
        ("scale", None),
        ("", None),
    ],
)
def test_a_service_tier_has_its_factor_and_one_without_a_price_has_no_cost(tier: str | None, cost: str | None) -> None:
    assert count_cost({"prompt_tokens": 1000}, tier, TEXT) == (None if cost is None else Decimal(cost))


@pytest.mark.parametrize(
    "usage",
    [
        {},
        {"type": "duration", "seconds": 3},
        {"prompt_tokens": 10, "prompt_tokens_details": {"cached_tokens": 11}},
        {"prompt_tokens": 10, "completion_tokens": 5, "completion_tokens_details": {"audio_tokens": 6}},
        {"prompt_tokens": "10"},
        {"prompt_tokens": -10, "completion_tokens": 5},
        {"prompt_tokens": 10, "completion_tokens": -5},
    ],
)
def test_a_usage_that_says_no_tokens_or_contradicts_itself_has_no_cost(usage: dict[str, Any]) -> None:
    assert count_kinds(usage) is None
    assert count_cost(usage, None, TEXT) is None


def test_a_kind_of_token_without_a_price_has_no_cost() -> None:
    spoken: dict[str, Any] = {
        "prompt_tokens": 10,
        "completion_tokens": 5,
        "completion_tokens_details": {"audio_tokens": 5},
    }
    cached: dict[str, Any] = {"prompt_tokens": 10, "prompt_tokens_details": {"cached_tokens": 4}}

    assert count_cost(spoken, None, TEXT) is None
    assert count_cost(cached, None, Price(rates={"input": Decimal(2)})) is None


def test_a_dated_model_has_the_price_of_its_name_unless_it_has_one_of_its_own() -> None:
    prices = Prices(by_model={"gpt-4o": TEXT, "gpt-4o-2024-05-13": VOICE})

    assert prices.find("gpt-4o-2024-08-06") is TEXT
    assert prices.find("gpt-4o-2024-05-13") is VOICE
    assert [prices.find(name) for name in ("gpt-4o-mini", "ft:gpt-4o:acme::1", "my-gpt-4o", None)] == [None] * 4


_SAYS = b'data: {"usage":{"prompt_tokens":8},"service_tier":"flex"}\n\n'


@pytest.mark.parametrize(
    ("pieces", "tier"),
    [
        ([b'{"usage": {"prompt_tokens": 8}, "service_tier": "flex"}'], "flex"),
        ([b'{"service_tier": "flex",', b' "usage": {"prompt_tokens": 8}}'], "flex"),
        ([b'{"service_tier": "flex",', *[b"\n"] * 20, b' "usage": {"prompt_tokens": 8}}'], "flex"),
        ([b'{"usage": {"prompt_tokens": 8}, "metadata": {"usage": "a text", "service_tier": "flex"}}'], None),
        ([b'{"usage": {"prompt_tokens": 8}}'], None),
        ([pretty({"usage": {"prompt_tokens": 8}, "service_tier": "flex"})], "flex"),
        ([pretty({"service_tier": "flex", "usage": {"prompt_tokens": 8}, "text": "a"})], "flex"),
        ([pretty({"service_tier": None, "usage": {"prompt_tokens": 8}})], None),
        ([pretty({"usage": {"prompt_tokens": 8}, "metadata": {"service_tier": "flex", "usage": {"a": 1}}})], None),
        ([pretty({"usage": {"prompt_tokens": 8}, "empty": {"usage": {}}})], None),
        # It is longer than what is read as a whole only for its usage.
        ([b'{"text": "%b", "usage": {"prompt_tokens": 8}}' % (b"a" * 10_000)], None),
        ([b"data: {}\n\n", _SAYS + b"data: [DONE]\n\n"], "flex"),
        ([b"data: {}\n\n"] * 20 + [_SAYS, b"data: [DONE]\n\n"], "flex"),
        # Each send has a byte of the stream.
        ([bytes((byte,)) for byte in b"data: {}\n\n" + _SAYS + b"data: [DONE]\n\n"], "flex"),
        ([b'event: a\ndata: {"response":{"service_tier":"priority","usage":{"prompt_tokens":8}}}\n\n'], "priority"),
        # It is cut, so its tier is not known.
        ([b'{"usage": {"prompt_tokens": 8}, "service_tier": "fl'], ""),
        ([b'of an answer", "usage": {"prompt_tokens": 8}}'], None),
    ],
)
def test_the_service_tier_is_that_of_the_answer(pieces: list[bytes], tier: str | None) -> None:
    found = find_whole_usage(pieces)

    assert found is not None
    assert (json.loads(found.text), found.tier) == ({"prompt_tokens": 8}, tier)


def test_the_usage_of_an_earlier_event_is_not_that_of_the_answer() -> None:
    pieces = [_SAYS, *[b"data: {}\n\n"] * 20]

    assert find_whole_usage(pieces) is None


def test_an_answer_that_only_looks_like_json_is_no_trouble() -> None:
    found = find_whole_usage([b'{\n  "service_tier": "\xff",\n  "usage": {\n    no JSON\n  }'])

    assert found == (b"{\n    no JSON\n  }", "\ufffd")
