"""Regular expressions of scripts: RE2, so that no pattern can be made to run for ever."""

from functools import lru_cache
from typing import Annotated, Any

import re2
from pydantic import AfterValidator

_OPTIONS = re2.Options()
_OPTIONS.log_errors = False


def _readable(pattern: str) -> str:
    try:
        compiled(pattern)
    except re2.error as error:
        reason = error.args[0].decode() if isinstance(error.args[0], bytes) else error.args[0]
        message = f'"{pattern}" is no regular expression of RE2: {reason} (https://github.com/google/re2/wiki/Syntax)'
        raise ValueError(message) from None
    return pattern


Regex = Annotated[str, AfterValidator(_readable)]
"""A pattern that RE2 understands."""


@lru_cache(maxsize=4096)
def compiled(pattern: str) -> Any:  # noqa: ANN401 - re2 has no types
    """Compile a pattern; raises `re2.error`."""
    return re2.compile(pattern, _OPTIONS)


def found(pattern: str, text: str) -> bool:
    """Whether the pattern is found anywhere in the text."""
    return compiled(pattern).search(text) is not None


class RegexSet:
    """Many patterns that are looked for in one pass."""

    def __init__(self, patterns: tuple[str, ...]) -> None:
        self._set: Any = None
        if patterns:
            options = re2.Options()
            options.log_errors = False
            # The default of 8 MiB is not enough for the automaton of thousands of patterns.
            options.max_mem = 1 << 28
            self._set = re2.Set.SearchSet(options)
            for pattern in patterns:
                self._set.Add(pattern)
            self._set.Compile()

    def found(self, text: str) -> list[int]:
        """Return the positions of the patterns that are found anywhere in the text."""
        return [] if self._set is None else list(self._set.Match(text))
