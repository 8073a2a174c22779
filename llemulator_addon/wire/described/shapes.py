"""Whether a value has a shape of the table, and how OpenAI refuses one that has not."""

from collections.abc import Mapping
from typing import Any

from llemulator_addon.core.json_type import JSON, JsonObject
from llemulator_addon.wire import checking, errors
from llemulator_addon.wire.checking import Check, Place
from llemulator_addon.wire.described.table import Member, TypeShape, read_table
from llemulator_addon.wire.errors import RequestRefused
from llemulator_addon.wire.multipart import SentFile

_KINDS: Mapping[str, str] = {
    "text": "a string",
    "time": "a string",
    "integer": "an integer",
    "number": "a decimal",
    "boolean": "a boolean",
    "null": "null",
    "file": "a file",
    "[": "an array",
    "{": "an object",
}


def fits(shape: TypeShape, value: object) -> bool:
    """Whether a value has a shape. A member that the type does not name may be there."""
    match shape:
        case int():
            return isinstance(value, dict) and not isinstance(value, SentFile) and _has_members(shape, value)
        case ["=", *values]:
            return any(value == each and type(value) is type(each) for each in values)
        case ["[", of]:
            return isinstance(value, list) and all(fits(of, each) for each in value)
        case ["{", of]:
            return isinstance(value, dict) and all(fits(of, each) for each in value.values())
        case ["|", *shapes]:
            return any(fits(each, value) for each in shapes)
        case _:
            return _is_simple(str(shape), value)


def _is_simple(shape: str, value: object) -> bool:
    match shape:
        case "text" | "time":
            return isinstance(value, str)
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "boolean":
            return isinstance(value, bool)
        case "null":
            return value is None
        case "file":
            return isinstance(value, SentFile | str)
        case _:
            return True


def _has_members(number: int, value: Mapping[str, Any]) -> bool:
    """Whether an object is of a type; what tells types apart is looked at first, so that few are looked at whole."""
    members = read_table().members(number)
    if any(_is_tag(each) and not fits(each.shape, value.get(each.name)) for each in members if each.needed == 1):
        return False
    return all(
        fits(each.shape, value[each.name]) if each.name in value else each.needed != 1
        for each in members
        if not (_is_tag(each) and each.needed == 1)
    )


def _is_tag(member: Member) -> bool:
    return isinstance(member.shape, list) and member.shape[0] == "="


# Refusals -----------------------------------------------------------------------------------------------------------


def check(shape: TypeShape, given: JsonObject, bounds: Mapping[str, Mapping[str, int]]) -> None:
    """Refuse the first thing that is wrong with a body, in OpenAI's words; raises `RequestRefused`."""
    for each in _members_for(shape, given):
        value = given.get(each.name)
        if value is None:
            if each.needed and each.name not in given:
                raise checking.refuse_missing(None, each.name)
            if each.needed and not fits(each.shape, None):
                raise checking.refuse_type((None, each.name), _name_expected(each.shape), None)
            continue
        _check_value((None, each.name), each.shape, value)
        if each.name in bounds:
            _check_bounds((None, each.name), bounds[each.name], value)


def _members_for(shape: TypeShape, given: JsonObject) -> tuple[Member, ...]:
    """Return the members of a body; where it may be of several types, of the one that it fits, or of the first."""
    match shape:
        case int():
            return read_table().members(shape)
        case ["|", *shapes]:
            objects = [each for each in shapes if isinstance(each, int)]
            fitting = next((each for each in objects if fits(each, given)), objects[0] if objects else None)
            return () if fitting is None else _members_for(fitting, given)
        case _:
            return ()


def _check_value(place: Place, shape: TypeShape, value: JSON) -> None:
    if fits(shape, value):
        return
    match shape:
        case ["=", *values] if isinstance(value, str) and any(isinstance(each, str) for each in values):
            raise RequestRefused(errors.invalid_value(checking.spell(place), value, tuple(map(str, values))))
        case ["[", of] if isinstance(value, list):
            for number, each in enumerate(value):
                _check_value((place, number), of, each)
        case ["{", of] if isinstance(value, dict):
            for name, each in value.items():
                _check_value((place, name), of, each)
        case int() if isinstance(value, dict):
            _check_object(place, shape, value)
        case ["|", *shapes]:
            _check_variants(place, shapes, value)
        case _:
            raise checking.refuse_type(place, _name_expected(shape), value)


def _check_object(place: Place, shape: int, value: dict[str, JSON]) -> None:
    for each in read_table().members(shape):
        if each.name in value:
            if value[each.name] is not None or each.needed:
                _check_value((place, each.name), each.shape, value[each.name])
        elif each.needed == 1:
            raise checking.refuse_missing(place, each.name)


def _check_variants(place: Place, shapes: list[TypeShape], value: JSON) -> None:
    """Refuse a value that has none of several shapes: within the one whose kind it has, if that is one alone."""
    if isinstance(value, dict):
        objects = [each for each in shapes if isinstance(each, int)]
        near = [each for each in objects if _tags_fit(each, value)] or objects
        if near:
            _check_object(place, near[0], value)
            return
    kinds = [each for each in shapes if _has_kind(each, value)]
    if kinds:
        words = tuple(str(word) for each in kinds if isinstance(each, list) and each[0] == "=" for word in each[1:])
        if words:
            raise RequestRefused(errors.invalid_value(checking.spell(place), str(value), words))
        _check_value(place, kinds[0], value)
    raise checking.refuse_type(place, _name_expected(["|", *shapes]), value)


def _tags_fit(number: int, value: Mapping[str, JSON]) -> bool:
    return all(fits(each.shape, value.get(each.name)) for each in read_table().members(number) if _is_tag(each))


def _has_kind(shape: TypeShape, value: JSON) -> bool:
    match shape:
        case ["=", first, *_]:
            return type(first) is type(value)
        case ["[", _]:
            return isinstance(value, list)
        case ["{", _] | int():
            return isinstance(value, dict)
        case _:
            return False


def _name_expected(shape: TypeShape) -> str:
    match shape:
        case ["=", first, *_]:
            return checking.kind_of(first)
        case ["|", *shapes]:
            kinds = list(dict.fromkeys(_name_expected(each) for each in shapes if each != "null"))
            return kinds[0] if len(kinds) == 1 else f"one of {', '.join(kinds[:-1])} or {kinds[-1]}"
        case [word, *_]:
            return _KINDS[word]
        case int():
            return "an object"
        case _:
            return _KINDS.get(str(shape), "a value")


def _check_bounds(place: Place, bounds: Mapping[str, int], value: JSON) -> None:
    found: Check = checking.anything
    match value:
        case bool():
            return
        case int():
            found = checking.integer(bounds.get("minimum"), bounds.get("maximum"))
        case float():
            found = checking.decimal(bounds.get("minimum"), bounds.get("maximum"))
        case str():
            found = checking.text(least=bounds.get("minLength", 0), most=bounds.get("maxLength"))
        case list():
            least, most = bounds.get("minItems", 0), bounds.get("maxItems")
            found = checking.array(checking.anything, least=least, most=most)
        case dict() if (most := bounds.get("maxProperties")) is not None and len(value) > most:
            raise RequestRefused(errors.too_many_properties(checking.spell(place), most, len(value)))
        case _:
            return
    found(place, value)
