"""The cost of exchanges, at the prices of the real API. Pure."""

from collections.abc import Iterable
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from llemulator_addon.core.answer_tokens import SaidUsage
from llemulator_addon.core.steps import Send
from llemulator_addon.engine.batches import BATCH_HEADER
from llemulator_addon.engine.journal import Exchange
from llemulator_addon.verification import delivered
from llemulator_addon.verification.finding import Finding
from llemulator_addon.wire import json_bytes
from llemulator_addon.wire.prices import Price, Prices, count_cost, count_tokens
from llemulator_addon.wire.said_usage import find_usage, find_whole_usage

_LAST_STEPS = 8
"""Among them are the last sends of a stream, with the waits between them."""
_PLACES = 12
_REMEMBERED = 2_000
"""Bytes of a usage whose cost is remembered."""


class Total(NamedTuple):
    """The cost of several exchanges together."""

    usd: Decimal
    """Of those with a known price."""
    unpriced: tuple[Exchange, ...]
    """Those that took tokens whose price is not known."""


class Spent(NamedTuple):
    """The tokens of an answer, and their cost."""

    tokens: SaidUsage | None = None
    """As it says itself; None while it is sent, and if it says none."""
    usd: Decimal | None = None
    """Their cost; None if there are none, or their price is not known."""


NOTHING_SPENT = Spent()


def find_spent(exchange: Exchange, prices: Prices) -> Spent:
    """Return the tokens that an answer took, and their cost at these prices."""
    if exchange.ending is None or exchange.ending.how != "whole":
        return NOTHING_SPENT
    if (price := prices.find(exchange.model)) is None:
        return Spent(find_usage(_last_sends(exchange)))
    said = find_whole_usage(delivered.sends(exchange))
    spent = None
    if said is not None:
        spend = _spend if len(said.text) <= _REMEMBERED else _spend.__wrapped__
        spent = spend(said.text, "batch" if BATCH_HEADER in exchange.headers else said.tier, price)
    return spent or Spent(find_usage(_last_sends(exchange)))


@lru_cache(1024)
def _spend(usage: bytes, tier: str | None, price: Price) -> Spent | None:
    """Count and price a usage; None if it says no tokens. Under load many are the same."""
    try:
        said = json_bytes.read(usage)
    except ValueError:
        return None
    counted = count_tokens(said)
    return None if counted is None else Spent(counted, count_cost(said, tier, price))


def show_cost(cost: Decimal | None) -> float | None:
    """Return it as JSON has it."""
    return None if cost is None else float(round(cost, _PLACES))


def add_up(exchanges: Iterable[Exchange], prices: Prices) -> Total:
    """Return the cost of exchanges together."""
    usd, unpriced = Decimal(0), list[Exchange]()
    for exchange in exchanges:
        spent = find_spent(exchange, prices)
        if spent.usd is not None:
            usd += spent.usd
        elif spent.tokens is not None:
            unpriced.append(exchange)
    return Total(usd, tuple(unpriced))


def find_overrun(total: Total, most: Decimal) -> Finding | None:
    """Return the finding that exchanges cost more than they may, or that their cost is not known."""
    evidence = {"cost_usd": show_cost(total.usd), "max_cost_usd": show_cost(most), "unpriced": len(total.unpriced)}
    if total.usd > most:
        sentence = f"The tokens cost {total.usd.normalize():f} USD, more than {most:f} USD."
        return Finding(name="cost", sentence=sentence, evidence=evidence)
    if not total.unpriced:
        return None
    names = ", ".join(sorted({exchange.model or "no model" for exchange in total.unpriced}))
    sentence = f"The tokens may cost more than {most:f} USD: there is no price for all those of {names}."
    numbers = tuple(exchange.number for exchange in total.unpriced)
    return Finding(name="cost", sentence=sentence, exchanges=numbers, evidence=evidence)


def _last_sends(exchange: Exchange) -> list[bytes]:
    return [step.piece for step in exchange.steps[-_LAST_STEPS:] if isinstance(step, Send)]
