"""JSON within a text: schemas, and examples of an answer."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import re2

_LOOKED_AT = 60_000
"""Characters of a text."""
_TRIES = 300
"""Braces that are looked at before a text is given up: most of a program's begin no JSON."""
_decoder = json.JSONDecoder()


def objects_in(text: str) -> Iterator[dict[str, Any]]:
    """Yield the JSON objects in a text that are not members of others, in their order."""
    text = text[-_LOOKED_AT:]
    at = text.find("{")
    for _ in range(_TRIES):
        if at < 0:
            return
        try:
            value, end = _decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            end = at + 1
        else:
            yield value
        at = text.find("{", end)


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
