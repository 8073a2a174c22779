"""The limit of tokens that a request has: no generated answer goes beyond it."""

from collections.abc import Sequence
from dataclasses import replace

from llemulator_addon.core.prompt import Prompt
from llemulator_addon.core.reply import ToolCall
from llemulator_addon.wire import tokens
from llemulator_addon.wire.families import family


def limit_text(text: str, prompt: Prompt) -> tuple[str, bool]:
    """Return as much of a text as the limit allows, and whether that is all of it."""
    if (limit := _limit(prompt)) is None:
        return text, True
    pieces = tuple(tokens.pieces(text, family(prompt.model).encoding))
    return "".join(pieces[:limit]), len(pieces) + _end(prompt) <= limit


def limit_calls(calls: Sequence[ToolCall], prompt: Prompt) -> tuple[tuple[ToolCall, ...], bool]:
    """Return as many calls as the limit allows, and whether that is all of them.

    The last may have the begin of its arguments only; a call whose name alone is too long is left out.
    """
    if (limit := _limit(prompt)) is None:
        return tuple(calls), True
    encoding, left, kept = family(prompt.model).encoding, limit, list[ToolCall]()
    for call in calls:
        left -= tokens.count(call.name, encoding)
        if left < 0:
            return tuple(kept), False
        pieces = tuple(tokens.pieces(call.arguments, encoding))
        kept.append(replace(call, arguments="".join(pieces[:left])))
        left -= len(pieces)
        if left < 0:
            return tuple(kept), False
    return tuple(kept), left >= _end(prompt)


_NAMES = ("max_tokens", "max_completion_tokens", "max_output_tokens")


def _limit(prompt: Prompt) -> int | None:
    given = [prompt.body.get(name) for name in _NAMES]
    return min(
        (max(0, limit) for limit in given if isinstance(limit, int) and not isinstance(limit, bool)), default=None
    )


def _end(prompt: Prompt) -> int:
    """Return how many tokens the end of a message takes: Responses count its sign."""
    return 1 if prompt.endpoint == "responses" else 0
