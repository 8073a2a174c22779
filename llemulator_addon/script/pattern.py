"""Patterns, and the values that they look at."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field

from llemulator_addon.core.prompt import Prompt
from llemulator_addon.core.request import Request
from llemulator_addon.script.looking import Looking, TooMuchLooking

START = "started"
"""The state of a session in which no rule has set another."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One request: as it came, as the endpoint understood it, and the state of the session that it met."""

    prompt: Prompt
    request: Request
    state: str = START
    looking: Looking = field(default_factory=Looking, compare=False, repr=False)
    """The values found in its body, for all rules."""


@dataclass(frozen=True, slots=True)
class ExactKey:
    """A value that stands among those of a request. Equal values are found by hash, whatever their number."""

    where: Callable[[Candidate], Iterable[Hashable]]
    """The same function for all keys that look in the same place."""
    value: Hashable


@dataclass(frozen=True, slots=True)
class RegexKey:
    """A regular expression that is found in a text of a request. All of one place are searched in one pass."""

    where: Callable[[Candidate], Iterable[str]]
    regex: str


Key = ExactKey | RegexKey


class Pattern(ABC):
    """One word of `match` with what the script gives it. A frozen value; its `repr` is the same for equal patterns."""

    __slots__ = ()

    @abstractmethod
    def holds(self, asked: Candidate) -> bool:
        """Whether the request is as the script wants it. Raises `TooMuchLooking`."""

    @abstractmethod
    def difference(self, asked: Candidate) -> str:
        """Say in a few words what was wanted and what came; called only where it does not hold."""

    def index_keys(self) -> tuple[Key, ...]:
        """Return keys of which at least one is found in every request for which it holds; none if none are known.

        They spare looking at rules that cannot answer.
        """
        return ()

    def all_patterns(self) -> "tuple[Pattern, ...]":
        """Return the patterns of which it is made, where all of them must hold; else itself."""
        return (self,)

    def captures(self, asked: Candidate) -> Mapping[str, str]:
        """Return what the groups of its regular expressions caught; called only where it holds."""
        del asked
        return {}

    def texts(self, asked: Candidate) -> tuple[str, str] | None:
        """Return the text that was looked for and the one that came: where they are alike, the rule is near."""
        del asked
        return None


def hold(patterns: Iterable[Pattern], asked: Candidate) -> bool:
    """Whether all of a rule's patterns hold; where one would take too much looking, they do not."""
    try:
        return all(pattern.holds(asked) for pattern in patterns)
    except TooMuchLooking:
        return False


def differences(patterns: Iterable[Pattern], asked: Candidate) -> list[str]:
    """Say for each of a rule's patterns that does not hold what differs, or that it would take too much looking."""
    return [difference for pattern in patterns if (difference := find_difference(pattern, asked)) is not None]


def find_difference(pattern: Pattern, asked: Candidate) -> str | None:
    """Say what differs from a pattern, or that it would take too much looking; None if it holds."""
    try:
        return None if pattern.holds(asked) else pattern.difference(asked)
    except TooMuchLooking as error:
        return str(error)
