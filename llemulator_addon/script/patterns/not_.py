"""`not`: a match that must not hold."""

from dataclasses import dataclass
from typing import override

from llemulator_addon.script.pattern import Candidate, Pattern
from llemulator_addon.script.patterns.all_of import Patterns, holds


@dataclass(frozen=True, slots=True)
class NotPattern(Pattern):
    """This match does not hold."""

    wanted: Patterns

    @override
    def holds(self, asked: Candidate) -> bool:
        """Whether one of its words does not hold."""
        return not holds(self.wanted, asked)

    @override
    def difference(self, asked: Candidate) -> str:
        """Say that it holds."""
        del asked
        return "the match under `not` holds"
