"""Regular expressions of scripts: RE2, so that no pattern can run without an end."""

from collections import OrderedDict
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from threading import Lock
from typing import Annotated, Any

import re2
from pydantic import AfterValidator

from llemulator_addon.script.effort import pay_for_regex
from llemulator_addon.script.searching import PARTS_OF_A_STEP, pay_for_search


def _readable(pattern: str) -> str:
    try:
        compile_pattern(pattern)
    except re2.error as error:
        reason = error.args[0].decode() if isinstance(error.args[0], bytes) else error.args[0]
        message = f'"{pattern}" is no regular expression of RE2: {reason} (https://github.com/google/re2/wiki/Syntax)'
        raise ValueError(message) from None
    except UnicodeEncodeError:
        message = "half of a surrogate pair is no text that could be found"
        raise ValueError(message) from None
    parts = parts_of(pattern)
    pay_for_regex(parts)
    if parts > PARTS_AT_MOST:
        message = (
            f"this regular expression has {parts} parts, once counts as {{1000}} and classes as [^a] are written out; "
            f"{PARTS_AT_MOST} are possible. Make its counts smaller"
        )
        raise ValueError(message)
    return pattern


PARTS_AT_MOST = 20_000
"""The most instructions that the automaton of one pattern may have: searching takes time by their number."""
PARTS_OF_SMALL = 1_000
"""One that has more is looked for alone, and what that takes is bounded for each request."""

Regex = Annotated[str, AfterValidator(_readable)]
"""A pattern that RE2 understands."""


def compile_pattern(pattern: str) -> Any:  # noqa: ANN401 - re2 has no types
    """Compile a pattern; raises `re2.error`."""
    return _COMPILED.get(pattern)


def size_of_regex(pattern: str) -> int:
    """Return the bytes of memory that a pattern takes, about, which can be compiled."""
    return _size(pattern, compile_pattern(pattern))


def _size(pattern: str, made: Any) -> int:  # noqa: ANN401 - re2 has no types
    instructions: int = made.programsize
    return _BYTES_OF_A_REGEX + 2 * len(pattern) + _BYTES_OF_AN_INSTRUCTION * instructions


_BYTES_OF_A_REGEX, _BYTES_OF_AN_INSTRUCTION = 1_500, 16
"""As measured: what is compiled is read forwards and backwards."""


def parts_of(pattern: str) -> int:
    """Return how many instructions the automaton of a pattern has, which can be compiled."""
    return _parts_of_short(pattern) if len(pattern) <= _SHORT else _parts(pattern)


@lru_cache(maxsize=20_000)
def _parts_of_short(pattern: str) -> int:
    return _parts(pattern)


_SHORT = 100


def _parts(pattern: str) -> int:
    parts: int = compile_pattern(pattern).programsize
    return parts


def is_plain(pattern: str) -> bool:
    """Whether a pattern is found as a text is: of that an automaton remembers no more than its letters."""
    return _SIGNS.isdisjoint(pattern)


_SIGNS = frozenset(r"\.^$*+?{}()[]|")


class Compiled:
    """Compiled patterns, up to a limit of memory. The least recently used are dropped.

    What they remember of the texts that were searched counts, as much as they may.
    """

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
        made = _compile_in_room(pattern)
        with self._lock:
            self._remember(pattern, made)
        return made

    def _remember(self, pattern: str, made: Any) -> None:  # noqa: ANN401 - re2 has no types
        size = _size_when_used(pattern, made)
        if pattern in self._made or size > self.limit:
            return
        self._made[pattern] = made
        self.size += size
        while self.size > self.limit:
            self.size -= _size_when_used(*self._made.popitem(last=False))


_COMPILED = Compiled(12 << 20)


def size_when_used(pattern: str) -> int:
    """Return the bytes of memory that a pattern takes at most, once texts were searched for it."""
    return _size_when_used(pattern, compile_pattern(pattern))


def _size_when_used(pattern: str, made: Any) -> int:  # noqa: ANN401 - re2 has no types
    room: int = made.options.max_mem
    return _size(pattern, made) + (0 if is_plain(pattern) else room)


# Bytes for an automaton and for what it remembers of texts.
_ROOM_OF_ONE = (64 << 10, 256 << 10, 1 << 20)
_BYTES_TO_REMEMBER = 200
"""For each instruction."""


def _compile_in_room(pattern: str) -> Any:  # noqa: ANN401 - re2 has no types
    """Compile a pattern with the first room that is enough for it and for what it remembers of texts."""
    for room in _ROOM_OF_ONE[:-1]:
        with suppress(re2.error):
            made = re2.compile(pattern, options_with(room))
            if made.programsize * _BYTES_TO_REMEMBER <= room:
                return made
    return re2.compile(pattern, options_with(_ROOM_OF_ONE[-1]))


def matches(pattern: str, text: str) -> bool:
    """Whether the pattern is found anywhere in the text."""
    return _search(pattern, text) is not None


def capture_groups(pattern: str, text: str) -> Mapping[str, str]:
    """Return what the pattern's groups caught, by number and by name; a group that caught nothing is left out."""
    match = _search(pattern, text)
    if match is None:
        return {}
    numbered = {str(number): text for number, text in enumerate((match.group(), *match.groups()))}
    return {name: text for name, text in (numbered | match.groupdict()).items() if text is not None}


def _search(pattern: str, text: str) -> Any:  # noqa: ANN401 - re2 has no types
    if not is_plain(pattern):
        parts = parts_of(pattern)
        # It may have to be compiled again.
        pay_for_search(parts, PARTS_OF_A_STEP + len(text), alone=parts > PARTS_OF_SMALL)
    return compile_pattern(pattern).search(encodable(text))


def options_with(room: int) -> re2.Options:
    """Return options for an automaton that may take `room` bytes."""
    options = re2.Options()
    options.log_errors = False
    options.max_mem = room
    return options


def encodable(text: str) -> str:
    """Return a text as RE2 can read it."""
    # Half of a surrogate pair can stand in a JSON string, but in no text that RE2 reads.
    return text if text.isascii() else text.encode("utf-8", "replace").decode()
