"""Regular expressions of scripts: RE2, so that no pattern can be made to run for ever."""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from threading import Lock
from typing import Annotated, Any

import re2
from pydantic import AfterValidator


def _readable(pattern: str) -> str:
    try:
        compiled(pattern)
    except re2.error as error:
        reason = error.args[0].decode() if isinstance(error.args[0], bytes) else error.args[0]
        message = f'"{pattern}" is no regular expression of RE2: {reason} (https://github.com/google/re2/wiki/Syntax)'
        raise ValueError(message) from None
    except UnicodeEncodeError:
        message = "half of a surrogate pair is no text that could be found"
        raise ValueError(message) from None
    if (parts := compiled(pattern).programsize) > PARTS_AT_MOST:
        message = (
            f"this regular expression has {parts} parts, once counts as {{1000}} and classes as [^a] are written out; "
            f"{PARTS_AT_MOST} are possible. Make its counts smaller"
        )
        raise ValueError(message)
    return pattern


PARTS_AT_MOST = 20_000
"""So many instructions may the automaton of one pattern have: searching takes time by their number."""

Regex = Annotated[str, AfterValidator(_readable)]
"""A pattern that RE2 understands."""


def compiled(pattern: str) -> Any:  # noqa: ANN401 - re2 has no types
    """Compile a pattern; raises `re2.error`."""
    return _COMPILED.get(pattern)


def size_of_regex(pattern: str) -> int:
    """Return the bytes of memory that a pattern takes, about, which can be compiled."""
    return _size(pattern, compiled(pattern))


def _size(pattern: str, made: Any) -> int:  # noqa: ANN401 - re2 has no types
    instructions: int = made.programsize
    return _BYTES_OF_A_REGEX + 2 * len(pattern) + _BYTES_OF_AN_INSTRUCTION * instructions


_BYTES_OF_A_REGEX, _BYTES_OF_AN_INSTRUCTION = 1_500, 16
"""As measured: what is compiled is read forwards and backwards."""


class Compiled:
    """Patterns that were compiled, up to so many bytes of memory. What was not used for longest makes room."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.size = 0
        self._made: OrderedDict[str, Any] = OrderedDict()
        # Large scripts and requests are read in threads of their own.
        self._lock = Lock()

    def get(self, pattern: str) -> Any:  # noqa: ANN401 - re2 has no types
        """Return a pattern compiled; raises `re2.error`."""
        with self._lock:
            if (made := self._made.get(pattern)) is not None:
                self._made.move_to_end(pattern)
                return made
        made = _with_least_room(_ROOM_OF_ONE, lambda options: re2.compile(pattern, options))
        with self._lock:
            self._remember(pattern, made)
        return made

    def _remember(self, pattern: str, made: Any) -> None:  # noqa: ANN401 - re2 has no types
        size = _size(pattern, made)
        if pattern in self._made or size > self.limit:
            return
        self._made[pattern] = made
        self.size += size
        while self.size > self.limit:
            self.size -= _size(*self._made.popitem(last=False))


_COMPILED = Compiled(16 << 20)


def found(pattern: str, text: str) -> bool:
    """Whether the pattern is found anywhere in the text."""
    return compiled(pattern).search(_encodable(text)) is not None


def captured(pattern: str, text: str) -> Mapping[str, str]:
    """Return what the pattern's groups caught, by number and by name; a group that caught nothing is left out."""
    match = compiled(pattern).search(_encodable(text))
    if match is None:
        return {}
    numbered = {str(number): text for number, text in enumerate((match.group(), *match.groups()))}
    return {name: text for name, text in (numbered | match.groupdict()).items() if text is not None}


class RegexSet:
    """Many patterns that are looked for in one pass."""

    def __init__(self, patterns: tuple[str, ...]) -> None:
        self._sets = tuple(_sets(tuple(enumerate(patterns)))) if patterns else ()
        self.is_exact = all(matches is not None for _, matches in self._sets)
        """Whether those that `found` yields are in the text for certain."""

    def found(self, text: str) -> Iterator[int]:
        """Yield the positions of the patterns that may be found in the text, in no order; the others are not."""
        encoded = _encodable(text)
        for positions, matches in self._sets:
            if matches is None:
                yield from positions
            else:
                yield from (positions[match] for match in matches.Match(encoded) or ())


# Bytes for an automaton and for what it remembers of texts: the first that is enough, so that what a text makes it
# remember is little, too. Where no room of a set is enough, the patterns are halved: each set costs some microseconds
# at each request.
_ROOM_OF_ONE = (256 << 10, 1 << 20, 8 << 20)
_ROOM_OF_SET = (2 << 20, 8 << 20, 32 << 20, 128 << 20)

_Patterns = tuple[tuple[int, str], ...]


def _sets(patterns: _Patterns) -> Iterator[tuple[tuple[int, ...], Any]]:
    """Yield sets that together look for all patterns, each with its patterns' positions.

    In place of the set stands None where not even a single pattern's automaton has room: it has to be looked for alone.
    """
    positions = tuple(position for position, _ in patterns)
    try:
        yield positions, _set(pattern for _, pattern in patterns)
    except re2.error:
        if len(patterns) == 1:
            yield positions, None
        else:
            half = len(patterns) // 2
            yield from _sets(patterns[:half])
            yield from _sets(patterns[half:])


def _set(patterns: Iterator[str]) -> Any:  # noqa: ANN401 - re2 has no types
    wanted = tuple(patterns)

    def make(options: re2.Options) -> Any:  # noqa: ANN401 - re2 has no types
        made = re2.Set.SearchSet(options)
        for pattern in wanted:
            made.Add(pattern)
        made.Compile()
        return made

    return _with_least_room(_ROOM_OF_SET, make)


def _with_least_room[T](rooms: tuple[int, ...], make: Callable[[re2.Options], T]) -> T:
    """Make something with the first room that is enough; raises `re2.error` where none is, or a pattern is wrong."""
    for room in rooms[:-1]:
        with suppress(re2.error):
            return make(_options(room))
    return make(_options(rooms[-1]))


def _options(room: int) -> re2.Options:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = room
    return options


def _encodable(text: str) -> str:
    # Half of a surrogate pair can stand in a JSON string, but in no text that RE2 reads.
    return text if text.isascii() else text.encode("utf-8", "replace").decode()
