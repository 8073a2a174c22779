"""`user_text`: what the last user message says."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, override

from llemulator_addon.script.pattern import Candidate
from llemulator_addon.script.patterns.regex_pattern import RegexPattern


@dataclass(frozen=True, slots=True)
class UserTextPattern(RegexPattern):
    """A regular expression is found in the text of the last user message; if there is none, in empty text."""

    WORD: ClassVar[str] = "user_text"
    PLACE: ClassVar[str] = "the last user message"

    @staticmethod
    @override
    def where(asked: Candidate) -> Iterable[str]:
        """Return the last user message's text."""
        return (asked.prompt.user_text,)
