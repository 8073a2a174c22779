"""`any_text`: what any message says."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, override

from llemulator_addon.script.pattern import Candidate
from llemulator_addon.script.patterns.regex_pattern import RegexPattern


@dataclass(frozen=True, slots=True)
class AnyTextPattern(RegexPattern):
    """A regular expression is found in one of the messages, of whatever role; tools' results are messages too."""

    WORD: ClassVar[str] = "any_text"
    PLACE: ClassVar[str] = "any message; the last is"

    @staticmethod
    @override
    def where(asked: Candidate) -> Iterable[str]:
        """Return the text of each message."""
        return (message.text for message in asked.prompt.messages)
