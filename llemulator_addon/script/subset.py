"""Comparing a JSON value with the part of it that a script names."""

from collections.abc import Mapping

from llemulator_addon.script.looking import equal
from llemulator_addon.script.script_error import kind_of


def first_difference(value: object, wanted: object, place: str) -> str | None:
    """Say where a value first differs from what is wanted; None where it does not."""
    match wanted:
        case Mapping():
            return _compare_object(value, wanted, place)
        case list():
            return _compare_list(value, wanted, place)
        case _:
            return None if equal(value, wanted) else f"{place} is {kind_of(wanted)}, the request has {kind_of(value)}"


def _compare_object(value: object, wanted: Mapping[str, object], place: str) -> str | None:
    if not isinstance(value, Mapping):
        return f"{place} is an object, the request has {kind_of(value)}"
    for key, part in wanted.items():
        if key not in value:
            return f"{place}.{key} is {kind_of(part)}, the request has none"
        if (difference := first_difference(value[key], part, f"{place}.{key}")) is not None:
            return difference
    return None


def _compare_list(value: object, wanted: list[object], place: str) -> str | None:
    if not isinstance(value, list):
        return f"{place} is a list, the request has {kind_of(value)}"
    if len(value) != len(wanted):
        return f"{place} has {len(wanted)} elements, the request's has {len(value)}"
    for number, (one, other) in enumerate(zip(value, wanted, strict=True)):
        if (difference := first_difference(one, other, f"{place}[{number}]")) is not None:
            return difference
    return None
