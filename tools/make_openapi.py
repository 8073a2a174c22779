"""Write a description of all operations in OpenAPI's form, from the table of operations.

    python -m tools.make_openapi PATH/TO/openapi.json

It has methods, paths, parameters, bodies and OpenAI's error object. Programs that test an API by its description, such
as schemathesis, read it.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

from llemulator_addon.wire.described.table import Described, Table, TypeShape, read_table

type Schema = dict[str, Any]

_SIMPLE: dict[str, Schema] = {
    "text": {"type": "string"},
    "time": {"type": "string", "format": "date-time"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "null": {"type": "null"},
    "file": {"type": "string", "format": "binary"},
    "any": {},
}
_TEXT: Schema = {"type": "string"}
_PAGING: tuple[tuple[str, Schema], ...] = (
    ("after", _TEXT),
    ("before", _TEXT),
    ("limit", {"type": "integer"}),
    ("order", {"enum": ["asc", "desc"]}),
)
_ERROR: Schema = {
    "type": "object",
    "properties": {
        "error": {
            "type": "object",
            "properties": {
                "message": _TEXT,
                "type": _TEXT,
                "param": {"type": ["string", "null"]},
                "code": {"type": ["string", "null"]},
            },
            "required": ["message", "type", "param", "code"],
        }
    },
    "required": ["error"],
}


def describe(table: Table) -> dict[str, Any]:
    """Return the description."""
    paths: dict[str, dict[str, Any]] = {}
    reached: dict[int, Schema] = {}
    for each in table.operations:
        paths.setdefault(each.path, {})[each.method.lower()] = _describe_operation(each, table, reached)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Operations of OpenAI's API that llemulator answers", "version": "1"},
        "servers": [{"url": "https://api.openai.com/v1"}],
        "paths": paths,
        "components": {"schemas": {"Error": _ERROR, **{_name(each): schema for each, schema in reached.items()}}},
    }


def write(path: Path) -> None:
    """Write the description of the whole table."""
    path.write_text(json.dumps(describe(read_table())), "utf-8")


def _describe_operation(described: Described, table: Table, reached: dict[int, Schema]) -> dict[str, Any]:
    named = re.findall(r"{(\w+)}", described.path)
    parameters = [{"name": name, "in": "path", "required": True, "schema": {**_TEXT, "minLength": 1}} for name in named]
    if described.page:
        parameters += [{"name": name, "in": "query", "schema": schema} for name, schema in _PAGING]
    operation: dict[str, Any] = {
        "operationId": described.name,
        "parameters": parameters,
        "responses": {
            "2XX": {"description": "The answer."},
            "4XX": {
                "description": "A refusal.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
            },
        },
    }
    if described.body is not None:
        schema = _spell(described.body, table, reached)
        kind = "multipart/form-data" if _has_file(described.body, table, set()) else "application/json"
        operation["requestBody"] = {"required": True, "content": {kind: {"schema": schema}}}
    return operation


def _spell(shape: TypeShape, table: Table, reached: dict[int, Schema]) -> Schema:
    """Return the JSON Schema of a shape, and add the types that it reaches."""
    match shape:
        case int():
            if shape not in reached:
                reached[shape] = {}
                members = table.members(shape)
                reached[shape] = {
                    "type": "object",
                    "properties": {each.name: _spell(each.shape, table, reached) for each in members},
                    "required": [each.name for each in members if each.needed == 1],
                }
            return {"$ref": f"#/components/schemas/{_name(shape)}"}
        case ["=", *values]:
            return {"enum": values}
        case ["[", of]:
            return {"type": "array", "items": _spell(of, table, reached)}
        case ["{", of]:
            return {"type": "object", "additionalProperties": _spell(of, table, reached)}
        case ["|", *shapes]:
            return {"anyOf": [_spell(each, table, reached) for each in shapes]}
        case _:
            return _SIMPLE[str(shape)]


def _has_file(shape: TypeShape, table: Table, seen: set[int]) -> bool:
    match shape:
        case int() if shape in seen:
            return False
        case int():
            return any(_has_file(each.shape, table, seen | {shape}) for each in table.members(shape))
        case ["[" | "{" | "|", *shapes]:
            return any(_has_file(each, table, seen) for each in shapes)
        case _:
            return shape == "file"


def _name(number: int) -> str:
    return f"Type{number}"


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m tools.make_openapi PATH/TO/openapi.json (writes it)")
    write(Path(sys.argv[1]))
