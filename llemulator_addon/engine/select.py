"""Which rule answers: of those that match and are not used up, the first in the order of priority and writing."""

from collections.abc import Mapping
from typing import NamedTuple

from llemulator_addon.engine.index import Group
from llemulator_addon.engine.session import Session
from llemulator_addon.script.looking import TooMuchLooking
from llemulator_addon.script.pattern import Candidate, hold
from llemulator_addon.script.patterns.all_of import captures
from llemulator_addon.script.rule import Rule


class Selected(NamedTuple):
    """The rule that answers, and how often it did before."""

    rule: Rule
    group: Group
    position: int
    times_before: int

    def captures(self, asked: Candidate) -> Mapping[str, str]:
        """Return what the groups of its regular expressions caught."""
        try:
            return captures(self.rule.patterns, asked)
        except TooMuchLooking:  # which of several matches held cannot be looked up again
            return {}


def select(session: Session, asked: Candidate, *, naming_path: bool = False) -> Selected | None:
    """Select the rule. The cost depends on how many rules match, not on how many there are.

    With `naming_path` only rules are asked that name the path or the operation themselves.
    """
    heads = [
        (position, group)
        for group in session.script.index.candidates(asked)
        if (position := session.head(group)) is not None and (not naming_path or group.names_path)
    ]
    for position, group in sorted(heads, key=_rank):
        if session.script.index.is_certain(group) or hold(group.patterns, asked):
            return Selected(
                session.script.index.rules[position], group, position, session.progress.used.get(position, 0)
            )
    return None


def _rank(head: tuple[int, Group]) -> tuple[int, int]:
    return -head[1].priority, head[0]
