"""JSON within a text: schemas, and examples of an answer."""

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import re2

from llemulator_addon.script.regex import encodable

_LOOKED_AT = 30_000
"""Characters of a text."""
_TRIES = 100
"""Braces that begin no JSON are looked at before a text is given up: most of a program's begin none."""
_DEEPEST = 50
"""Objects within objects; a text that is nested deeper is a text about braces."""
_decoder = json.JSONDecoder()


def objects_in(text: str) -> tuple[dict[str, Any], ...]:
    """Return the JSON objects in a text that are not members of others, in their order. They must not be changed."""
    return _objects_in(text[-_LOOKED_AT:]) if "{" in text else ()


@lru_cache(8)  # each choice of an answer asks for the same
def _objects_in(text: str) -> tuple[dict[str, Any], ...]:
    found: list[dict[str, Any]] = []
    at, failed = text.find("{"), 0
    searched = encodable(text)  # has the same places
    while at >= 0 and failed < _TRIES:
        end = _end_of(searched, at)
        try:
            value = _decoder.decode(text[at:end]) if end else None
        except (ValueError, RecursionError):
            value = None
        failed += value is None
        found += [value] if value is not None else []
        at = text.find("{", end if value is not None else at + 1)
    return tuple(found)


def _end_of(text: str, start: int) -> int:
    """Return where the brace at a place is closed; 0 where it is not, or nested too deep. Braces in strings count."""
    depth = 0
    for brace in _BRACES.finditer(text, start):
        depth += 1 if brace[0] == "{" else -1
        if depth == 0:
            return int(brace.end())
        if depth > _DEEPEST:
            return 0
    return 0


_BRACES = re2.compile(r"[{}]")


def is_schema(value: Mapping[str, Any]) -> bool:
    """Whether an object is a JSON schema, and not an example of what it describes."""
    properties = value.get("properties")
    if isinstance(properties, Mapping):
        return all(isinstance(member, Mapping | bool) for member in properties.values())
    if isinstance(value.get("$defs"), Mapping) and ("$ref" in value or "anyOf" in value):
        return True
    return value.get("type") == "array" and isinstance(value.get("items"), Mapping)


def shows_fence(text: str) -> bool:
    """Whether a text asks for JSON between the signs of a code block."""
    return bool(_FENCE.search(text)) and not _NO_FENCE.search(text)


def fence(text: str) -> str:
    """Put JSON between the signs of a code block."""
    return f"```json\n{text}\n```"


_FENCE = re2.compile(r"(?i)```json|\bjson (?:markdown )?code ?block")
_NO_FENCE = re2.compile(
    r"(?i)\b(?:no|not|without|never|don't|avoid)\b[^.\n]{0,40}(?:markdown|fences?\b|code ?block|backtick|```)"
)
