"""The JSON that is wanted without a schema: the prompt shows an example or names the keys."""

from collections.abc import Mapping
from typing import Any

import re2

from llemulator_addon.core.prompt import Prompt
from llemulator_addon.simulate.property_values import Property, range_named, words_of
from llemulator_addon.wire import json_bytes

Shape = dict[str, Any]


def shape_shown(text: str) -> Shape | None:
    """Return the schema of the last JSON object that a text gives as an example; None where it gives none."""
    for at in range(len(text) - 1, -1, -1):
        if text[at] == "{":
            example = _object_at(text, at)
            if example and not _is_within_another(text, at):
                return _schema_like(example)
    return None


def wants_json(prompt: Prompt) -> bool:
    """Whether the user asks in words for JSON of a shape that is shown, as the tasks of chat programs do."""
    text = prompt.user_text
    return "{" in text and bool(_ASKS.search(text)) and shape_shown(text) is not None


def shape_for(prompt: Prompt) -> Shape:
    """Return the schema for JSON without one: as shown, else with the names that the prompt gives, else of our own."""
    for text in (prompt.user_text, prompt.system_text):
        if (shown := shape_shown(text)) is not None:
            return shown
    named = _names_in(f"{prompt.system_text}\n{prompt.user_text}")
    return _object({name: _kind_of(name) for name in named}) if named else _OF_OUR_OWN


_LONGEST = 4_000
_ASKS = re2.compile(
    r"(?i)\bjson\b(?:.|\n){0,200}(?:format|object|output|example|:)|(?:return|respond|reply|output)\b.{0,80}\bjson\b"
)
_NAMES = re2.compile(
    r"(?i)\b(?:keys?|fields?|propert(?:y|ies)|attributes?)\b(?:\s+(?:are|named|called|like))?\s*:?\s*([^.;\n!?]{2,160})"
)
_TEXT = {"type": "string"}


def _object(properties: Mapping[str, Any]) -> Shape:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


_OF_OUR_OWN = _object(
    {"title": _TEXT, "summary": _TEXT, "key_points": {"type": "array", "items": _TEXT, "minItems": 2}}
)


def _object_at(text: str, start: int) -> dict[str, Any] | None:
    depth = 0
    for at in range(start, min(len(text), start + _LONGEST)):
        depth += (text[at] == "{") - (text[at] == "}")
        if depth == 0:
            try:
                value = json_bytes.read(text[start : at + 1].encode())
            except (ValueError, UnicodeEncodeError):
                return None
            return value if isinstance(value, dict) else None
    return None


def _is_within_another(text: str, at: int) -> bool:
    """Whether an object is a member of a larger one, which is the example then."""
    start = text.rfind("{", 0, at)
    while start >= 0:
        larger = _object_at(text, start)
        if larger is not None and text.find("}", at) < start + _LONGEST:
            return _end_of(text, start) > at
        start = text.rfind("{", 0, start)
    return False


def _end_of(text: str, start: int) -> int:
    depth = 0
    for at in range(start, min(len(text), start + _LONGEST)):
        depth += (text[at] == "{") - (text[at] == "}")
        if depth == 0:
            return at
    return start


def _schema_like(example: object) -> Shape:
    match example:
        case dict():
            return _object({str(key): _schema_like(value) for key, value in example.items()})
        case list():
            items = _schema_like(example[0]) if example else _TEXT
            return {"type": "array", "items": items, "minItems": max(1, len(example)), "maxItems": max(3, len(example))}
        case bool():
            return {"type": "boolean"}
        case int():
            return {"type": "integer"}
        case float():
            return {"type": "number"}
        case _:
            return _TEXT


def _kind_of(name: str) -> Shape:
    words = words_of(name)
    if range_named(Property(words, (), "")) is not None:
        return {"type": "number"} if words[-1] in ("price", "cost", "amount") else {"type": "integer"}
    return {"type": "array", "items": _TEXT, "minItems": 2} if name.endswith("s") and not name.endswith("ss") else _TEXT


def _names_in(text: str) -> list[str]:
    found = _NAMES.search(text)
    if found is None:
        return []
    listed = found.group(1).replace(" and ", ",").replace(" or ", ",").split(",")
    names = [word for each in listed for word in each.replace(":", " ").split()[:1]]
    names = [name.strip("\"'`*()") for name in names]
    return [name for name in dict.fromkeys(names) if name.replace("_", "").replace("-", "").isalnum()]
