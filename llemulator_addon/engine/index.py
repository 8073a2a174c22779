"""Which rules can answer a request, found without looking at each."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from llemulator_addon.script.asked import Asked, Pattern
from llemulator_addon.script.patterns.user_text import UserText
from llemulator_addon.script.regex import RegexSet
from llemulator_addon.script.rule import Rule


@dataclass(frozen=True, slots=True)
class Group:
    """Rules that answer the same requests. The first of them that is not used up does; the others wait."""

    number: int
    patterns: tuple[Pattern, ...]
    rules: tuple[int, ...]
    """Positions among all rules, rising."""


@dataclass(frozen=True)
class Index:
    """All rules of a session in the order written, grouped by what they match."""

    rules: tuple[Rule, ...] = ()

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """Return the groups, in the order of their first rules."""
        members: dict[str, list[int]] = {}
        for position, rule in enumerate(self.rules):
            members.setdefault(rule.condition, []).append(position)
        return tuple(
            Group(number, self.rules[positions[0]].patterns, tuple(positions))
            for number, positions in enumerate(members.values())
        )

    def candidates(self, asked: Asked) -> Iterator[Group]:
        """Yield the groups that may hold for a request, in no order; the others cannot."""
        yield from self._others
        texts, found = self._by_user_text
        for position in found.found(asked.prompt.user_text):
            yield from texts[position]

    @cached_property
    def _by_user_text(self) -> tuple[list[list[Group]], RegexSet]:
        """All regular expressions on the user's text are searched in one pass."""
        groups: dict[str, list[Group]] = {}
        for group in self.groups:
            if (regex := _user_text(group)) is not None:
                groups.setdefault(regex, []).append(group)
        return list(groups.values()), RegexSet(tuple(groups))

    @cached_property
    def _others(self) -> tuple[Group, ...]:
        return tuple(group for group in self.groups if _user_text(group) is None)


def _user_text(group: Group) -> str | None:
    return next((pattern.wanted for pattern in group.patterns if isinstance(pattern, UserText)), None)
