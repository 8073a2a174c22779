"""`all_of`, `any_of` and `not`: matches made of matches."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import override

from llemulator_addon.script.pattern import Candidate, Key, Pattern

Patterns = tuple[Pattern, ...]
"""The patterns of one match: all of them must hold."""


@dataclass(frozen=True, slots=True)
class AllOfPattern(Pattern):
    """All of these matches hold."""

    wanted: tuple[Patterns, ...]

    @override
    def holds(self, asked: Candidate) -> bool:
        """Look at each."""
        return all(holds(patterns, asked) for patterns in self.wanted)

    @override
    def difference(self, asked: Candidate) -> str:
        """Say what differs in the first that does not hold."""
        return difference(next(patterns for patterns in self.wanted if not holds(patterns, asked)), asked)

    @override
    def index_keys(self) -> tuple[Key, ...]:
        """Look for the first pattern that can be looked up."""
        return fewest(self.wanted)

    @override
    def all_patterns(self) -> Patterns:
        """Return those within."""
        return tuple(inner for patterns in self.wanted for pattern in patterns for inner in pattern.all_patterns())

    @override
    def captures(self, asked: Candidate) -> Mapping[str, str]:
        """Return the groups of all."""
        return {name: text for patterns in self.wanted for name, text in captures(patterns, asked).items()}


def holds(patterns: Patterns, asked: Candidate) -> bool:
    """Whether all patterns hold."""
    return all(pattern.holds(asked) for pattern in patterns)


def difference(patterns: Patterns, asked: Candidate) -> str:
    """Say what differs where not all patterns hold."""
    return " and ".join(pattern.difference(asked) for pattern in patterns if not pattern.holds(asked))


def captures(patterns: Patterns, asked: Candidate) -> Mapping[str, str]:
    """Return the groups of all patterns; where names are the same, the first pattern's."""
    return {name: text for each in reversed(patterns) for name, text in each.captures(asked).items()}


def fewest(matches: tuple[Patterns, ...]) -> tuple[Key, ...]:
    """Return the keys of the pattern that has the fewest, of those that have any."""
    found = [keys for patterns in matches for pattern in patterns if (keys := pattern.index_keys())]
    return min(found, key=len, default=())
