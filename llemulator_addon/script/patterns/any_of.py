"""`any_of`: one match of several is enough."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import override

from llemulator_addon.script.pattern import Candidate, Key, Pattern
from llemulator_addon.script.patterns.all_of import Patterns, captures, difference, fewest, holds


@dataclass(frozen=True, slots=True)
class AnyOfPattern(Pattern):
    """At least one of these matches holds."""

    wanted: tuple[Patterns, ...]

    @override
    def holds(self, asked: Candidate) -> bool:
        """Look until one holds."""
        return any(holds(patterns, asked) for patterns in self.wanted)

    @override
    def difference(self, asked: Candidate) -> str:
        """Say what differs in each."""
        return f"none of any_of holds ({'; '.join(difference(patterns, asked) for patterns in self.wanted)})"

    @override
    def index_keys(self) -> tuple[Key, ...]:
        """Look for a key of each; one that cannot be looked up spoils it."""
        keys = [fewest((patterns,)) for patterns in self.wanted]
        return tuple(key for some in keys for key in some) if all(keys) else ()

    @override
    def captures(self, asked: Candidate) -> Mapping[str, str]:
        """Return the groups of the first that holds."""
        return next((captures(patterns, asked) for patterns in self.wanted if holds(patterns, asked)), {})
