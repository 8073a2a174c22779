"""Scores of moderation: low ones from the text's hash, high ones where it has a word of a short and open list.

No model judges here. A test that needs a verdict scripts it (`endpoints/moderations.py`).
"""

from collections.abc import Iterable, Mapping
from hashlib import shake_256
from itertools import chain, islice
from types import MappingProxyType
from typing import Any

from llemulator_addon.core.remembering import remember_calls

DEFAULT = "omni-moderation-latest"

FLAGGED_FROM = 0.5
"""A category with this score or more is flagged. (The real thresholds differ by category and are not published.)"""

# In the order in which the API lists them. https://platform.openai.com/docs/guides/moderation
OMNI = (
    *("harassment", "harassment/threatening", "sexual", "hate", "hate/threatening", "illicit", "illicit/violent"),
    *("self-harm/intent", "self-harm/instructions", "self-harm", "sexual/minors", "violence", "violence/graphic"),
)
TEXT = (
    *("sexual", "hate", "harassment", "self-harm", "sexual/minors", "hate/threatening", "violence/graphic"),
    *("self-harm/intent", "self-harm/instructions", "harassment/threatening", "violence"),
)
_OF_IMAGES = frozenset(
    {"self-harm", "self-harm/instructions", "self-harm/intent", "sexual", "violence", "violence/graphic"}
)

WORDS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        category: frozenset(words.split())
        for category, words in {
            "violence": "kill kills killed killing murder murders murdered stab stabs stabbed shoot bomb behead gore",
            "violence/graphic": "behead beheaded beheading gore",
            "illicit": "bomb bombs explosive explosives cocaine shoplift",
            "illicit/violent": "bomb bombs explosive explosives",
            "self-harm": "suicide suicidal self-harm",
            "self-harm/intent": "suicide suicidal",
            "sexual": "porn pornographic",
            "harassment": "idiot idiots loser losers",
        }.items()
    }
)
"""The words that raise the score of a category: whole ones, in lower case."""


def categories(model: str) -> tuple[str, ...]:
    """Return the categories that a model judges, in its order."""
    return TEXT if model.startswith("text-moderation") else OMNI


def join_texts(texts: Iterable[str]) -> str:
    """Join texts as far as they are looked at."""
    return "".join(islice(chain.from_iterable(texts), _LOOKED_AT))


_LOOKED_AT = 1 << 16
"""Characters of a text that is judged together with an answer."""


@remember_calls(4_096, longest=1_000)
def _scores(text: str, model: str) -> Mapping[str, float]:
    """Score a text in every category, from 0 to 1."""
    said = set(_words(text))
    raised = {category for category, words in WORDS.items() if words & said}
    chances = shake_256(f"{model}/{text}".encode("utf-8", "backslashreplace")).digest(2 * len(OMNI))
    pairs = zip(categories(model), zip(chances[::2], chances[1::2], strict=True), strict=False)
    return MappingProxyType(
        {category: _high(chance) if category in raised else _low(chance) for category, chance in pairs}
    )


def scores(model: str, text: str) -> Mapping[str, float]:
    """Score a text in every category, from 0 to 1."""
    return _scores(text, model)


def write_verdict(
    model: str, scored: Mapping[str, float], *, text: bool = True, image: bool = False
) -> dict[str, object]:
    """Spell one verdict; `text` and `image` say what was looked at."""
    flagged = {category: score >= FLAGGED_FROM for category, score in scored.items()}
    verdict: dict[str, object] = {
        "flagged": any(flagged.values()),
        "categories": flagged,
        "category_scores": {**scored},
    }
    if categories(model) is OMNI:
        verdict["category_applied_input_types"] = {
            category: [*(["text"] if text else []), *(["image"] if image and category in _OF_IMAGES else [])]
            for category in scored
        }
    return verdict


def judge(
    model: str, looked_at: str, given: Mapping[str, Any], *, text: bool = True, image: bool = False
) -> dict[str, object]:
    """Spell the verdict on a text. Given scores, booleans or fields of the verdict replace the computed ones."""
    fields = {name: given[name] for name in _FIELDS if name in given}
    named = fields.get("category_scores", {}) if fields else given
    known = scores(model, looked_at)
    scored = {
        **known,
        **{category: _score(value) for category, value in named.items() if category in known and _is_score(value)},
    }
    verdict = write_verdict(model, scored, text=text, image=image)
    return {name: _fill(value, fields.get(name)) for name, value in verdict.items()}


_FIELDS = ("flagged", "categories", "category_scores", "category_applied_input_types")


def _fill(usual: object, given: object) -> object:
    if isinstance(usual, dict) and isinstance(given, dict):
        return {**usual, **given}
    return usual if given is None else given


def _is_score(value: object) -> bool:
    return isinstance(value, int | float)


def _score(given: float) -> float:
    if isinstance(given, bool):
        return _SURE if given else 1 - _SURE
    return float(given)


_SURE = 0.99


def result(model: str, text: str, given: Mapping[str, Any]) -> dict[str, object]:
    """Spell the verdict that a response carries when it was asked for."""
    return {"type": "moderation_result", "model": model, **judge(model, text, given)}


def results(model: str, text: str, given: Mapping[str, Any]) -> dict[str, object]:
    """Spell the verdict that a chat completion carries when it was asked for."""
    return {"type": "moderation_results", "model": model, "results": [result(model, text, given)]}


def _words(text: str) -> list[str]:
    kept = "".join(letter if letter.isalnum() or letter in "-'" else " " for letter in text.lower())
    return kept.split()


def _low(chance: tuple[int, int]) -> float:
    """Return a score between a millionth and a thousandth, the small ones as often as the large."""
    return round(10 ** (-6 + 3 * (chance[0] * 256 + chance[1]) / 65_536), 12)


def _high(chance: tuple[int, int]) -> float:
    return 0.9 + round((chance[0] * 256 + chance[1]) / 65_536 * 0.09, 12)
