"""Paths into JSON values: the part of JSONPath (RFC 9535) that names places, without filters, slices and unions."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a path. None is `*`: all members, or all elements."""

    to: str | int | None
    deep: bool = False
    """`..`: from the value itself, and from everything within it."""


@lru_cache(maxsize=4_096)
def parsed(path: str) -> tuple[Step, ...]:
    """Read a path; raises ValueError that says what is wrong."""
    if not path.startswith("$"):
        message = f'"{path}" is no path: it begins with $, as $.tools[0].type'
        raise ValueError(message)
    steps: list[Step] = []
    rest = path[1:]
    while rest:
        step, rest = _step(path, rest)
        steps.append(step)
    return tuple(steps)


def values_at(value: Any, path: str) -> Iterator[Any]:  # noqa: ANN401
    """Yield the values at the places that a path names."""
    values = iter((value,))
    for step in parsed(path):
        values = _walk(values, step)
    return values


def _step(path: str, rest: str) -> tuple[Step, str]:
    deep = rest.startswith("..")
    if deep:
        rest = rest[1:] if rest[2:3] != "[" else rest[2:]
    if rest.startswith("["):
        return _bracket(path, rest, deep=deep)
    if not rest.startswith("."):
        raise _unreadable(path, rest)
    name = rest[1:].partition(".")[0].partition("[")[0]
    if not name:
        raise _unreadable(path, rest)
    return Step(None if name == "*" else name, deep), rest[1 + len(name) :]


def _bracket(path: str, rest: str, *, deep: bool) -> tuple[Step, str]:
    quote = rest[1:2]
    if quote in {"'", '"'}:
        name, closed, after = rest[2:].partition(f"{quote}]")
        if not closed:
            raise _unreadable(path, rest)
        return Step(name, deep), after
    index, closed, after = rest[1:].partition("]")
    if closed and index == "*":
        return Step(None, deep), after
    if not closed or not (index.isdecimal() or (index[:1] == "-" and index[1:].isdecimal())) or len(index) > _DIGITS:
        raise _unreadable(path, rest)
    return Step(int(index), deep), after


_DIGITS = 10


def _unreadable(path: str, rest: str) -> ValueError:
    known = ".name ['name'] [0] [*] ..name"
    return ValueError(f'"{path}" is no path that is understood from "{rest}" on; known are {known}')


def _walk(values: Iterator[Any], step: Step) -> Iterator[Any]:
    for value in values:
        for start in _within(value) if step.deep else (value,):
            yield from _taken(start, step.to)


def _taken(value: Any, to: str | int | None) -> Iterator[Any]:  # noqa: ANN401
    match value, to:
        case Mapping(), None:
            yield from value.values()
        case list(), None:
            yield from value
        case Mapping(), str() if to in value:
            yield value[to]
        case list(), int() if -len(value) <= to < len(value):
            yield value[to]


def _within(value: Any) -> Iterator[Any]:  # noqa: ANN401
    yield value
    for member in _taken(value, None):
        yield from _within(member)
