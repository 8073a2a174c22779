"""Whether a value is valid for a JSON schema: the words of draft 2020-12 that are about a value alone.

Our own code, because a library counts no steps: a schema and a value from a client could hold up the event loop, and
its patterns would run on Python's backtracking `re`. The tests compare it with `jsonschema`, whose remote references
are switched off. `format` is not looked at: generated values have the right one.
"""

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import Any

from llemulator_addon.json_schema import ecma_regex
from llemulator_addon.json_schema.document import Known, Schema, Schemas, Unsatisfiable
from llemulator_addon.json_schema.kinds import is_kind, is_number
from llemulator_addon.json_schema.same import key_of, same


def fits(value: object, schema: object, schemas: Schemas) -> bool:
    """Whether the value is valid for the schema, which belongs to that document. Raises `TooMuchWork`.

    What takes several schemas together is found out once for a value, however many ways lead there.
    """
    if isinstance(schema, bool):
        return schema
    if not isinstance(schema, Mapping):
        return False
    schemas.work.spend()
    if schema.keys().isdisjoint(_COMBINING):
        return _passes(value, schema, schemas)
    # A schema that leads to itself without going into the value allows nothing.
    known = schemas.valid.setdefault((id(value), id(schema)), Known(value, schema))
    if known.holds is None:
        known.holds = False
        known.holds = _passes(value, schema, schemas)
    return known.holds


def _passes(value: object, schema: Schema, schemas: Schemas) -> bool:
    checks = dict.fromkeys(_CHECKS[word] for word in schema if word in _CHECKS)
    return all(check(value, schema, schemas) for check in checks)


_COMBINING = ("$ref", "allOf", "anyOf", "oneOf", "not", "if")


def is_multiple(value: float, of: float) -> bool:
    """Whether a number is a multiple, by its decimal digits and by floating point: validators do either."""
    if of == 0:
        return False
    exact = Fraction(str(value)) / Fraction(str(of))
    return exact.denominator == 1 and (value / of).is_integer()


# One function for each word, or group of words, of a schema -----------------------------------------------------------


def _type(value: object, schema: Schema, _: Schemas) -> bool:
    kinds = schema["type"]
    return any(is_kind(value, kind) for kind in ([kinds] if isinstance(kinds, str) else kinds))


def _reference(value: object, schema: Schema, schemas: Schemas) -> bool:
    try:
        return fits(value, schemas.target(schema["$ref"]), schemas)
    except (Unsatisfiable, RecursionError):
        return False


def _check_bound(word: str, holds: Callable[[Any, Any], bool]) -> Callable[[object, Schema, Schemas], bool]:
    def check(value: object, schema: Schema, _: Schemas) -> bool:
        return not is_number(value) or holds(value, schema[word])

    return check


def _check_size(
    word: str, kind: type[str | list[object] | dict[str, object]], sign: int
) -> Callable[[object, Schema, Schemas], bool]:
    def check(value: object, schema: Schema, _: Schemas) -> bool:
        return not isinstance(value, kind) or bool(sign * (len(value) - schema[word]) >= 0)

    return check


def _pattern(value: object, schema: Schema, schemas: Schemas) -> bool:
    if not isinstance(value, str):
        return True
    return _is_found(schema["pattern"], value, schemas) is not False


def _is_found(pattern: str, text: str, schemas: Schemas) -> bool | None:
    """Whether a pattern is found in a text; None where it is not understood."""
    try:
        return ecma_regex.search(pattern, text, schemas.work)
    except ecma_regex.NotUnderstood:
        return None


def _properties(value: object, schema: Schema, schemas: Schemas) -> bool:
    """Check `properties`, `patternProperties` and `additionalProperties`, which speak of each other."""
    if not isinstance(value, Mapping):
        return True
    return all(
        fits(member, belonging, schemas)
        for key, member in value.items()
        for belonging in _belonging(key, schema, schemas)
    )


def _belonging(key: str, schema: Schema, schemas: Schemas) -> Iterator[object]:
    named = key in schema.get("properties", {})
    if named:
        yield schema["properties"][key]
    for pattern, belonging in schema.get("patternProperties", {}).items():
        if _is_found(pattern, key, schemas):
            named = True
            yield belonging
    if not named and "additionalProperties" in schema:
        yield schema["additionalProperties"]


def _has_required(value: object, schema: Schema, schemas: Schemas) -> bool:
    schemas.work.spend(len(schema["required"]))
    return not isinstance(value, Mapping) or all(key in value for key in schema["required"])


def _property_names(value: object, schema: Schema, schemas: Schemas) -> bool:
    return not isinstance(value, Mapping) or all(fits(key, schema["propertyNames"], schemas) for key in value)


def _dependent(value: object, schema: Schema, schemas: Schemas) -> bool:
    if not isinstance(value, Mapping):
        return True
    schemas.work.spend(len(schema["dependentRequired"]))
    return all(
        needed in value
        for key, all_needed in schema["dependentRequired"].items()
        if key in value
        for needed in all_needed
    )


def _items(value: object, schema: Schema, schemas: Schemas) -> bool:
    """Check `prefixItems` and `items`; a list of `items` is the older spelling of `prefixItems`."""
    if not isinstance(value, list):
        return True
    items = schema.get("items", True)
    first = schema.get("prefixItems", items if isinstance(items, list) else [])
    others = schema.get("additionalItems", True) if isinstance(items, list) else items
    return all(fits(item, belonging, schemas) for item, belonging in zip(value, first, strict=False)) and all(
        fits(item, others, schemas) for item in value[len(first) :]
    )


def _contains(value: object, schema: Schema, schemas: Schemas) -> bool:
    if not isinstance(value, list):
        return True
    count = sum(fits(item, schema["contains"], schemas) for item in value)
    return bool(schema.get("minContains", 1) <= count <= schema.get("maxContains", count))


def _unique(value: object, schema: Schema, schemas: Schemas) -> bool:
    if not isinstance(value, list) or not schema["uniqueItems"]:
        return True
    return len({key_of(item, schemas.work) for item in value}) == len(value)


def _enum(value: object, schema: Schema, schemas: Schemas) -> bool:
    return key_of(value, schemas.work) in schemas.keys_of(schema["enum"])


def _if(value: object, schema: Schema, schemas: Schemas) -> bool:
    branch = "then" if fits(value, schema["if"], schemas) else "else"
    return fits(value, schema.get(branch, True), schemas)


_CHECKS: Mapping[str, Callable[[Any, Schema, Schemas], bool]] = {
    "type": _type,
    "const": lambda value, schema, _: same(value, schema["const"]),
    "enum": _enum,
    "$ref": _reference,
    "minimum": _check_bound("minimum", lambda value, bound: value >= bound),
    "maximum": _check_bound("maximum", lambda value, bound: value <= bound),
    "exclusiveMinimum": _check_bound("exclusiveMinimum", lambda value, bound: isinstance(bound, bool) or value > bound),
    "exclusiveMaximum": _check_bound("exclusiveMaximum", lambda value, bound: isinstance(bound, bool) or value < bound),
    "multipleOf": _check_bound("multipleOf", is_multiple),
    "minLength": _check_size("minLength", str, 1),
    "maxLength": _check_size("maxLength", str, -1),
    "minItems": _check_size("minItems", list, 1),
    "maxItems": _check_size("maxItems", list, -1),
    "minProperties": _check_size("minProperties", dict, 1),
    "maxProperties": _check_size("maxProperties", dict, -1),
    "pattern": _pattern,
    "required": _has_required,
    "properties": _properties,
    "patternProperties": _properties,
    "additionalProperties": _properties,
    "propertyNames": _property_names,
    "dependentRequired": _dependent,
    "items": _items,
    "prefixItems": _items,
    "contains": _contains,
    "uniqueItems": _unique,
    "allOf": lambda value, schema, schemas: all(fits(value, each, schemas) for each in schema["allOf"]),
    "anyOf": lambda value, schema, schemas: any(fits(value, each, schemas) for each in schema["anyOf"]),
    "oneOf": lambda value, schema, schemas: sum(fits(value, each, schemas) for each in schema["oneOf"]) == 1,
    "not": lambda value, schema, schemas: not fits(value, schema["not"], schemas),
    "if": _if,
}
