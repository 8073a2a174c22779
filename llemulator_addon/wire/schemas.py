"""What the API says of the JSON schemas of tools and structured outputs that it does not take.

The wordings and their places are from public reports of 2024-08 to 2026-04. Only the first problem is named.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from llemulator_addon.wire.members import list_in, object_in

Place = tuple[str, ...]


def problem(schema: Mapping[str, Any], *, strict: bool) -> str | None:
    """Return what is wrong with a schema, or None; `strict` asks for what structured outputs need."""
    kind = schema.get("type")
    if kind != "object":
        # A root without any type is one of type "None", which is Python's word and what the API says.
        return f"schema must be a JSON Schema of 'type: \"object\"', got 'type: \"{kind}\"'."
    if not strict and "properties" not in schema:
        return "In context=(), object schema missing properties."
    return next(_problems(schema, (), strict=strict), None)


def _problems(schema: object, place: Place, *, strict: bool) -> Iterator[str]:
    if not isinstance(schema, dict):
        return
    if strict and _has_type(schema, "object"):
        yield from _open_object(schema, place)
    if _has_type(schema, "array") and "items" not in schema:
        yield f"In context={place}, array schema missing items."
    for key, inner in _inner(schema):
        yield from _problems(inner, (*place, *key), strict=strict)


def _open_object(schema: Mapping[str, Any], place: Place) -> Iterator[str]:
    if schema.get("additionalProperties") is not False:
        yield f"In context={place}, 'additionalProperties' is required to be supplied and to be false."
    required = list_in(schema, "required")
    missing = [name for name in object_in(schema, "properties") if name not in required]
    if missing:
        yield (
            f"In context={place}, 'required' is required to be supplied and to be an array including every key in "
            f"properties. Missing '{missing[0]}'."
        )


def _has_type(schema: Mapping[str, Any], name: str) -> bool:
    kind = schema.get("type")
    return kind == name or (isinstance(kind, list) and name in kind)


def _inner(schema: Mapping[str, Any]) -> Iterator[tuple[Place, object]]:
    for key in ("properties", "$defs", "definitions"):
        if isinstance(named := schema.get(key), dict):
            yield from (((key, name), inner) for name, inner in named.items())
    if isinstance(items := schema.get("items"), dict):
        yield ("items",), items
    if isinstance(branches := schema.get("anyOf"), list):
        yield from ((("anyOf", str(number)), branch) for number, branch in enumerate(branches))
