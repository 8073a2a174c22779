"""`system_text`: what the system and developer messages say."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, override

from llemulator_addon.script.pattern import Candidate
from llemulator_addon.script.patterns.regex_pattern import RegexPattern


@dataclass(frozen=True, slots=True)
class SystemTextPattern(RegexPattern):
    """A regular expression is found in the system and developer messages (`instructions` in Responses)."""

    WORD: ClassVar[str] = "system_text"
    PLACE: ClassVar[str] = "the system messages"

    @staticmethod
    @override
    def where(asked: Candidate) -> Iterable[str]:
        """Return their texts, joined by line feeds."""
        return (asked.prompt.system_text,)
