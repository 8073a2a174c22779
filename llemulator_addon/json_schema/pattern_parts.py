"""The parts of a regular expression."""

from collections.abc import Iterator
from dataclasses import dataclass


class NotUnderstood(ValueError):
    """A pattern that is no regular expression, or none of those that are understood here."""


@dataclass(frozen=True, slots=True)
class Class:
    """One character out of ranges, or out of all others."""

    ranges: tuple[tuple[int, int], ...]
    negated: bool = False

    def has(self, character: str) -> bool:
        """Whether it is one of them."""
        code = ord(character)
        return any(low <= code <= high for low, high in self.ranges) != self.negated


@dataclass(frozen=True, slots=True)
class PartSequence:
    """Parts one after the other."""

    parts: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class Either:
    """One of several."""

    ways: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class Repeat:
    """A repeated part; None: no upper limit."""

    part: "Node"
    least: int
    most: int | None


@dataclass(frozen=True, slots=True)
class CaptureGroup:
    """A part that a later back reference repeats."""

    part: "Node"
    number: int


@dataclass(frozen=True, slots=True)
class Again:
    """The text of a group once more."""

    number: int


@dataclass(frozen=True, slots=True)
class Look:
    """A text that must, or must not, come before or after this place."""

    part: "Node"
    behind: bool
    negated: bool


@dataclass(frozen=True, slots=True)
class Edge:
    """A place: `^`, `$`, `b` for the edge of a word, `B` for no edge."""

    kind: str


Node = Class | PartSequence | Either | Repeat | CaptureGroup | Again | Look | Edge


LAST = 0x10FFFF
WORD = Class(((0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A)))


def others(ranges: tuple[tuple[int, int], ...]) -> Iterator[tuple[int, int]]:
    """Yield the ranges between some, and after them."""
    at = 0
    for low, high in sorted(ranges):
        if low > at:
            yield at, low - 1
        at = high + 1
    yield at, LAST
