"""Log probabilities of tokens: made up from the stamp, but of the right shape and order."""

import math
from itertools import accumulate
from typing import Any

from llemulator_addon.core.stamp import Stamp


def logprobs_of(pieces: tuple[str, ...], top: int, stamp: Stamp) -> list[dict[str, Any]]:
    """Return one entry a token, with `top` alternatives of which the token itself is the likeliest."""
    return [_entry(piece, top, stamp) for piece in pieces]


def legacy_logprobs_of(
    pieces: tuple[str, ...], top: int, offset: int, stamp: Stamp, *, begins: bool = False
) -> dict[str, Any]:
    """Return the lists of the old completions endpoint; `offset` is how many characters stand before the first.

    The first token of a prompt (`begins`) has no probability, because nothing stands before it.
    """
    entries = logprobs_of(pieces, max(top, 1), stamp)
    known = [not begins or at > 0 for at in range(len(entries))]
    each = list(zip(entries, known, strict=True))
    return {
        "tokens": [entry["token"] for entry in entries],
        "token_logprobs": [entry["logprob"] if is_known else None for entry, is_known in each],
        "top_logprobs": [_by_token(e["top_logprobs"]) if is_known else None for e, is_known in each] if top else None,
        "text_offset": list(accumulate((len(piece) for piece in pieces[:-1]), initial=offset)) if pieces else [],
    }


def _by_token(alternatives: list[dict[str, Any]]) -> dict[str, float]:
    return {each["token"]: each["logprob"] for each in alternatives}


def _entry(piece: str, top: int, stamp: Stamp) -> dict[str, Any]:
    likely = 1 - stamp.fraction(f"logprob/{piece}") * 0.4
    alternatives = [(piece, likely), *_others(piece, 1 - likely, top - 1)]
    return {**_token(piece, likely), "top_logprobs": [_token(text, chance) for text, chance in alternatives[:top]]}


def _others(piece: str, rest: float, count: int) -> list[tuple[str, float]]:
    """Share what is left of the probability among common tokens, each half as likely as the one before."""
    words = [word for word in _COMMON if word != piece][: max(count, 0)]
    return [(word, max(rest, 1e-9) / 2 ** (rank + 1)) for rank, word in enumerate(words)]


def _token(text: str, chance: float) -> dict[str, Any]:
    return {"token": text, "logprob": math.log(chance), "bytes": list(text.encode("utf-8", "replace"))}


_COMMON = (
    *(" the", " a", " is", ".", ",", " and", " to", " of", " in", " that", " it", " for", "!", " you", " I"),
    *(" with", " as", " on", " this", " be", "\n"),
)
