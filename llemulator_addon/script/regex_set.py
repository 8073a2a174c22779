"""Many regular expressions that are looked for in one pass."""

import weakref
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import suppress
from threading import RLock
from typing import Any

import re2

from llemulator_addon.core.work import not_at_once
from llemulator_addon.script.regex import PARTS_OF_SMALL, encodable, is_plain, options_with, parts_of
from llemulator_addon.script.searching import pay_for_search


class RegexSet:
    """Patterns that are looked for in one pass, but for large ones. Those are looked for one by one.

    What finds them is built when it is used, and again after it made room for other sets.
    """

    def __init__(self, patterns: tuple[str, ...]) -> None:
        parts = [parts_of(pattern) for pattern in patterns]
        small = [position for position, count in enumerate(parts) if count <= PARTS_OF_SMALL]
        self._patterns = patterns
        weakref.finalize(self, BUILT.forget, id(self)).atexit = False
        self._large = frozenset(range(len(patterns))).difference(small)
        self._portions = tuple(_portions(small, parts))
        self._searched_parts = sum(parts[position] for position in small if not is_plain(patterns[position]))
        alone = (each.positions for each in BUILT.build(self) if each.automaton is None)
        self.not_certain = self._large.union(*alone)
        """Positions of the patterns that need not be in a text for which `found` yields them."""

    def find_candidates(self, text: str) -> Iterator[int]:
        """Yield the positions of the patterns that may be found in the text, in no order; the others are not.

        Raises `NotAtOnce`.
        """
        pay_for_search(self._searched_parts, len(text), alone=False)
        encoded = encodable(text)
        for each in BUILT.build(self):
            if each.automaton is None:
                yield from each.positions
            else:
                yield from (each.positions[match] for match in each.automaton.Match(encoded) or ())
        yield from self._large

    def build(self) -> "tuple[SetPart, ...]":
        """Build what finds the small patterns. Raises `NotAtOnce`."""
        if len(self._portions) > 1:
            not_at_once()
        return tuple(
            part
            for positions, parts in self._portions
            for part in _parts(tuple((position, self._patterns[position]) for position in positions), parts)
        )


class SetPart:
    """Some patterns of a set, by their positions."""

    __slots__ = ("automaton", "positions", "room")

    def __init__(self, positions: tuple[int, ...], automaton: Any, room: int) -> None:  # noqa: ANN401 - re2 has no types
        self.positions = positions
        self.automaton = automaton
        """None where not even that of a single pattern has room: it has to be looked for alone."""
        self.room = room
        """Bytes that it may take, with what it remembers of texts."""


_PARTS_TOGETHER = 20_000
"""As many as are compiled in some milliseconds, in which nobody else is answered."""


def _portions(small: list[int], parts: list[int]) -> Iterator[tuple[tuple[int, ...], int]]:
    """Yield positions of small patterns which together have at most 20 000 parts, and the number of their parts."""
    portion: list[int] = []
    together = 0
    for position in small:
        if together + parts[position] > _PARTS_TOGETHER:
            yield tuple(portion), together
            portion, together = [], 0
        portion.append(position)
        together += parts[position]
    if portion:
        yield tuple(portion), together


# What a text makes an automaton remember is to be little, too. Where no room is enough, the patterns are halved: each
# part of a set costs some microseconds at each request.
_ROOM_AT_LEAST, _ROOM_FOR_A_PART = 256 << 10, 100
_TIMES_MORE_ROOM = (1, 4)


def _parts(patterns: tuple[tuple[int, str], ...], parts: int) -> Iterator[SetPart]:
    for times in _TIMES_MORE_ROOM:
        with suppress(re2.error):
            yield _part(patterns, times * (_ROOM_AT_LEAST + _ROOM_FOR_A_PART * parts))
            return
    if len(patterns) == 1:
        yield SetPart((patterns[0][0],), None, 0)
        return
    half = len(patterns) // 2
    yield from _parts(patterns[:half], parts)
    yield from _parts(patterns[half:], parts)


def _part(patterns: tuple[tuple[int, str], ...], room: int) -> SetPart:
    automaton = re2.Set.SearchSet(options_with(room))
    for _, pattern in patterns:
        automaton.Add(pattern)
    automaton.Compile()
    return SetPart(tuple(position for position, _ in patterns), automaton, room)


class Built:
    """The automata of the sets of all sessions, up to a limit of bytes.

    The least recently used are dropped; the one used last stays, however large it is.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.size = 0
        self._made: OrderedDict[int, tuple[SetPart, ...]] = OrderedDict()
        # A set may be collected in the midst of this.
        self._lock = RLock()

    def build(self, patterns: RegexSet) -> tuple[SetPart, ...]:
        """Return what is built for a set. Raises `NotAtOnce` where it takes long to build."""
        number = id(patterns)
        with self._lock:
            if (made := self._made.get(number)) is not None:
                self._made.move_to_end(number)
                return made
        made = patterns.build()
        with self._lock:
            if number not in self._made:
                self._remember(number, made)
        return made

    def _remember(self, number: int, made: tuple[SetPart, ...]) -> None:
        self._made[number] = made
        self.size += _room(made)
        while self.size > self.limit and len(self._made) > 1:
            self.forget(next(iter(self._made)))

    def forget(self, number: int) -> None:
        """Forget what is built for the set with this identity."""
        with self._lock:
            self.size -= _room(self._made.pop(number, ()))


def _room(parts: tuple[SetPart, ...]) -> int:
    return sum(part.room for part in parts)


BUILT = Built(16 << 20)
