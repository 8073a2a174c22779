"""Why no rule answered: the closest rule, and what differed."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import islice
from typing import Literal, NamedTuple

from llemulator_addon.engine.index import Group, Index, words
from llemulator_addon.engine.session import Session
from llemulator_addon.script.pattern import Candidate, Pattern, differences, find_difference, hold
from llemulator_addon.script.patterns.own_result import NotOwnResultPattern
from llemulator_addon.wire.credentials import token_of
from llemulator_addon.wire.redaction import redact_text

# Of up to so many rules each is looked at. Of more, as programs write them, only so many of the first ones and of those
# that share the rarest words with the request: then an answer costs about what it costs with a few rules.
_LOOKED_AT = 200
_OF_MANY = 10
_COMPARED_CLOSELY = 8
_LETTERS = 200
_READ = 2_000


@dataclass(frozen=True, slots=True)
class NearMiss:
    """The explanation for an unmatched request."""

    code: Literal["no_matching_rule", "script_exhausted"]
    sentence: str
    rule: str | None = None
    """The name of the closest rule."""


def near_miss(session: Session, asked: Candidate) -> NearMiss:
    """Find the closest rule: one that matches but is used up, else the one of which most words hold.

    Of equal ones, it is the one with fewer differences, then the one whose text is most like the request's. The work is
    bounded.
    """
    if (exhausted := _find_used_up(session, asked)) is not None:
        return exhausted
    groups = _choose_groups(session.script.index, asked)
    if not groups:
        return NearMiss("no_matching_rule", "The script has no rules.")
    group = _closest(groups, asked)
    rule = session.script.index.rules[session.head(group) or group.rules[0]]
    differences = "; ".join(_differences(group, asked))
    sentence = f'No rule matches. The closest is "{rule.name}": {differences}.'
    # It is told to the client, which logs it.
    return NearMiss("no_matching_rule", redact_text(sentence, token_of(asked.request) or ""), rule.name)


class Comparison(NamedTuple):
    """A rule that was compared with a request."""

    position: int
    """Among all rules."""
    checks: tuple[tuple[Pattern, str | None], ...]
    """Each of its patterns, and what differs; None where it holds."""
    is_used_up: bool

    @property
    def matches(self) -> bool:
        """Whether all of its patterns hold."""
        return all(difference is None for _, difference in self.checks)


def compare_rules(session: Session, asked: Candidate) -> Iterator[Comparison]:
    """Yield rules with what differs of each, the nearest first; of rules with one condition, the one that is next.

    Of very many rules only those are compared that `near_miss` looks at.
    """
    groups = _choose_groups(session.script.index, asked)
    nearness = {group.number: _nearness(group, asked) for group in groups}
    likeness = {group.number: _likeness(group, asked, closely=False) for group in groups}
    for group in sorted(groups, key=lambda group: (_rate(nearness[group.number]), -likeness[group.number])):
        head = session.head(group)
        checks = tuple((pattern, find_difference(pattern, asked)) for pattern in group.all_patterns())
        yield Comparison(group.rules[-1] if head is None else head, checks, head is None)


def _rate(nearness: tuple[int, int]) -> tuple[bool, int, int]:
    """Put what differs in nothing first, then what holds in most, then what differs in least."""
    held, differing = nearness
    return differing < 0, -held, -differing


def _find_used_up(session: Session, asked: Candidate) -> NearMiss | None:
    """Look for rules that would have answered; when they all are used up, the script was too short."""
    for group in islice(session.script.index.candidates(asked), _LOOKED_AT):
        if session.head(group) is None and not _differences(group, asked):
            rule = session.script.index.rules[group.rules[-1]]
            others = f" and {len(group.rules) - 1} like it" if len(group.rules) > 1 else ""
            return NearMiss(
                "script_exhausted",
                f'Every rule that matches is used up: "{rule.name}"{others} answered {_times(rule.times)} already.',
                rule.name,
            )
    return None


def _times(times: int | None) -> str:
    return "once" if times == 1 else f"{times} times"


def _differences(group: Group, asked: Candidate) -> list[str]:
    return differences(group.patterns, asked)


def _choose_groups(index: Index, asked: Candidate) -> list[Group]:
    if len(index.groups) <= _LOOKED_AT:
        return list(index.groups)
    first = index.groups[:_OF_MANY]
    alike = islice(_sharing_words(index, asked), _OF_MANY)
    return list({group.number: group for group in (*first, *alike)}.values())


def _sharing_words(index: Index, asked: Candidate) -> Iterator[Group]:
    """Yield groups whose regular expressions have a word of the request, those with the rarest words first."""
    groups = index.by_word
    known = [groups[word] for word in dict.fromkeys(words(asked.prompt.user_text[:_READ])) if word in groups]
    for some in sorted(known, key=len):
        yield from some[:_OF_MANY]


def _closest(groups: list[Group], asked: Candidate) -> Group:
    nearness = [_nearness(group, asked) for group in groups]
    nearest = max(nearness)
    equal = [group for group, near in zip(groups, nearness, strict=True) if near == nearest]
    if len(equal) == 1:
        return equal[0]
    roughly = sorted(equal, key=lambda group: _likeness(group, asked, closely=False), reverse=True)
    return max(roughly[:_COMPARED_CLOSELY], key=lambda group: _likeness(group, asked, closely=True))


def _nearness(group: Group, asked: Candidate) -> tuple[int, int]:
    """Return how many of its words hold, and, below zero, how many do not."""
    held = [hold((pattern,), asked) for pattern in group.patterns if not isinstance(pattern, NotOwnResultPattern)]
    return sum(held), -held.count(False)


def _likeness(group: Group, asked: Candidate, *, closely: bool) -> float:
    """Return how alike the texts are that differ, from 0 to 1."""
    pairs = [pattern.texts(asked) for pattern in group.patterns if not hold((pattern,), asked)]
    ratios = [_ratio(pair, closely=closely) for pair in pairs if pair is not None]
    return sum(ratios) / len(pairs) if pairs else 0.0


def _ratio(pair: tuple[str, str], *, closely: bool) -> float:
    """Weigh the words that the text has of those that were looked for as much as how alike the letters are."""
    wanted, came = (words(text[: 4 * _LETTERS]) for text in pair)
    shared = len(set(wanted) & set(came)) / (len(set(wanted)) or 1)
    matcher = SequenceMatcher(None, " ".join(wanted)[:_LETTERS], " ".join(came)[:_LETTERS], autojunk=False)
    return (shared + (matcher.ratio() if closely else matcher.quick_ratio())) / 2
