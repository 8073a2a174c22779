"""Paths into JSON values: the part of JSONPath (RFC 9535) that names places, without filters, slices and unions."""

from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class PathStep:
    """One step of a path. None is `*`: all members, or all elements."""

    to: str | int | None
    deep: bool = False
    """`..`: from the value itself, and from everything within it."""


_LONGEST = 1_000
_STEPS_AT_MOST = 64


@lru_cache(maxsize=1_024)
def parse(path: str) -> tuple[PathStep, ...]:
    """Read a path; raises ValueError that says what is wrong."""
    if len(path) > _LONGEST:
        message = f"a path of {len(path)} characters is too long; {_LONGEST} are possible"
        raise ValueError(message)
    if not path.startswith("$"):
        message = f'"{path}" is no path: it begins with $, as $.tools[0].type'
        raise ValueError(message)
    steps: list[PathStep] = []
    rest = path[1:]
    while rest:
        step, rest = _step(path, rest)
        steps.append(step)
    if len(steps) > _STEPS_AT_MOST:
        message = f'"{path}" has {len(steps)} steps; {_STEPS_AT_MOST} are possible'
        raise ValueError(message)
    return tuple(steps)


def _step(path: str, rest: str) -> tuple[PathStep, str]:
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
    return PathStep(None if name == "*" else name, deep), rest[1 + len(name) :]


def _bracket(path: str, rest: str, *, deep: bool) -> tuple[PathStep, str]:
    quote = rest[1:2]
    if quote in {"'", '"'}:
        name, closed, after = rest[2:].partition(f"{quote}]")
        if not closed:
            raise _unreadable(path, rest)
        return PathStep(name, deep), after
    index, closed, after = rest[1:].partition("]")
    if closed and index == "*":
        return PathStep(None, deep), after
    if not closed or not (index.isdecimal() or (index[:1] == "-" and index[1:].isdecimal())) or len(index) > _DIGITS:
        raise _unreadable(path, rest)
    return PathStep(int(index), deep), after


_DIGITS = 10


def _unreadable(path: str, rest: str) -> ValueError:
    known = ".name ['name'] [0] [*] ..name"
    return ValueError(f'"{path}" is no path that is understood from "{rest}" on; known are {known}')
