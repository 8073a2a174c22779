"""What a token has stored with OpenAI: responses, conversations, stored completions, files."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from rpds import HashTrieMap

Value = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Kept:
    """A resource to keep: its kind, its id, and its value, which is never changed."""

    kind: str
    id: str
    value: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """Resources by kind and id, in the order in which they were created. Bounded: the oldest make room.

    A value: each change makes a new one, at a cost that does not grow with what is kept.
    """

    limit: int = 10_000
    _numbers: "HashTrieMap[tuple[str, str], int]" = field(default_factory=HashTrieMap)
    _values: "HashTrieMap[int, Kept]" = field(default_factory=HashTrieMap)
    _by_kind: "HashTrieMap[str, HashTrieMap[int, str]]" = field(default_factory=HashTrieMap)
    _oldest: int = 0
    _next: int = 0

    def __len__(self) -> int:
        return len(self._values)

    def get(self, kind: str, resource_id: str) -> Value | None:
        """Return a resource's value, or None."""
        number = self._numbers.get((kind, resource_id))
        return None if number is None else self._values[number].value

    def put(self, *resources: Kept) -> "Resources":
        """Keep resources; one that is there already keeps its place in the order."""
        changed = self
        for kept in resources:
            changed = changed._put(kept)
        return changed

    def remove(self, kind: str, resource_id: str) -> "Resources":
        """Forget a resource, if it is there."""
        number = self._numbers.get((kind, resource_id))
        return self if number is None else self._remove(number)

    def of_kind(self, kind: str) -> Iterator[Value]:
        """Yield the values of a kind, oldest first."""
        for number in sorted(self._by_kind.get(kind, _EMPTY)):
            yield self._values[number].value

    def _put(self, kept: Kept) -> "Resources":
        number = self._numbers.get((kept.kind, kept.id))
        if number is not None:
            return replace(self, _values=self._values.insert(number, kept))
        number = self._next
        of_kind = self._by_kind.get(kept.kind, _EMPTY).insert(number, kept.id)
        added = replace(
            self,
            _numbers=self._numbers.insert((kept.kind, kept.id), number),
            _values=self._values.insert(number, kept),
            _by_kind=self._by_kind.insert(kept.kind, of_kind),
            _next=number + 1,
        )
        return added.bounded()

    def _remove(self, number: int) -> "Resources":
        kept = self._values[number]
        of_kind = self._by_kind[kept.kind].remove(number)
        return replace(
            self,
            _numbers=self._numbers.remove((kept.kind, kept.id)),
            _values=self._values.remove(number),
            _by_kind=self._by_kind.insert(kept.kind, of_kind) if of_kind else self._by_kind.remove(kept.kind),
        )

    def bounded(self) -> "Resources":
        """Return them without the oldest where they are more than the limit."""
        if len(self._values) <= self.limit:
            return self
        oldest = self._oldest
        while oldest not in self._values:
            oldest += 1
        return replace(self._remove(oldest), _oldest=oldest + 1)


_EMPTY: "HashTrieMap[int, str]" = HashTrieMap()
