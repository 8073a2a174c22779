"""Why no rule answered: the closest rule, and what differed."""

from dataclasses import dataclass
from itertools import islice
from typing import Literal

from llemulator_addon.engine.index import Group
from llemulator_addon.engine.session import Session
from llemulator_addon.script.asked import Asked

_LOOKED_AT = 200


@dataclass(frozen=True, slots=True)
class NearMiss:
    """What to tell the person who wonders why nothing answered."""

    code: Literal["no_matching_rule", "script_exhausted"]
    sentence: str


def near_miss(session: Session, asked: Asked) -> NearMiss:
    """Find the closest rule: one that matches but is used up, else the one with the fewest differences."""
    if (exhausted := _used_up(session, asked)) is not None:
        return exhausted
    groups = list(islice(session.index.groups, _LOOKED_AT))
    if not groups:
        return NearMiss("no_matching_rule", "The script has no rules.")
    differences = [(_differences(group, asked), group) for group in groups]
    found, group = min(differences, key=lambda pair: len(pair[0]))
    rule = session.index.rules[group.rules[0]]
    return NearMiss("no_matching_rule", f'No rule matches. The closest is "{rule.name}": {"; ".join(found)}.')


def _used_up(session: Session, asked: Asked) -> NearMiss | None:
    """Look for rules that would have answered; when they all are used up, the script was too short."""
    for group in session.index.candidates(asked):
        if session.head(group) is None and not _differences(group, asked):
            rule = session.index.rules[group.rules[-1]]
            others = f" and {len(group.rules) - 1} like it" if len(group.rules) > 1 else ""
            return NearMiss(
                "script_exhausted",
                f'Every rule that matches is used up: "{rule.name}"{others} answered {_times(rule.times)} already.',
            )
    return None


def _times(times: int | None) -> str:
    return "once" if times == 1 else f"{times} times"


def _differences(group: Group, asked: Asked) -> list[str]:
    return [pattern.difference(asked) for pattern in group.patterns if not pattern.holds(asked)]
