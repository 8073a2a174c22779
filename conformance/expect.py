"""What a case expects, compared with what a client saw. `conformance/js/expect.mjs` is its twin in JavaScript.

An object expects the keys that it names, with what it says of each; further keys are let be. A list expects as many
elements, each as said. Anything else expects itself. An object whose keys begin with `$` says something about the
value: see the table in `conformance/cases/README.md`.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

_ABSENT = object()


def differences(expected: Any, seen: Any, place: str = "answer") -> list[str]:  # noqa: ANN401
    """Return one line for each place where what was seen is not what was expected."""
    return list(_differences(expected, seen, place))


def _differences(expected: Any, seen: Any, place: str) -> Iterator[str]:  # noqa: ANN401
    if isinstance(expected, Mapping) and any(key.startswith("$") for key in expected):
        for word, argument in expected.items():
            yield from _WORDS[word](argument, seen, place)
    elif seen is _ABSENT:
        yield f"{place}: expected {expected!r}, but it is not there"
    elif isinstance(expected, Mapping) and isinstance(seen, Mapping):
        for key, value in expected.items():
            yield from _differences(value, seen.get(key, _ABSENT), f"{place}.{key}")
    elif isinstance(expected, list) and isinstance(seen, list) and len(expected) == len(seen):
        for number, (one, other) in enumerate(zip(expected, seen, strict=True)):
            yield from _differences(one, other, f"{place}[{number}]")
    elif expected != seen or isinstance(expected, bool) != isinstance(seen, bool):
        yield f"{place}: expected {expected!r}, got {seen!r}"


def _absent(argument: Any, seen: Any, place: str) -> Iterator[str]:  # noqa: ANN401
    if (seen is _ABSENT) != argument:
        got = "nothing" if seen is _ABSENT else repr(seen)
        yield f"{place}: expected {'nothing there' if argument else 'to be there'}, got {got}"


def _type(argument: Any, seen: Any, place: str) -> Iterator[str]:  # noqa: ANN401
    if not _TYPES[argument](seen):
        yield f"{place}: expected {argument}, got {seen!r}"


def _search(argument: Any, seen: Any, place: str) -> Iterator[str]:  # noqa: ANN401
    if not isinstance(seen, str) or not re.search(argument, seen):
        yield f"{place}: expected text in which {argument!r} is found, got {seen!r}"


def _count(argument: Any, seen: Any, place: str) -> Iterator[str]:  # noqa: ANN401
    if not isinstance(seen, list) or len(seen) != argument:
        yield f"{place}: expected {argument} elements, got {seen!r}"


def _above(argument: Any, seen: Any, place: str) -> Iterator[str]:  # noqa: ANN401
    if not isinstance(seen, int | float) or seen <= argument:
        yield f"{place}: expected more than {argument}, got {seen!r}"


def _each(argument: Any, seen: Any, place: str) -> Iterator[str]:  # noqa: ANN401
    if not isinstance(seen, list):
        yield f"{place}: expected a list, got {seen!r}"
        return
    for number, one in enumerate(seen):
        yield from _differences(argument, one, f"{place}[{number}]")


def _includes(argument: Any, seen: Any, place: str) -> Iterator[str]:  # noqa: ANN401
    if not isinstance(seen, list) or not any(not differences(argument, one) for one in seen):
        yield f"{place}: expected {argument!r} among the elements, got {seen!r}"


def _sum(argument: Any, seen: Any, place: str) -> Iterator[str]:  # noqa: ANN401
    *parts, total = argument
    if not isinstance(seen, Mapping) or sum(seen[part] for part in parts) != seen[total]:
        yield f"{place}: expected {' + '.join(parts)} = {total}, got {seen!r}"


def _all(argument: Any, seen: Any, place: str) -> Iterator[str]:  # noqa: ANN401
    for one in argument:
        yield from _differences(one, seen, place)


_WORDS: dict[str, Callable[[Any, Any, str], Iterator[str]]] = {
    "$absent": _absent,
    "$type": _type,
    "$search": _search,
    "$count": _count,
    "$above": _above,
    "$each": _each,
    "$includes": _includes,
    "$sum": _sum,
    "$all": _all,
}

_TYPES: dict[str, Callable[[Any], bool]] = {
    "string": lambda seen: isinstance(seen, str),
    "integer": lambda seen: isinstance(seen, int) and not isinstance(seen, bool),
    "number": lambda seen: isinstance(seen, int | float) and not isinstance(seen, bool),
    "boolean": lambda seen: isinstance(seen, bool),
    "array": lambda seen: isinstance(seen, list),
    "object": lambda seen: isinstance(seen, Mapping),
    "null": lambda seen: seen is None,
}
