"""Which rules can answer a request, found without looking at each."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from itertools import chain

from llemulator_addon.script.pattern import Candidate, ExactKey, Key, Pattern, RegexKey
from llemulator_addon.script.patterns.endpoint import EndpointPattern
from llemulator_addon.script.patterns.path import PathPattern
from llemulator_addon.script.patterns.regex_pattern import RegexPattern
from llemulator_addon.script.regex_set import RegexSet
from llemulator_addon.script.rule import Rule


@dataclass(frozen=True, slots=True)
class Group:
    """Rules that answer the same requests. The first of them that is not used up does; the others wait."""

    number: int
    patterns: tuple[Pattern, ...]
    rules: tuple[int, ...]
    """Positions among all rules, rising."""
    priority: int = 0

    def all_patterns(self) -> Iterator[Pattern]:
        """Yield the patterns that must all hold, those within `all_of` too."""
        for pattern in self.patterns:
            yield from pattern.all_patterns()

    @property
    def names_path(self) -> bool:
        """Whether it names the path or the operation, and so may answer where no model speaks."""
        return any(isinstance(pattern, PathPattern | EndpointPattern) for pattern in self.patterns)


@dataclass(frozen=True)
class Index:
    """All rules of a session in the order written, grouped by what they match.

    Rules that act on connections are in no group.
    """

    rules: tuple[Rule, ...] = ()

    def prepare(self) -> None:
        """Compile all that requests need, which the first of them would have to wait for."""
        _ = self.names_paths, self._places

    @cached_property
    def size(self) -> int:
        """Bytes of memory that the rules take, and what finds them."""
        return sum(rule.size for rule in self.rules)

    @cached_property
    def digest(self) -> str:
        """Known by it: the same rules in the same order have the same."""
        written = [[rule.is_named, rule.written] for rule in self.rules]
        return sha256(json.dumps(written).encode()).hexdigest()

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """Return the groups, in the order of their first rules."""
        members: dict[tuple[int, str], list[int]] = {}
        for position, rule in enumerate(self.rules):
            if rule.connection is None:
                members.setdefault((rule.priority, rule.condition), []).append(position)
        return tuple(
            Group(number, self.rules[positions[0]].patterns, tuple(positions), priority)
            for number, ((priority, _), positions) in enumerate(members.items())
        )

    @cached_property
    def names_paths(self) -> bool:
        """Whether any group does."""
        return any(group.names_path for group in self.groups)

    @cached_property
    def by_word(self) -> Mapping[str, list[Group]]:
        """Return the groups by the words of their regular expressions."""
        found: defaultdict[str, list[Group]] = defaultdict(list)
        for group in self.groups:
            keys = (key for pattern in group.all_patterns() for key in pattern.index_keys())
            for word in {word for key in keys if isinstance(key, RegexKey) for word in words(key.regex)}:
                found[word].append(group)
        return found

    def candidates(self, asked: Candidate) -> Iterable[Group]:
        """Return the groups that may hold for a request, in no order; the others cannot.

        The cost depends on how many they are, not on how many rules there are.
        """
        return {group.number: group for group in self._candidates(asked)}.values()

    def _candidates(self, asked: Candidate) -> Iterator[Group]:
        places = self._places
        yield from places.nowhere
        for where, by_value in places.values.items():
            for value in where(asked):
                yield from by_value.get(value, ())
        for look, (regexes, found) in places.texts.items():
            for text in look(asked):
                for position in regexes.find_candidates(text):
                    yield from found[position]

    def is_certain(self, group: Group) -> bool:
        """Whether a group that is among the candidates holds, without looking at it again."""
        return group.number in self._places.certain

    @cached_property
    def _places(self) -> "_Places":
        return _Places.place(self.groups)


def words(text: str) -> list[str]:
    """Return the words of a text, or of a regular expression, whose signs are no letters."""
    return "".join(letter if letter.isalnum() else " " for letter in text.lower()).split()


@dataclass(frozen=True, slots=True)
class _Places:
    """Where to look in a request, and which groups stand under what is found there."""

    nowhere: tuple[Group, ...]
    """Groups that have to be looked at each time."""
    values: Mapping[Callable[[Candidate], Iterable[Hashable]], Mapping[Hashable, tuple[Group, ...]]]
    texts: Mapping[Callable[[Candidate], Iterable[str]], tuple[RegexSet, tuple[tuple[Group, ...], ...]]]
    certain: frozenset[int]
    """Numbers of the groups that hold where they are found: a single regular expression, which was searched."""

    @classmethod
    def place(cls, groups: tuple[Group, ...]) -> "_Places":
        """Put each group under the keys that it shares with the fewest others."""
        shared = Counter(key for group in groups for pattern in group.all_patterns() for key in pattern.index_keys())
        nowhere: list[Group] = []
        by_key: defaultdict[Key, list[Group]] = defaultdict(list)
        for group in groups:
            keys = _most_telling(group, shared)
            for key in keys:
                by_key[key].append(group)
            if not keys:
                nowhere.append(group)
        texts = _texts(by_key)
        return cls(tuple(nowhere), _values(by_key), texts, frozenset(_certain(texts.values())))


def _most_telling(group: Group, shared: Counter[Key]) -> tuple[Key, ...]:
    """Choose among the group's patterns; of equal ones the one that is looked up and not searched."""
    all_keys = [keys for pattern in group.all_patterns() if (keys := pattern.index_keys())]
    return min(all_keys, key=lambda keys: (sum(shared[key] for key in keys), isinstance(keys[0], RegexKey)), default=())


def _values(
    by_key: Mapping[Key, list[Group]],
) -> dict[Callable[[Candidate], Iterable[Hashable]], dict[Hashable, tuple[Group, ...]]]:
    places: defaultdict[Callable[[Candidate], Iterable[Hashable]], dict[Hashable, tuple[Group, ...]]] = defaultdict(
        dict
    )
    for key, groups in by_key.items():
        if isinstance(key, ExactKey):
            places[key.where][key.value] = tuple(groups)
    return dict(places)


def _texts(
    by_key: Mapping[Key, list[Group]],
) -> dict[Callable[[Candidate], Iterable[str]], tuple[RegexSet, tuple[tuple[Group, ...], ...]]]:
    places: defaultdict[Callable[[Candidate], Iterable[str]], dict[str, tuple[Group, ...]]] = defaultdict(dict)
    for key, groups in by_key.items():
        if isinstance(key, RegexKey):
            places[key.where][key.regex] = tuple(groups)
    return {where: (RegexSet(tuple(found)), tuple(found.values())) for where, found in places.items()}


def _certain(texts: Iterable[tuple[RegexSet, tuple[tuple[Group, ...], ...]]]) -> Iterator[int]:
    for regexes, found in texts:
        certain = (groups for position, groups in enumerate(found) if position not in regexes.not_certain)
        for group in chain.from_iterable(certain):
            if len(group.patterns) == 1 and isinstance(group.patterns[0], RegexPattern):
                yield group.number
