"""Finding chunks: by the vectors of their words, and by the words that they have in common with the query."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import log, sumprod
from typing import Any, NamedTuple

from llemulator_addon.core.work import not_at_once
from llemulator_addon.wire.vectors import numbers, pack_features

_AT_ONCE = 100
"""Chunks that are searched in no time."""


class Chunk(NamedTuple):
    """A piece of a file's text."""

    file_id: str
    filename: str
    attributes: Mapping[str, Any]
    text: str
    vector: bytes
    """`pack_features` of the text."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A chunk that was found; the score is from 0 to 1."""

    chunk: Chunk
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """How hits are ranked, and how many are given."""

    most: int = 10
    least: float = 0.0
    by_vector: float = 1.0
    by_words: float = 1.0


def read_ranking(body: Mapping[str, Any], usual: int) -> Ranking:
    """Read `max_num_results` and `ranking_options` of a body that was checked."""
    options = body.get("ranking_options")
    options = options if isinstance(options, dict) else {}
    weights = options.get("hybrid_search")
    weights = weights if isinstance(weights, dict) else {}
    most = body.get("max_num_results")
    return Ranking(
        most=most if isinstance(most, int) and most > 0 else usual,
        least=_number(options.get("score_threshold"), 0.0),
        by_vector=_number(weights.get("embedding_weight"), 1.0),
        by_words=_number(weights.get("text_weight"), 1.0),
    )


def _number(given: object, usual: float) -> float:
    return float(given) if isinstance(given, int | float) and given >= 0 else usual


def search(queries: Iterable[str], chunks: Iterable[Chunk], ranking: Ranking) -> list[Hit]:
    """Return the best chunks for any of the queries, the best first; those of one score in their order."""
    chunks = list(chunks)
    if len(chunks) > _AT_ONCE:
        not_at_once()
    words = [frozenset(list_words(each.text)) for each in chunks]
    best = [0.0] * len(chunks)
    for query in queries:
        for number, score in enumerate(_score(query, chunks, words, ranking)):
            best[number] = max(best[number], score)
    hits = [Hit(chunk, round(score, 4)) for chunk, score in zip(chunks, best, strict=True)]
    found = [each for each in hits if each.score > 0 and each.score >= ranking.least]
    return sorted(found, key=lambda each: -each.score)[: ranking.most]


def _score(query: str, chunks: list[Chunk], words: list[frozenset[str]], ranking: Ranking) -> Iterator[float]:
    wanted = frozenset(list_words(query))
    # A word that few chunks have says more.
    rarity = {word: log(1 + len(words) / (1 + sum(word in each for each in words))) for word in wanted}
    total, asked = sum(rarity.values()) or 1.0, numbers(pack_features(query))
    weights = ranking.by_vector + ranking.by_words or 1.0
    for chunk, has in zip(chunks, words, strict=True):
        near = max(0.0, min(1.0, sumprod(asked, numbers(chunk.vector))))
        common = sum(rarity[word] for word in wanted & has) / total
        yield (ranking.by_vector * near + ranking.by_words * common) / weights


def list_words(text: str) -> Iterator[str]:
    """Yield the words of a text without those that say nothing of its subject."""
    kept = "".join(letter if letter.isalnum() else " " for letter in text.lower())
    return (each for each in kept.split() if each not in _COMMON)


def rewrite_query(query: str) -> str:
    """Return a query without the words of a question; the query itself if it has no others."""
    return " ".join(list_words(query)) or query


_COMMON = frozenset(
    (
        *(
            "a",
            "about",
            "an",
            "and",
            "are",
            "as",
            "at",
            "be",
            "by",
            "can",
            "could",
            "do",
            "does",
            "for",
            "from",
            "have",
        ),
        *(
            "how",
            "i",
            "in",
            "is",
            "it",
            "me",
            "my",
            "of",
            "on",
            "or",
            "our",
            "please",
            "should",
            "tell",
            "than",
            "that",
        ),
        *("than", "that", "the", "their", "there", "this", "to", "us", "was", "we", "what", "when", "where", "which"),
        *("who", "why", "will", "with", "would", "you", "your"),
    )
)
