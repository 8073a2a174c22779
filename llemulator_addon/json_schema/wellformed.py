"""Schemas that are no schemas: words with values that they cannot have."""

from collections.abc import Mapping
from typing import Any

from llemulator_addon.core.work import Work
from llemulator_addon.json_schema.kinds import TYPES, is_kind


def tidy(schema: object, work: Work) -> object:
    """Return a schema without what is malformed in it, all the way down; what is no schema at all allows anything.

    Raises `TooMuchWork`.
    """
    work.spend()
    if isinstance(schema, bool):
        return schema
    if not isinstance(schema, Mapping):
        return True
    return {word: _tidy_word(word, value, work) for word, value in schema.items() if _complaint(word, value) is None}


def complaint_about(schema: object, work: Work) -> str | None:
    """Return what the API has against a schema that is none. Raises `TooMuchWork`.

    It says it as Python's jsonschema does, without a place: `None is not of type 'array'.` (public reports).
    """
    left = [schema]
    while left:
        part = left.pop()
        if isinstance(part, bool):
            continue
        if not isinstance(part, Mapping):
            return f"{part!r} is not of type 'object', 'boolean'."
        work.spend(1 + len(part))
        within: list[object] = []
        for word, value in part.items():
            if word not in _KNOWN or (
                isinstance(value, str) and (word in _TEXTS or (word == "type" and value in TYPES))
            ):
                continue
            if (found := _complaint(word, value)) is not None:
                return found
            within += _parts(word, value)
        left += reversed(within)
    return None


def _complaint(word: str, value: object) -> str | None:
    if word == "type":
        return None if _is_type(value) else f"{value!r} is not valid under any of the given schemas."
    if word == "items" and isinstance(value, list):
        return None
    kinds = _KINDS.get(word, ())
    if not kinds or any(is_kind(value, kind) for kind in kinds):
        return _complaint_about_members(word, value)
    return f"{value!r} is not of type {', '.join(map(repr, kinds))}."


def _complaint_about_members(word: str, value: Any) -> str | None:  # noqa: ANN401 - any JSON
    if word in _LISTS_OF_TEXTS:
        return next((f"{each!r} is not of type 'string'." for each in value if not isinstance(each, str)), None)
    if word in _LISTS_OF_SCHEMAS and not value:
        return "[] should be non-empty."
    if word in _COUNTS and value < 0:
        return f"{value!r} is less than the minimum of 0."
    if word == "multipleOf" and value <= 0:
        return f"{value!r} is less than or equal to the minimum of 0."
    return None


def _is_type(value: object) -> bool:
    if isinstance(value, list):
        return bool(value) and all(isinstance(each, str) and each in TYPES for each in value)
    return isinstance(value, str) and value in TYPES


def _parts(word: str, value: Any) -> list[object]:  # noqa: ANN401 - any JSON
    if word in _SCHEMAS:
        return value if isinstance(value, list) else [value]
    if word in _LISTS_OF_SCHEMAS:
        return list(value)
    return list(value.values()) if word in _MAPS_OF_SCHEMAS else []


def _tidy_word(word: str, value: Any, work: Work) -> object:  # noqa: ANN401 - any JSON
    if word in _LISTS_OF_SCHEMAS or (word == "items" and isinstance(value, list)):
        return [tidy(each, work) for each in value]
    if word in _SCHEMAS:
        return tidy(value, work)
    if word in _MAPS_OF_SCHEMAS:
        return {name: tidy(each, work) for name, each in value.items()}
    if word in _COUNTS:
        return int(value)
    return value


_SCHEMAS = (
    "items",
    "additionalItems",
    "additionalProperties",
    "contains",
    "propertyNames",
    "not",
    "if",
    "then",
    "else",
)
_LISTS_OF_SCHEMAS = ("anyOf", "oneOf", "allOf", "prefixItems")
_MAPS_OF_SCHEMAS = ("properties", "patternProperties", "$defs", "definitions")
_LISTS_OF_TEXTS = ("required",)
_COUNTS = (
    "minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties", "minContains", "maxContains",
)  # fmt: skip
_KINDS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(_SCHEMAS, ("object", "boolean")),
    **dict.fromkeys(_LISTS_OF_SCHEMAS, ("array",)),
    **dict.fromkeys((*_MAPS_OF_SCHEMAS, "dependentRequired"), ("object",)),
    **dict.fromkeys((*_LISTS_OF_TEXTS, "enum"), ("array",)),
    **dict.fromkeys(_COUNTS, ("integer",)),
    **dict.fromkeys(("minimum", "maximum", "multipleOf"), ("number",)),
    **dict.fromkeys(("exclusiveMinimum", "exclusiveMaximum"), ("number", "boolean")),
    **dict.fromkeys(
        ("pattern", "format", "$ref", "$dynamicRef", "$id", "$anchor", "description", "title"), ("string",)
    ),
    "uniqueItems": ("boolean",),
}
_KNOWN = frozenset((*_KINDS, "type"))
_TEXTS = frozenset(word for word, kinds in _KINDS.items() if kinds == ("string",))
