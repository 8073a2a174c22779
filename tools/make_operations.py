"""Write `llemulator_addon/wire/described/table.jsonl.gz`: every operation of the installed official SDK, and its types.

    python -m tools.make_operations PATH/TO/openapi.json

The SDK says methods, paths, parameters, bodies and answers; OpenAI's description of its API adds limits, pages,
beginnings of ids and what an answer has although the SDK may do without it. Run it again for a newer SDK or a newer
description; `tests/wire/described` then says what has changed. `described/table.py` describes the lines of the file.
"""

import ast
import gzip
import inspect
import json
import re
import sys
import textwrap
import typing
from collections.abc import Iterator, Mapping
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

import openai
from openai._resource import SyncAPIResource

from tools.operation_shapes import Shapes
from tools.operation_words import DOES, PREFIXES

TARGET = Path(__file__).parent.parent / "llemulator_addon" / "wire" / "described" / "table.jsonl.gz"

NOTICE = (
    "Facts of OpenAI's API from the types of its Python SDK (openai {sdk}, Apache-2.0, Copyright OpenAI) and from its "
    "description of the API (openapi.json {description}, MIT, Copyright (c) OpenAI, https://openai.com). Permission is "
    "hereby granted under the terms of those licences. Made by tools/make_operations.py."
)


class Found(typing.NamedTuple):
    """One operation as the SDK calls it."""

    name: str
    method: str
    path: str
    answer: object
    page: str
    events: object
    body: object
    query: object


def make_table(description: Mapping[str, Any]) -> str:
    """Return the text of the file: the notice, a line for each operation, an empty line, a line for each type."""
    shapes = Shapes(description)
    operations = sorted(find_all(), key=lambda each: (each.path, each.method))
    rows = [_row(each, operations, shapes, description) for each in operations]
    numbered = shapes.number()
    notice = NOTICE.format(sdk=version("openai"), description=description["info"]["version"])
    lines = [notice, *(_json(numbered.rename_in(row)) for row in rows), "", *map(_json, numbered.lines)]
    return "".join(f"{line}\n" for line in lines)


# What the SDK calls -------------------------------------------------------------------------------------------------


def find_all() -> Iterator[Found]:
    """Yield the operations that the installed SDK calls, each once."""
    found: dict[tuple[str, str], Found] = {}
    for name, resource in _resources(openai.OpenAI(api_key="-"), ""):
        for word, function in inspect.getmembers(type(resource), inspect.isfunction):
            if not word.startswith("_") and (each := _read(name, word, function)):
                before = found.get((each.method, each.path))
                # Two ways to call one operation: the one that pages, or has the more specific type, says more.
                if before is None or (each.page and not before.page):
                    found[each.method, each.path] = each
    yield from found.values()


def _resources(parent: object, name: str) -> Iterator[tuple[str, SyncAPIResource]]:
    for word, made in inspect.getmembers(type(parent)):
        if isinstance(made, cached_property | property) and not word.startswith(("with_", "_")):
            resource = getattr(parent, word)
            if not isinstance(resource, SyncAPIResource):
                continue
            # The namespaces of what is new and of administrators are no parts of the paths.
            inner = name if word in ("admin", "beta") and not name else f"{name}{word}."
            yield inner, resource
            yield from _resources(resource, inner)


_METHODS = {
    "_get": "GET",
    "_get_api_list": "GET",
    "_post": "POST",
    "_put": "PUT",
    "_patch": "PATCH",
    "_delete": "DELETE",
}


def _read(name: str, word: str, function: Any) -> Found | None:  # noqa: ANN401 - a function of the SDK
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    calls = [each for each in ast.walk(tree) if isinstance(each, ast.Call) and _find_method(each) in _METHODS]
    if len(calls) != 1:
        return None
    (call,) = calls
    path = _path(call.args[0])
    if "?" in path:
        return None
    keywords = {each.arg: each.value for each in call.keywords}
    method = _METHODS[_find_method(call)]
    if isinstance(stated := keywords.get("method"), ast.Constant):
        # A page may be the answer to a POST.
        method = str(stated.value).upper()
    hints = typing.get_type_hints(inspect.unwrap(function))
    answers = _split_answers(hints["return"])
    space = inspect.unwrap(function).__globals__
    return Found(
        name=f"{name}{word}",
        method=method,
        path=path,
        answer=answers["answer"],
        page=answers["page"],
        events=answers["events"],
        body=_params_in(keywords.get("body"), space),
        query=_params_in(keywords.get("options"), space),
    )


def _find_method(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else ""


def _path(written: ast.expr) -> str:
    match written:
        case ast.Constant(value=str(path)):
            return path
        case ast.Call(args=[ast.Constant(value=str(path)), *_]):
            return path
        case ast.IfExp(body=body):
            return _path(body)
        case _:
            raise SystemExit(f"no path is known in {ast.unparse(written)}")


def _params_in(written: ast.expr | None, space: Mapping[str, Any]) -> object:
    found: list[Any] = []
    for each in ast.walk(written) if written is not None else ():
        match each:
            case ast.Attribute(value=ast.Name(id=module), attr=name) if module.endswith("_params"):
                found.append(getattr(space[module], name))
            case _:
                continue
    # A body with a stream has another type than one without.
    return typing.Union[tuple(reversed(found))] if found else None  # noqa: UP007 - made of a list


def _split_answers(hint: object) -> dict[str, Any]:
    answers: dict[str, Any] = {"answer": None, "page": "", "events": None}
    for each in typing.get_args(hint) if typing.get_origin(hint) in (typing.Union, type(int | str)) else (hint,):
        kind = typing.get_origin(each) or each
        named = getattr(kind, "__name__", str(kind))
        if "Page[" in named:
            # A page is a class of pydantic's, with the type of its members in its name and here.
            page = each.__pydantic_generic_metadata__
            answers |= {"page": page["origin"].__name__, "answer": page["args"][0]}
        elif named == "Stream":
            answers["events"] = typing.get_args(each)[0]
        elif answers["answer"] is None:
            answers["answer"] = bytes if named == "HttpxBinaryResponseContent" else each
    return answers


# One row ------------------------------------------------------------------------------------------------------------


def _row(found: Found, every: list[Found], shapes: Shapes, description: Mapping[str, Any]) -> dict[str, Any]:
    described = _find_description(found, description)
    does, place = _classify(found, every)
    row: dict[str, Any] = {"name": found.name, "method": found.method, "path": found.path, "does": does}
    if place != found.path:
        row["at"] = place
    if found.answer is bytes:
        row["answer"] = "bytes"
    elif found.answer not in (None, type(None)):
        row["answer"] = shapes.read(found.answer)
    if found.page:
        row["page"] = {"SyncNextCursorPage": "next", "SyncTokenPage": "next"}.get(found.page, "cursor")
    if found.body is not None:
        row["body"] = shapes.read(found.body)
    if found.events is not None:
        row["events"] = shapes.read(found.events)
    if (prefix := _prefix(place, description)) is not None:
        row["prefix"] = prefix
    row |= _limits_of_pages(described) if does == "list" else {}
    if bounds := _bounds(described, description):
        row["bounds"] = bounds
    if text := described.get("summary"):
        row["says"] = text.strip().rstrip(".")
    return row


def _find_description(found: Found, description: Mapping[str, Any]) -> Mapping[str, Any]:
    for path, operations in description["paths"].items():
        if _nameless(path) == _nameless(found.path) and found.method.lower() in operations:
            return typing.cast("Mapping[str, Any]", operations[found.method.lower()])
    return {}


def _nameless(path: str) -> str:
    return re.sub(r"{[^}]*}", "{}", path)


def _classify(found: Found, every: list[Found]) -> tuple[str, str]:
    """Say what an operation does with which collection: `place` is the path of that."""
    if (said := DOES.get(f"{found.method} {found.path}")) is not None:
        return said
    paths = {(each.method, _nameless(each.path)): each for each in every}
    inner, _, last = found.path.rpartition("/")
    if last.startswith("{"):
        return {"GET": "retrieve", "POST": "update", "DELETE": "delete"}[found.method], inner
    of_one = any((method, f"{_nameless(found.path)}/{{}}") in paths for method in ("GET", "POST", "DELETE"))
    here = paths.get(("GET", _nameless(found.path)))
    if found.method == "GET":
        return _classify_get(found), inner if found.answer is bytes else found.path
    if found.method == "DELETE":
        return "unset", found.path
    if of_one or (here is not None and here.page):
        return "create", found.path
    if here is not None:
        return "set", found.path
    if (one := paths.get(("GET", _nameless(inner)))) and found.answer in (None, one.answer):
        return "act", inner.rpartition("/")[0]
    return "call", found.path


def _classify_get(found: Found) -> str:
    if found.answer is bytes:
        return "content"
    if found.page:
        return "list"
    return "show" if found.events is None else "stream"


def _prefix(place: str, description: Mapping[str, Any]) -> str | None:
    """Return what the ids of a collection begin with: as we say, or as OpenAI's examples have it."""
    if (said := PREFIXES.get(place)) is not None:
        return said
    shown: list[str] = []
    for path, operations in description["paths"].items():
        if _nameless(path) == _nameless(place):
            shown += re.findall(r'\\"id\\": *\\"([a-z]+[-_])', json.dumps(operations))
    return shown[0] if shown else None


def _limits_of_pages(described: Mapping[str, Any]) -> dict[str, Any]:
    """Return the usual and the largest number of members of a page, and its usual order."""
    limits: dict[str, Any] = {}
    for each in described.get("parameters", ()):
        schema, text = each.get("schema", {}), each.get("description", "")
        if each.get("name") == "limit":
            most = schema.get("maximum") or next(iter(re.findall(r"between \d+ and (\d+)", text)), 100)
            usual = int(schema.get("default", 20))
            limits["limit"] = [usual, max(usual, int(most))]
        if each.get("name") == "order" and schema.get("default") in ("asc", "desc"):
            limits["order"] = schema["default"]
    return limits


_BOUNDS = ("minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "maxProperties")


def _bounds(described: Mapping[str, Any], description: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the limits of a body's members."""
    content = described.get("requestBody", {}).get("content", {})
    bounds: dict[str, dict[str, Any]] = {}
    for each in content.values():
        for name, schema in _members(each["schema"], description):
            if found := {word: schema[word] for word in _BOUNDS if word in schema}:
                bounds[name] = found
    return bounds


def _members(schema: Mapping[str, Any], description: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    schema = _follow(schema, description)
    for part in schema.get("allOf", ()):
        yield from _members(part, description)
    for name, member in schema.get("properties", {}).items():
        found = _follow(member, description)
        variants = [_follow(each, description) for each in found.get("anyOf", found.get("oneOf", ()))]
        real = [each for each in variants if each.get("type") != "null"]
        yield name, (real[0] if len(real) == 1 else found)


def _follow(schema: Mapping[str, Any], description: Mapping[str, Any]) -> Mapping[str, Any]:
    while "$ref" in schema:
        schema = description["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def main(path: str) -> None:
    """Read the description at a path, and write the file, the same bytes for the same text."""
    text = make_table(json.loads(Path(path).read_bytes()))
    TARGET.write_bytes(gzip.compress(text.encode(), mtime=0))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(f"usage: python -m tools.make_operations PATH/TO/openapi.json (writes {TARGET.name})")
    main(sys.argv[1])
