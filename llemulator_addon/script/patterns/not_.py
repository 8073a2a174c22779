"""`not`: a match that must not hold."""

from dataclasses import dataclass
from typing import override

from llemulator_addon.script.pattern import Asked, Pattern
from llemulator_addon.script.patterns.all_of import Patterns, holds


@dataclass(frozen=True, slots=True)
class Not(Pattern):
    """This match does not hold."""

    wanted: Patterns

    @override
    def holds(self, asked: Asked) -> bool:
        """Whether one of its words does not hold."""
        return not holds(self.wanted, asked)

    @override
    def difference(self, asked: Asked) -> str:
        """Say that it holds."""
        del asked
        return "what stands under not holds"
