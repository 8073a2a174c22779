"""Forms, read by the shapes of the table: a form has only texts and files."""

import json
from collections.abc import Mapping
from typing import Any

from llemulator_addon.wire.described.shapes import fits
from llemulator_addon.wire.described.table import TypeShape, read_table
from llemulator_addon.wire.multipart import SentFile, type_fields


def read_by_shape(shape: TypeShape, value: Any) -> Any:  # noqa: ANN401 - JSON
    """Return a value of a form with numbers, booleans, lists and objects in place of the texts that stand for them."""
    if isinstance(value, SentFile) or fits(shape, value):
        return value
    match shape:
        case int() if isinstance(value, dict):
            shapes = {each.name: each.shape for each in read_table().members(shape)}
            return {name: read_by_shape(shapes[name], each) if name in shapes else each for name, each in value.items()}
        case ["[", of]:
            members = value if isinstance(value, list) else [value]
            return [read_by_shape(of, each) for each in members]
        case ["|", *shapes]:
            tried = (read_by_shape(each, value) for each in shapes)
            return next((each for each in tried if fits(shape, each)), value)
        case ["=", *_] | str() if isinstance(value, str):
            return _read_simple(shape, value)
        case _:
            return _read_json(value)


def _read_simple(shape: TypeShape, value: str) -> object:
    for kind in (int, float, bool):
        read = type_fields({"value": value}, {"value": kind})["value"]
        if fits(shape, read):
            return read
    return value


def _read_json(value: object) -> object:
    """Read an object that is one text: some clients write it so."""
    try:
        return json.loads(value) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        return value


def files_of(body: Mapping[str, Any]) -> list[SentFile]:
    """Return all files of a form."""
    found: list[SentFile] = []
    for value in body.values():
        found += [each for each in (value if isinstance(value, list) else [value]) if isinstance(each, SentFile)]
    return found


def has_file(value: object) -> bool:
    """Whether a member of a form is a file, or has one in its list."""
    return any(isinstance(each, SentFile) for each in (value if isinstance(value, list) else (value,)))
