"""The JSON that is wanted without a schema: the prompt shows an example or names the keys."""

from collections.abc import Mapping
from typing import Any

import re2

from llemulator_addon.core.prompt import Prompt
from llemulator_addon.simulate.property_values import Property, range_named, words_of
from llemulator_addon.simulate.shown_json import is_schema, objects_in

Shape = dict[str, Any]


def shape_shown(text: str) -> Shape | None:
    """Return the JSON schema that a text gives, else one of its last example; None where it gives neither."""
    found = list(objects_in(text))
    schemas = [value for value in found if is_schema(value)]
    if schemas:
        return schemas[-1]
    examples = [value for value in found if value]
    return _schema_like(examples[-1]) if examples else None


def wants_json(prompt: Prompt) -> bool:
    """Whether the prompt asks in words for JSON of a shape that is shown, as the tasks of chat programs do.

    Of the system's words that must be a schema: an example there may be of something else.
    """
    user, system = prompt.user_text, prompt.system_text
    if _asks(user) and shape_shown(user) is not None:
        return True
    return (_asks(user) or _asks(system)) and any(_schema_in(text) is not None for text in (user, system))


def shape_for(prompt: Prompt) -> Shape:
    """Return the schema for JSON without one: as shown, else with the names that the prompt gives, else of our own."""
    texts = (prompt.user_text, prompt.system_text)
    for shown in (*map(_schema_in, texts), *map(shape_shown, texts)):
        if shown is not None:
            return shown
    named = _names_in(f"{prompt.system_text}\n{prompt.user_text}")
    return _object({name: _kind_of(name) for name in named}) if named else _OF_OUR_OWN


def _asks(text: str) -> bool:
    return bool(_ASKS.search(text))


def _schema_in(text: str) -> Shape | None:
    return next((value for value in objects_in(text) if is_schema(value)), None)


_ASKS = re2.compile(
    r"(?i)\bjson\b(?:.|\n){0,200}(?:format|object|output|example|:)|(?:return|respond|reply|output)\b.{0,80}\bjson\b"
)
_NAMES = re2.compile(
    r"(?i)\b(?:keys?|fields?|propert(?:y|ies)|attributes?)\b(?:\s+(?:are|named|called|like))?\s*:?\s*([^.;\n!?]{2,160})"
)
_QUOTED_NAMES = re2.compile(
    r"(?i)((?:[\"'`][\w-]+[\"'`][, ]+(?:and |or )?)+)(?:as )?(?:keys?|fields?|propert(?:y|ies)|attributes?)\b"
)
"""`'setup' and 'punchline' keys`."""
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
    found = _QUOTED_NAMES.search(text) or _NAMES.search(text)
    if found is None:
        return []
    listed = found.group(1).replace(" and ", ",").replace(" or ", ",").split(",")
    names = [word for each in listed for word in each.replace(":", " ").split()[:1]]
    names = [name.strip("\"'`*()") for name in names]
    return [name for name in dict.fromkeys(names) if name.replace("_", "").replace("-", "").isalnum()]
