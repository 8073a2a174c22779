"""`transcript`: the words that a user has said aloud."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, override

from llemulator_addon.script.pattern import Candidate
from llemulator_addon.script.patterns.regex_pattern import RegexPattern
from llemulator_addon.wire.realtime.items import find_said_aloud


@dataclass(frozen=True, slots=True)
class TranscriptPattern(RegexPattern):
    """A regular expression is found in the words that the user said aloud last, in Realtime.

    They are those of a `transcript` that a script gives, or of speech that this program made.
    """

    WORD: ClassVar[str] = "transcript"
    PLACE: ClassVar[str] = "the words that were said aloud"

    @staticmethod
    @override
    def where(asked: Candidate) -> Iterable[str]:
        """Return them."""
        said = find_said_aloud(asked.prompt.body)
        return () if said is None else (said,)
