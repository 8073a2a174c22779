"""The price of an answer: its tokens by kind, times the price of each kind. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal, NamedTuple, get_args

import re2

from llemulator_addon.core.answer_tokens import SaidUsage
from llemulator_addon.core.json_type import JSON

TokenKind = Literal[
    "input",
    "cached_input",
    "cache_write",
    "output",
    "audio_input",
    "cached_audio_input",
    "audio_output",
    "image_input",
    "cached_image_input",
    "image_output",
]
TOKEN_KINDS: tuple[TokenKind, ...] = get_args(TokenKind)

_PRICED_AS: Mapping[TokenKind, TokenKind] = {
    "cache_write": "input",
    "image_input": "input",
    "cached_image_input": "cached_input",
    "image_output": "output",
}
"""By a kind that has no price of its own at most models, the kind it is priced as there (pricing page)."""
_STANDARD = frozenset({None, "default", "standard"})
_MILLION = Decimal(1_000_000)
_DAY = re2.compile(r"-\d{4}-\d{2}-\d{2}$")


class LongPrompt(NamedTuple):
    """The factors for a request with more than that many tokens of input."""

    above: int
    input: Decimal
    """Of the cache, too."""
    output: Decimal


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Price:
    """The price of a model, in US dollars for a million tokens of each kind. Each is its own: it can be a key."""

    rates: Mapping[TokenKind, Decimal]
    tiers: Mapping[str, Decimal] = field(default_factory=dict)
    """By service tier, the factor on all of them."""
    long_prompt: LongPrompt | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """The prices of models, as they were on a day."""

    as_of: str = ""
    """An ISO date."""
    source: str = ""
    by_model: Mapping[str, Price] = field(default_factory=dict)

    def find(self, model: str | None) -> Price | None:
        """Return the price of a model by its name, or by that without the date of a snapshot."""
        if model is None:
            return None
        return self.by_model.get(model) or self.by_model.get(_DAY.sub("", model))


FindPrices = Callable[[], Prices]
"""Gives the prices; the first time, they may have to be read."""


def count_cost(usage: Mapping[str, JSON], tier: str | None, price: Price) -> Decimal | None:
    """Return what the tokens of an answer cost, in US dollars; None if a price is not known, never a guess.

    `usage` is that of any endpoint. `tier` is the service tier that the answer names.
    """
    counts = count_kinds(usage)
    factor = Decimal(1) if tier in _STANDARD else price.tiers.get(tier or "")
    if counts is None or factor is None:
        return None
    long = price.long_prompt
    if long is not None and sum(count for kind, count in counts.items() if not _is_output(kind)) <= long.above:
        long = None
    cost = Decimal(0)
    for kind, count in counts.items():
        if not count:
            continue
        if (rate := price.rates.get(kind, price.rates.get(_PRICED_AS.get(kind, kind)))) is None:
            return None
        cost += count * rate if long is None else count * rate * (long.output if _is_output(kind) else long.input)
    return cost * factor / _MILLION


def count_tokens(usage: Mapping[str, JSON]) -> SaidUsage | None:
    """Return the tokens of the prompt and of the answer; None if a usage does not say them."""
    prompt = _count(usage, "prompt_tokens", "input_tokens")
    answer = _count(usage, "completion_tokens", "output_tokens")
    return None if prompt is None else SaidUsage(prompt, answer or 0)


def count_kinds(usage: Mapping[str, JSON]) -> Mapping[TokenKind, int] | None:
    """Return how many tokens of each kind an answer took; None if it does not say, or contradicts itself.

    A kind that is missing took none.
    """
    if (tokens := count_tokens(usage)) is None:
        return None
    of_read = _object(usage, "prompt_tokens_details", "input_tokens_details", "input_token_details")
    of_written = _object(usage, "completion_tokens_details", "output_tokens_details", "output_token_details")
    audio, images = _count(of_written, "audio_tokens") or 0, _count(of_written, "image_tokens") or 0
    if not (audio or images or any(of_read.values())):
        return None if min(tokens) < 0 else {"input": tokens.prompt, "output": tokens.answer}
    of_cached = _object(of_read, "cached_tokens_details")
    cached = _count(of_read, "cached_tokens") or 0
    cached_audio, cached_images = _count(of_cached, "audio_tokens") or 0, _count(of_cached, "image_tokens") or 0
    counts: dict[TokenKind, int] = {
        "cached_audio_input": cached_audio,
        "cached_image_input": cached_images,
        "cached_input": cached - cached_audio - cached_images,
        "cache_write": _count(of_read, "cache_write_tokens") or 0,
        "audio_input": (_count(of_read, "audio_tokens") or 0) - cached_audio,
        "image_input": (_count(of_read, "image_tokens") or 0) - cached_images,
        "audio_output": audio,
        "image_output": images,
        "output": tokens.answer - audio - images,
    }
    counts["input"] = tokens.prompt - sum(count for kind, count in counts.items() if not _is_output(kind))
    return None if min(counts.values()) < 0 else counts


def _is_output(kind: TokenKind) -> bool:
    return kind.endswith("output")


def _count(of: Mapping[str, JSON], *names: str) -> int | None:
    for name in names:
        if (found := of.get(name)) is not None:
            return found if isinstance(found, int) and not isinstance(found, bool) else None
    return None


def _object(of: Mapping[str, JSON], *names: str) -> Mapping[str, JSON]:
    for name in names:
        if isinstance(value := of.get(name), dict):
            return value
    return {}
