# ruff: noqa: E501 - rows of names
"""Schemas as OpenAI documents them for structured outputs, drawn by hypothesis.

https://platform.openai.com/docs/guides/structured-outputs#supported-schemas: string, number, boolean, integer, object,
array, enum and anyOf; `pattern` and `format`; `multipleOf` and the four bounds; `minItems` and `maxItems`; all fields
required, `additionalProperties: false`; definitions and recursion; the root is an object and no anyOf.
"""

from functools import cache
from typing import Any

from hypothesis import strategies as st

Schema = dict[str, Any]

FORMATS = ("date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid")
PATTERNS = (
    r"^@[a-zA-Z0-9_]+$",
    r"^\d{3}-\d{2}-\d{4}$",
    r"^#(?:[0-9a-fA-F]{3}){1,2}$",
    r"^\+?[1-9]\d{1,14}$",
    r"^[A-Z]{2,3}-[0-9]{4}(-v\d+)?$",
    r"^[a-z]([a-z0-9-]*[a-z0-9])?$",
    r"^\$[0-9]+(\.[0-9]{2})?$",
    r"^[^@\s]+@[^@\s]+\.[^@\s]+$",
    r"^(foo|ba[rz])+x{0,2}$",
    r"^(?:[01]\d|2[0-3]):[0-5]\d$",
    r"[aeiou]{2}",
    r"^.{3,12}$",
)
NAMES = (
    "name", "email", "age", "city", "price", "id", "date", "tags", "title", "summary", "url", "status", "items", "value",
    "next", "children", "startTime", "zip_code", "is_active", "score", "x", "Größe", "with space", "$odd", "steps", "type",
)  # fmt: skip


@st.composite
def schemas(draw: st.DrawFn) -> Schema:
    """Draw a whole schema: an object, some definitions that may refer to each other and to the root."""
    defined = draw(st.lists(st.sampled_from(["node", "point", "Person", "leaf"]), unique=True, max_size=3))
    references = (*(f"#/$defs/{name}" for name in sorted(defined)), "#")
    root = draw(_objects(references, 3))
    if defined:
        root["$defs"] = {name: draw(_definitions(references)) for name in defined}
    return root


@cache
def _definitions(references: tuple[str, ...]) -> st.SearchStrategy[Schema]:
    return _objects(references, 2) | _scalars()


@cache
def _values(references: tuple[str, ...], depth: int) -> st.SearchStrategy[Schema]:
    ways = [_scalars(), _scalars()]
    # A reference is never without a way out, as every schema that has a value at all must give one.
    ways.append(st.sampled_from(references).map(lambda to: {"anyOf": [{"$ref": to}, {"type": "null"}]}))
    ways.append(_arrays(st.sampled_from(references).map(lambda to: {"$ref": to}), least=0))
    if depth > 0:
        ways += [_objects(references, depth - 1), _arrays(_values(references, depth - 1))]
        ways.append(st.lists(_values(references, depth - 1), min_size=1, max_size=3).map(lambda of: {"anyOf": of}))
    return st.one_of(ways)


@cache
@st.composite
def _objects(draw: st.DrawFn, references: tuple[str, ...], depth: int) -> Schema:
    keys = draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=4))
    properties = {key: draw(_values(references, depth)) for key in keys}
    return {"type": "object", "properties": properties, "required": keys, "additionalProperties": False}


@st.composite
def _arrays(draw: st.DrawFn, items: st.SearchStrategy[Schema], least: int | None = None) -> Schema:
    schema: Schema = {"type": "array", "items": draw(items)}
    low = draw(st.integers(0, 4)) if least is None else least
    if low and draw(st.booleans()):
        schema["minItems"] = low
    if draw(st.booleans()):
        schema["maxItems"] = low + draw(st.integers(0, 3))
    return schema


@cache
def _scalars() -> st.SearchStrategy[Schema]:
    plain = st.sampled_from(["string", "boolean", "integer", "number", "null"]).map(lambda kind: {"type": kind})
    described = plain.map(lambda schema: {**schema, "description": "What it says."})
    formatted = st.sampled_from(FORMATS).map(lambda name: {"type": "string", "format": name})
    matching = st.sampled_from(PATTERNS).map(lambda pattern: {"type": "string", "pattern": pattern})
    nullable = st.one_of(formatted, matching).map(lambda schema: {**schema, "type": ["string", "null"]})
    return st.one_of(plain, described, formatted, matching, nullable, _numbers(), _enums(), _constants())


@cache
def _enums() -> st.SearchStrategy[Schema]:
    texts = st.lists(st.sampled_from(["red", "green", "blue", ""]), min_size=1, unique=True)
    numbers = st.lists(st.integers(-3, 3), min_size=1, unique=True)
    return texts.map(lambda of: {"type": "string", "enum": of}) | numbers.map(
        lambda of: {"type": "integer", "enum": of}
    )


@cache
def _constants() -> st.SearchStrategy[Schema]:
    return st.sampled_from([{"type": "string", "const": "a"}, {"type": "integer", "const": 7}, {"const": None}])


@cache
@st.composite
def _numbers(draw: st.DrawFn) -> Schema:
    whole = draw(st.booleans())
    step = draw(st.sampled_from([None, 1, 3, 5] if whole else [None, 0.5, 0.1, 0.01, 2]))
    low = draw(st.integers(-1000, 1000))
    # Wide enough for a multiple, or for a number between two exclusive bounds, to lie inside.
    high = low + draw(st.integers(12, 300))
    schema: Schema = {"type": "integer" if whole else "number"}
    if step is not None:
        schema["multipleOf"] = step
    if draw(st.booleans()):
        schema[draw(st.sampled_from(["minimum", "exclusiveMinimum"]))] = low
    if draw(st.booleans()):
        schema[draw(st.sampled_from(["maximum", "exclusiveMaximum"]))] = high
    return schema
