"""What the API says of the JSON schemas of tools and structured outputs that it does not take.

The wordings and their places are from public reports of 2024-08 to 2026-04. Only the first problem is named.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from llemulator_addon.core.work import TooMuchWork, Work
from llemulator_addon.wire.members import list_in, object_in

STEPS = 150_000
"""So many words and names may all schemas of a request have. The API has no such limit by name: a model's context is
its limit, and a schema of this size would take some hundreds of thousands of tokens of it."""
TOO_LARGE = f"the schemas of this request have more than {STEPS} words and names in all, which is too many to check."

Place = tuple[Any, ...]
"""Where a schema stands: the place around it, and the steps from there. Spelled only where it is told."""


def list_steps(place: Place) -> tuple[str, ...]:
    """Return the steps from the root to a place."""
    steps: tuple[str, ...] = ()
    while place:
        place, *last = place
        steps = (*last, *steps)
    return steps


def problem(schema: Mapping[str, Any], *, strict: bool, work: Work) -> str | None:
    """Return what is wrong with a schema, or None; `strict` asks for what structured outputs need."""
    kind = schema.get("type")
    if kind != "object":
        # A root without any type is one of type "None", which is Python's word and what the API says.
        return f"schema must be a JSON Schema of 'type: \"object\"', got 'type: \"{kind}\"'."
    if not strict and "properties" not in schema:
        return "In context=(), object schema missing properties."
    try:
        return next(_problems(schema, work, strict=strict), None)
    except TooMuchWork:
        return TOO_LARGE


def _problems(root: object, work: Work, *, strict: bool) -> Iterator[str]:
    left: list[tuple[object, Place]] = [(root, ())]
    while left:
        schema, place = left.pop()
        if not isinstance(schema, dict):
            continue
        work.spend(1 + len(schema))
        if strict and has_type(schema, "object"):
            yield from _open_object(schema, place, work)
        if has_type(schema, "array") and "items" not in schema:
            yield f"In context={list_steps(place)}, array schema missing items."
        if not schema.keys().isdisjoint(_HOLDING):
            left += reversed(list(_inner(schema, place)))


def _open_object(schema: Mapping[str, Any], place: Place, work: Work) -> Iterator[str]:
    if schema.get("additionalProperties") is not False:
        yield f"In context={list_steps(place)}, 'additionalProperties' is required to be supplied and to be false."
    listed = list_in(schema, "required")
    work.spend(len(listed))
    required = {name for name in listed if isinstance(name, str)}
    missing = next((name for name in object_in(schema, "properties") if name not in required), None)
    if missing is not None:
        yield (
            f"In context={list_steps(place)}, 'required' is required to be supplied and to be an array including every "
            f"key in properties. Missing '{missing}'."
        )


def has_type(schema: Mapping[str, Any], name: str) -> bool:
    """Whether a schema names a type, alone or among others."""
    kind = schema.get("type")
    return kind == name or (isinstance(kind, list) and name in kind)


_HOLDING = ("properties", "$defs", "definitions", "items", "anyOf")


def _inner(schema: Mapping[str, Any], place: Place) -> Iterator[tuple[object, Place]]:
    for key in ("properties", "$defs", "definitions"):
        for name, inner in object_in(schema, key).items():
            yield inner, (place, key, name)
    yield schema.get("items"), (place, "items")
    for number, branch in enumerate(list_in(schema, "anyOf")):
        yield branch, (place, "anyOf", str(number))
