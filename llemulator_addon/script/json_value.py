"""The JSON values that may be a script: those of a reasonable size."""

from collections.abc import Iterator, Mapping
from itertools import islice
from math import inf

from llemulator_addon.script.script_error import MOST_TOLD, Problem, ScriptError, join_place, kind_of, problem

MOST_VALUES = 250_000
MOST_NESTED = 100
_LARGEST = (1 << 1024) - (1 << 971)
"""The largest float, which is what many readers of JSON make of a number."""


def check(value: object) -> None:
    """Refuse what is no JSON value, is nested too deeply or has too many members; raises `ScriptError`.

    YAML can make such values: dates, sets, and with aliases very many members from few characters.
    """
    if _size(value, {}, 0) > MOST_VALUES:
        raise too_many()
    if problems := list(islice(_problems(value, "", 0), MOST_TOLD + 1)):
        raise ScriptError(problems)


def too_many() -> ScriptError:
    """Return the problem of a script with too many values."""
    return problem("", f"it has more than {MOST_VALUES} values")


def _size(value: object, known: dict[int, float], depth: int) -> float:
    """Return how many values there are; a value in several places is looked at once, and counts in each."""
    if not isinstance(value, Mapping | list) or depth > MOST_NESTED:
        return 1
    if (size := known.get(id(value))) is None:
        known[id(value)] = inf  # where it is within itself
        members = value.values() if isinstance(value, Mapping) else value
        size = known[id(value)] = 1 + sum(_size(member, known, depth + 1) for member in members)
    return size


def _problems(value: object, place: str, depth: int) -> Iterator[Problem]:
    if depth > MOST_NESTED:
        raise ScriptError([Problem(place[:_SHORT], f"it is nested more than {MOST_NESTED} times")])
    match value:
        case Mapping():
            for key, member in value.items():
                yield from _check_key(key, place)
                if isinstance(key, str):
                    yield from _problems(member, join_place(place, key), depth + 1)
        case list():
            for number, member in enumerate(value):
                yield from _problems(member, join_place(place, number), depth + 1)
        case _:
            yield from _check_value(value, place)


def _check_key(key: object, place: str) -> Iterator[Problem]:
    if isinstance(key, str):
        yield from _check_value(key, place)
    else:
        yield Problem(place, f"a key is text, got {kind_of(key)}; put it in quotes")


def _check_value(value: object, place: str) -> Iterator[Problem]:
    match value:
        case str():
            if not _is_whole(value):
                yield Problem(place, "half of a surrogate pair is no character, and cannot be sent")
        case None | bool():
            pass
        case int() | float():
            if not _is_reasonable(value):
                yield Problem(place, "a number is finite, and has no hundreds of digits")
        case _:
            yield Problem(place, f"{kind_of(value)} is no JSON value; put it in quotes")


_SHORT = 200


def _is_whole(text: str) -> bool:
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)


def _is_reasonable(number: float) -> bool:
    return -_LARGEST <= number <= _LARGEST
