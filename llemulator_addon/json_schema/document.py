"""JSON schemas before a value is made: references, several schemas as one, and how deep a value must become."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from math import lcm
from typing import Any

from llemulator_addon.core.work import TooMuchWork, Work
from llemulator_addon.json_schema.same import key_of

Schema = Mapping[str, Any]

_FAR = 64


class Unsatisfiable(ValueError):
    """No value is valid, or none that is found here."""


@dataclass(slots=True)
class Known:
    """The result for a value and a schema. It keeps both, so that no other object gets their ids."""

    value: object
    schema: object
    holds: bool | None = None
    """None: not known yet."""


class Schemas:
    """One schema document: what its references stand for, and how deep its schemas go.

    An object, because what was found out about a schema is kept for the rest of the answer.
    """

    def __init__(self, root: object, work: Work) -> None:
        self.root = root
        self.work = work
        """The budget of all work on this document."""
        self.valid: dict[tuple[int, int], Known] = {}
        """The results for a value and a schema, by their ids."""
        self._named = dict(_list_named(root))
        self._depths: dict[tuple[int, int], tuple[object, bool]] = {}
        self._flats: dict[int, tuple[object, dict[str, object] | Unsatisfiable]] = {}
        self._keys: dict[int, tuple[object, frozenset[Hashable]]] = {}

    def keys_of(self, values: list[object]) -> frozenset[Hashable]:
        """Return the keys of an enum's values."""
        if id(values) not in self._keys:
            self._keys[id(values)] = values, frozenset(key_of(value, self.work) for value in values)
        return self._keys[id(values)][1]

    def flat(self, schema: object) -> dict[str, object]:
        """Return a schema with the content of its `$ref` and `allOf` merged into it. Raises `Unsatisfiable`.

        The result may have several `anyOf` and `oneOf`, as lists under the same names.
        """
        if schema is True:
            return {}
        if not isinstance(schema, Mapping):
            raise Unsatisfiable(f"{schema!r} allows nothing")
        self.work.spend()
        if not any(word in schema for word in _FOLLOWED):
            return dict(schema)
        # The schema is kept beside what was found, so that its id is not given to another one.
        if id(schema) not in self._flats:
            self._flats[id(schema)] = schema, Unsatisfiable("it refers to itself")
            self._flats[id(schema)] = schema, self._flat_or_not(schema)
        found = self._flats[id(schema)][1]
        if isinstance(found, Unsatisfiable):
            raise Unsatisfiable(str(found))
        return found

    def target(self, reference: str) -> object:
        """Return what a reference stands for. Raises `Unsatisfiable`: nothing outside of the document is read."""
        if reference in self._named:
            return self._named[reference]
        if not reference.startswith("#"):
            raise Unsatisfiable(f"{reference} is not in this document")
        found: object = self.root
        for step in reference.removeprefix("#").split("/")[1:]:
            found = _step(found, step.replace("~1", "/").replace("~0", "~"))
        return found

    def depth(self, schema: object) -> int:
        """Return how many levels the shallowest valid value has, as far as is known without making it."""
        return next((levels for levels in range(_FAR) if self._ends_within(schema, levels)), _FAR)

    def merge(self, first: Schema, second: Schema) -> dict[str, object]:
        """Return a schema that allows what both allow. Both are flat. Raises `Unsatisfiable` and `TooMuchWork`."""
        self.work.spend(len(first) + len(second))
        together = dict(first)
        for key, value in second.items():
            if key not in first:
                together[key] = value
            elif first[key] != value and key in _MERGING:
                self.work.spend(_size(first[key]) + _size(value))
                together[key] = _MERGING[key](first[key], value)
            elif first[key] != value and key not in _ANNOTATIONS:
                together["allOf"] = [*together.get("allOf", ()), {key: value}]
        if "properties" in first or "properties" in second:
            self.work.spend(_size(first.get("properties")) + _size(second.get("properties")))
            together["properties"] = _properties(first, second)
        return together

    def _flat_or_not(self, schema: Schema) -> dict[str, object] | Unsatisfiable:
        try:
            return self._flat(schema)
        except Unsatisfiable as problem:
            return problem

    def _flat(self, schema: Schema) -> dict[str, object]:
        own = {key: value for key, value in schema.items() if key not in _TAKEN_APART}
        own |= {key: [schema[key]] for key in ("anyOf", "oneOf") if key in schema}
        references = (schema.get(key) for key in ("$ref", "$dynamicRef"))
        within = [self.target(reference) for reference in references if isinstance(reference, str)]
        parts = [own, *(self.flat(part) for part in (*within, *schema.get("allOf", ())))]
        return reduce(self.merge, {id(part): part for part in parts}.values())

    def _ends_within(self, schema: object, levels: int) -> bool:
        if levels < 0:
            return False
        key = (id(schema), levels)
        if key not in self._depths:
            # The schema is kept beside the answer, so that its id is not given to another one.
            self._depths[key] = (schema, self._must_end(schema, levels))
        return self._depths[key][1]

    def _must_end(self, schema: object, levels: int) -> bool:
        self.work.spend()
        if not isinstance(schema, Mapping):
            return schema is not False
        if "enum" in schema or "const" in schema:
            return True
        reference = schema.get("$ref")
        if isinstance(reference, str):
            try:
                target = self.target(reference)
            except Unsatisfiable:
                return False
            if not self._ends_within(target, levels - 1):
                return False
        for key in ("anyOf", "oneOf"):
            if key in schema and not any(self._ends_within(way, levels) for way in schema[key]):
                return False
        if not all(self._ends_within(part, levels) for part in schema.get("allOf", ())):
            return False
        kinds = kinds_of(schema)
        return any(kind not in ("object", "array") or self._contains(schema, kind, levels - 1) for kind in kinds)

    def _contains(self, schema: Schema, kind: str, levels: int) -> bool:
        if kind == "array":
            tuple_items = schema.get("prefixItems", schema["items"] if isinstance(schema.get("items"), list) else ())
            needed = list(tuple_items)[: schema.get("minItems", 0)]
            if schema.get("minItems", 0) > len(needed) and not isinstance(schema.get("items"), list):
                needed.append(schema.get("items", True))
            return all(self._ends_within(item, levels) for item in needed)
        properties = schema.get("properties", {})
        return all(self._ends_within(properties.get(key, True), levels) for key in schema.get("required", ()))


def kinds_of(schema: Schema) -> tuple[str, ...]:
    """Return the JSON types that a schema allows, most telling first; where it does not say, what its words tell."""
    match schema.get("type"):
        case str() as kind:
            return (kind,)
        case list() | tuple() as kinds:
            return tuple(kinds)
        case _:
            told = tuple(kind for kind, words in _WORDS_OF_KINDS if any(word in schema for word in words))
            return told or ("string",)


def _size(value: object) -> int:
    return len(value) if isinstance(value, list | Mapping) else 0


def _list_named(root: object) -> list[tuple[str, object]]:
    """Return the schemas that have a name of their own: `$anchor`, and the root's `$id`."""
    if not isinstance(root, Mapping):
        return []
    names: list[tuple[str, object]] = [(root["$id"], root)] if isinstance(root.get("$id"), str) else []
    for definitions in (root.get("$defs"), root.get("definitions")):
        for schema in definitions.values() if isinstance(definitions, Mapping) else ():
            if isinstance(schema, Mapping):
                names += [(f"#{schema[key]}", schema) for key in ("$anchor", "$dynamicAnchor") if key in schema]
                names += [(schema["$id"], schema)] if isinstance(schema.get("$id"), str) else []
    return names


def _step(found: object, step: str) -> object:
    if isinstance(found, list) and step.isdecimal() and int(step) < len(found):
        return found[int(step)]
    if isinstance(found, Mapping) and step in found:
        return found[step]
    raise Unsatisfiable(f"there is no {step} to refer to")


_FOLLOWED = ("$ref", "$dynamicRef", "allOf", "anyOf", "oneOf")
_TAKEN_APART = ("$ref", "$dynamicRef", "allOf", "anyOf", "oneOf", "$defs", "definitions")
_ANNOTATIONS = frozenset(
    {"title", "description", "default", "examples", "example", "$schema", "$id", "$comment", "$defs"}
)
_WORDS_OF_KINDS = (
    ("object", ("properties", "required", "additionalProperties", "minProperties", "patternProperties")),
    ("array", ("items", "prefixItems", "minItems", "maxItems", "uniqueItems", "contains")),
    ("string", ("pattern", "format", "minLength", "maxLength")),
    ("number", ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")),
)


def _types(first: object, second: object) -> list[str]:
    mine, others = kinds_of({"type": first}), kinds_of({"type": second})
    both = [kind for kind in mine if kind in others or (kind == "integer" and "number" in others)]
    both += [kind for kind in others if kind == "integer" and "number" in mine and kind not in both]
    if not both:
        raise Unsatisfiable(f"nothing is both {first} and {second}")
    return both


_COMMON = 20
"""The most parts that values of two lists may have on average to be compared."""


def _common(first: list[object], second: list[object]) -> list[object]:
    work = Work(_COMMON * (len(first) + len(second)))
    try:
        keys = {key_of(value, work) for value in second}
        both = [value for value in first if key_of(value, work) in keys]
    except TooMuchWork:
        raise Unsatisfiable("two lists of values are too large to compare") from None
    if not both:
        raise Unsatisfiable("two lists of values have nothing in common")
    return both


def _multiple(first: float, second: float) -> float:
    one, other = Fraction(str(first)), Fraction(str(second))
    together = Fraction(
        lcm(one.numerator * other.denominator, other.numerator * one.denominator), one.denominator * other.denominator
    )
    return int(together) if together.denominator == 1 else float(together)


def _both(first: object, second: object) -> object:
    if first is False or second is False:
        return False
    if first is True or first is second:
        return second
    return first if second is True else {"allOf": [first, second]}


def _properties(first: Schema, second: Schema) -> dict[str, object]:
    """Merge properties; a property that one schema does not name must fit its `additionalProperties`."""
    mine, others = first.get("properties", {}), second.get("properties", {})
    mine_else, others_else = first.get("additionalProperties", True), second.get("additionalProperties", True)
    together = {key: _both(schema, others.get(key, others_else)) for key, schema in mine.items()}
    together |= {key: _both(mine_else, schema) for key, schema in others.items() if key not in mine}
    return together


def _union(first: list[str], second: list[str]) -> list[str]:
    return list(dict.fromkeys((*first, *second)))


def _join(first: list[object], second: list[object]) -> list[object]:
    """Join lists of schemas; a schema that is in both comes once."""
    return list({id(each): each for each in (*first, *second)}.values())


_MERGING: Mapping[str, Any] = {
    "type": _types,
    "required": _union,
    "enum": _common,
    "minimum": max,
    "exclusiveMinimum": max,
    "minLength": max,
    "minItems": max,
    "minProperties": max,
    "maximum": min,
    "exclusiveMaximum": min,
    "maxLength": min,
    "maxItems": min,
    "maxProperties": min,
    "multipleOf": _multiple,
    "items": _both,
    "contains": _both,
    "additionalProperties": _both,
    "properties": lambda first, _: first,
    "anyOf": _join,
    "oneOf": _join,
    "allOf": _join,
    "uniqueItems": lambda first, second: first or second,
}
