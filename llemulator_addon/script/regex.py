"""Regular expressions of scripts: RE2, so that no pattern can be made to run for ever."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
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
    return pattern


Regex = Annotated[str, AfterValidator(_readable)]
"""A pattern that RE2 understands."""


@lru_cache(maxsize=16_384)
def compiled(pattern: str) -> Any:  # noqa: ANN401 - re2 has no types
    """Compile a pattern; raises `re2.error`."""
    return re2.compile(pattern, _options())


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


# The default of 8 MiB is not enough for the automaton of hundreds of patterns. Where this is not
# either, the patterns are halved: each set costs some microseconds at each request.
_MEMORY = 256 << 20

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
    options = _options()
    options.max_mem = _MEMORY
    made = re2.Set.SearchSet(options)
    for pattern in patterns:
        made.Add(pattern)
    made.Compile()
    return made


def _options() -> re2.Options:
    options = re2.Options()
    options.log_errors = False
    return options


def _encodable(text: str) -> str:
    # Half of a surrogate pair can stand in a JSON string, but in no text that RE2 reads.
    return text if text.isascii() else text.encode("utf-8", "replace").decode()
