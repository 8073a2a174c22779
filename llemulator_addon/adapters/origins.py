"""Who or what answered an exchange, in one word."""

from typing import Literal

from llemulator_addon.engine.journal import Exchange
from llemulator_addon.wire.models import ACTING_MODELS

Origin = Literal["rule", "upstream", "unsupported", "fallback", "acting_model", "refusal", "operation"]

_REFUSED = 400
_NOT_THERE = {404, 405}


def find_origin(exchange: Exchange) -> Origin:
    """Return what answered.

    `fallback`: no rule matched. `operation`: no rule is asked, as for stored resources. `refusal`: the request was
    wrong.
    """
    if exchange.rule is not None:
        return "rule"
    if exchange.upstream is not None:
        return "upstream"
    if exchange.is_unsupported:
        # Also what was refused before its path was looked at names no operation: a request without a key.
        return "unsupported" if exchange.status in _NOT_THERE else "refusal"
    if exchange.unmatched is not None:
        return "fallback"
    if exchange.model in ACTING_MODELS:
        return "acting_model"
    return "refusal" if exchange.status >= _REFUSED else "operation"
