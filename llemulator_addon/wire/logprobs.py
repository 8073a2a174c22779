"""Log probabilities of tokens: drawn from the stamp, but of the right shape and order."""

import math
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from llemulator_addon.core.stamp import Stamp
from llemulator_addon.wire.json_bytes import Many


def logprobs_of(pieces: Iterable[str], top: int, stamp: Stamp) -> list[dict[str, Any]]:
    """Return one entry a token, with `top` alternatives of which the token itself is the likeliest."""
    return list(each_logprob_of(pieces, top, stamp))


def each_logprob_of(pieces: Iterable[str], top: int, stamp: Stamp) -> Iterator[dict[str, object]]:
    """Yield the same, one after the other."""
    return (_entry(piece, top, stamp) for piece in pieces)


def each_given(entries: Iterable[Mapping[str, Any]], top: int) -> Iterator[dict[str, Any]]:
    """Yield the entries that a script gives, with as many alternatives as the request asks for."""
    return ({**entry, "top_logprobs": entry["top_logprobs"][:top]} for entry in entries)


def join_tokens(entries: Iterable[Mapping[str, Any]]) -> bytes:
    """Return the text of tokens in UTF-8. A token with a part of a character only has bytes, and no text of its own."""
    return b"".join(
        entry["token"].encode("utf-8", "replace") if entry.get("bytes") is None else bytes(entry["bytes"])
        for entry in entries
    )


def spell_tokens(entries: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, int]]:
    """Yield the texts of tokens, each with its number of tokens.

    A character whose bytes are in several tokens comes with the last of them.
    """
    decoder, held = getincrementaldecoder("utf-8")("replace"), 0
    for entry in entries:
        held += 1
        if text := decoder.decode(bytes(entry["bytes"])):
            # Half a surrogate pair has no bytes of its own.
            yield entry["token"] if held == 1 and len(text) == len(entry["token"]) else text, held
            held = 0


class LogprobsInTurn:
    """The log probabilities of a text's tokens, to be given out with the deltas in which the tokens end."""

    def __init__(self, entries: Iterable[Any]) -> None:
        self._entries = iter(entries)
        self._next = next(self._entries, None)
        self._ahead = 0

    def take(self, delta: str) -> list[Any]:
        """Return those of the tokens that end within the next delta."""
        self._ahead += len(delta.encode("utf-8", "replace"))
        taken = []
        while self._next is not None and len(self._next["bytes"]) <= self._ahead:
            self._ahead -= len(self._next["bytes"])
            taken.append(self._next)
            self._next = next(self._entries, None)
        return taken


def legacy_logprobs_of(
    pieces: Callable[[], Iterable[str]], top: int, offset: int, stamp: Stamp, *, begins: bool = False
) -> dict[str, Many | None]:
    """Return the lists of the old completions endpoint; `offset` is how many characters stand before the first.

    The first token of a prompt (`begins`) has no probability, because nothing stands before it.
    """

    def read(name: str, entries: Iterable[dict[str, object]]) -> Iterator[Any]:
        return (None if begins and at == 0 else entry[name] for at, entry in enumerate(entries))

    def alternatives() -> Iterator[dict[str, float] | None]:
        found = read("top_logprobs", each_logprob_of(pieces(), top, stamp))
        return (None if each is None else _map_tokens(each) for each in found)

    def offsets() -> Iterator[int]:
        at = offset
        for piece in pieces():
            yield at
            at += len(piece)

    return {
        "tokens": Many(pieces),
        "token_logprobs": Many(lambda: read("logprob", each_logprob_of(pieces(), 1, stamp))),
        "top_logprobs": Many(alternatives) if top else None,
        "text_offset": Many(offsets),
    }


def _map_tokens(alternatives: list[dict[str, Any]]) -> dict[str, float]:
    return {each["token"]: each["logprob"] for each in alternatives}


def _entry(piece: str, top: int, stamp: Stamp) -> dict[str, object]:
    likely = 1 - stamp.fraction(f"logprob/{piece}") * 0.4
    alternatives = [(piece, likely), *_others(piece, 1 - likely, top - 1)]
    return {**_token(piece, likely), "top_logprobs": [_token(text, chance) for text, chance in alternatives[:top]]}


def _others(piece: str, rest: float, count: int) -> list[tuple[str, float]]:
    """Share what is left of the probability among common tokens, each half as likely as the one before."""
    words = [word for word in _COMMON if word != piece][: max(count, 0)]
    return [(word, max(rest, 1e-9) / 2 ** (rank + 1)) for rank, word in enumerate(words)]


def _token(text: str, chance: float) -> dict[str, object]:
    return {"token": text, "logprob": math.log(chance), "bytes": list(text.encode("utf-8", "replace"))}


_COMMON = (
    *(" the", " a", " is", ".", ",", " and", " to", " of", " in", " that", " it", " for", "!", " you", " I"),
    *(" with", " as", " on", " this", " be", "\n"),
)
