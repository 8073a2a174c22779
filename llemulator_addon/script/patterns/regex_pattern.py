"""The common part of patterns that are regular expressions."""

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar, override

from llemulator_addon.script.pattern import Candidate, Key, Pattern, RegexKey
from llemulator_addon.script.regex import Regex, capture_groups, matches
from llemulator_addon.script.script_error import kind_of


@dataclass(frozen=True, slots=True)
class RegexPattern(Pattern):
    """A regular expression is found in one of some texts of the request."""

    wanted: Regex

    WORD: ClassVar[str]
    PLACE: ClassVar[str]
    """Completes "is not found in …"."""

    @staticmethod
    @abstractmethod
    def where(asked: Candidate) -> Iterable[str]:
        """Return the texts."""

    @override
    def holds(self, asked: Candidate) -> bool:
        """Search the texts."""
        return any(matches(self.wanted, text) for text in self.where(asked))

    @override
    def difference(self, asked: Candidate) -> str:
        """Say what the last of the texts was."""
        *_, last = ("", *self.where(asked))
        return f'{self.WORD} "{self.wanted}" is not found in {self.PLACE}, {kind_of(last)}{_hint(self.wanted, last)}'

    @override
    def index_keys(self) -> tuple[Key, ...]:
        """Search for all regular expressions of the place at once."""
        return (RegexKey(self.where, self.wanted),)

    @override
    def captures(self, asked: Candidate) -> Mapping[str, str]:
        """Return the groups of the first text in which it is found."""
        return next((capture_groups(self.wanted, text) for text in self.where(asked) if matches(self.wanted, text)), {})

    @override
    def texts(self, asked: Candidate) -> tuple[str, str] | None:
        """Compare with the last of the texts."""
        *_, last = ("", *self.where(asked))
        return self.wanted, last


def _hint(wanted: str, last: str) -> str:
    """Return what a reader may not see: that the pattern is no plain text, or that only the case differs."""
    if wanted and wanted in last:
        return " (it is a regular expression; to match text as it stands, put \\ before . ? * + ( ) [ ] { } | ^ $)"
    if wanted.lower() in last.lower():
        return " (only upper and lower case differ; (?i) at the start of the pattern ignores that)"
    return ""
