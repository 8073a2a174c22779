"""Bodies with everything that OpenAI's types name, for each operation that is posted and has none by hand."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from llemulator_addon.wire.answer import Endpoint, Operation
from llemulator_addon.wire.described.collections import nameless
from llemulator_addon.wire.described.operations import index_operations
from llemulator_addon.wire.described.table import TypeShape, read_table
from llemulator_addon.wire.endpoints import ENDPOINTS, OPERATIONS
from tests.fuzz.real import BODIES

type Json = Any

_DEEPEST = 5
_SIMPLE: Mapping[str, Json] = {
    "text": "a",
    "time": "2026-01-01T00:00:00Z",
    "integer": 1,
    "number": 0.5,
    "boolean": True,
    "null": None,
    "any": {"a": "b"},
    "file": {"filename": "a.jsonl"},
}

IN_TALKS = frozenset(each.name for each in ENDPOINTS.values() if each.only_in_talks)
"""Endpoints that nobody posts to."""


def posted() -> dict[str, Endpoint | Operation]:
    """Return all that is posted, by name, with the operations that the table answers."""
    tables: tuple[Mapping[str, Endpoint | Operation], ...] = (ENDPOINTS, OPERATIONS, index_operations())
    every = (each for table in tables for each in table.values())
    return {each.name: each for each in every if each.method == "POST" and each.name not in IN_TALKS}


@cache
def bodies_of(name: str) -> tuple[Json, ...]:
    """Return the bodies of what is posted: those by hand, else those that its type describes."""
    if name in BODIES:
        return BODIES[name]
    path = nameless(posted()[name].path)
    shapes = (each.body for each in read_table().operations if (each.method, nameless(each.path)) == ("POST", path))
    shape = next(shapes, None)
    return ({},) if shape is None else tuple(_make(shape, variant, 0) for variant in (0, -1))


def is_form(name: str) -> bool:
    """Whether a body of it has a file, so that it is sent as a form."""
    return any(_has_file(body) for body in bodies_of(name))


def _has_file(body: Json) -> bool:
    members = body.values() if isinstance(body, dict) else body if isinstance(body, list) else ()
    return (isinstance(body, dict) and body.keys() == {"filename"}) or any(_has_file(each) for each in members)


def _make(shape: TypeShape, variant: int, depth: int) -> Json:
    """Return a value with every member; of several shapes the first or the last."""
    match shape:
        case int() if depth > _DEEPEST:
            return {}
        case int():
            return {each.name: _make(each.shape, variant, depth + 1) for each in read_table().members(shape)}
        case ["=", *values]:
            return values[variant]
        case ["[", of]:
            return [_make(of, variant, depth + 1)]
        case ["{", of]:
            return {"a": _make(of, variant, depth + 1)}
        case ["|", *shapes]:
            return _make([each for each in shapes if each != "null"][variant], variant, depth + 1)
        case _:
            return _SIMPLE[str(shape)]
