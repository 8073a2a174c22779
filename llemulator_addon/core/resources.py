"""The objects that a token has stored with OpenAI: responses, conversations, stored completions, files."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from rpds import HashTrieMap

from llemulator_addon.core.changes import Changes
from llemulator_addon.core.server_settings import DEFAULTS
from llemulator_addon.core.sizes import size_of

Value = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Kept:
    """A resource to keep: its kind, its id, and its value, which is never changed."""

    kind: str
    id: str
    value: Value


class TooLarge(Exception):
    """A resource would take more memory than the limit."""


class _Sized(NamedTuple):
    kept: Kept
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """Resources by kind and id, in the order in which they were created. Bounded: the oldest are dropped.

    A value: each change makes a new one, at a cost that does not grow with what is kept.
    """

    size_limit: int = DEFAULTS.stored_size
    """Bytes of memory that they may take together."""
    size: int = 0
    """Bytes of memory that they take, about. A text that two of them share is counted for each: either may go first."""
    _numbers: "HashTrieMap[tuple[str, str], int]" = field(default_factory=HashTrieMap)
    _values: "HashTrieMap[int, _Sized]" = field(default_factory=HashTrieMap)
    _by_kind: "HashTrieMap[str, HashTrieMap[int, str]]" = field(default_factory=HashTrieMap)
    _oldest: int = 0
    _next: int = 0
    changes: Changes | None = field(default=None, compare=False)
    """Of the numbers of resources."""

    def __len__(self) -> int:
        return len(self._values)

    def __iter__(self) -> Iterator[Kept]:
        """Yield all resources, oldest first."""
        for number in sorted(self._values):
            yield self._values[number].kept

    def get(self, kind: str, resource_id: str) -> Value | None:
        """Return a resource's value, or None."""
        number = self._numbers.get((kind, resource_id))
        return None if number is None else self._values[number].kept.value

    def put(self, *resources: Kept) -> "Resources":
        """Keep resources; one that is there already keeps its place in the order. The oldest others are dropped.

        Raises `TooLarge`, where these alone take more than there may be.
        """
        if not resources:
            return self
        sized = self._measure(resources)
        changed = self
        for each in sized:
            changed = changed._put(each)
        return changed.drop_oldest(resources)

    def remove(self, kind: str, resource_id: str) -> "Resources":
        """Forget a resource, if it is there."""
        number = self._numbers.get((kind, resource_id))
        return self if number is None else self._remove(number)

    def list_kind(self, kind: str) -> Iterator[Value]:
        """Yield the values of a kind, oldest first."""
        for number in sorted(self._by_kind.get(kind, _EMPTY)):
            yield self._values[number].kept.value

    def items_of(self, kind: str) -> Iterator[tuple[str, Value]]:
        """Yield the ids and the values of a kind, oldest first."""
        for number, resource_id in sorted(self._by_kind.get(kind, _EMPTY).items()):
            yield resource_id, self._values[number].kept.value

    def find_number(self, number: int) -> Kept | None:
        """Return the resource of a number, if it is kept; they are counted as they are created."""
        sized = self._values.get(number)
        return None if sized is None else sized.kept

    def measure_number(self, number: int) -> int:
        """Return the bytes of memory that the resource of a number takes, about; 0 if it is not kept."""
        sized = self._values.get(number)
        return 0 if sized is None else sized.size

    @property
    def numbers(self) -> Iterable[int]:
        """The numbers of all that are kept, in no order."""
        return self._values

    @property
    def next_number(self) -> int:
        """The number that the next one gets."""
        return self._next

    def restore(self, numbered: Mapping[int, Kept | None], *, next_number: int, changes: Changes) -> "Resources":
        """Return these with some put at their numbers again, and some removed (None), and with other `changes`.

        Above the bound the oldest are dropped, and those that are too large alone.
        """
        changed = self
        for number, kept in sorted(numbered.items()):
            if number in changed._values:
                changed = changed._remove(number)
            if kept is not None:
                changed = changed._put(_Sized(kept, self._size_of(kept)), number)  # noqa: SLF001 - of the same class
        numbers = [number for number, kept in numbered.items() if kept is not None]
        oldest = min([*numbers, self._oldest] if self._values else numbers, default=next_number)
        restored = replace(changed, changes=changes, _next=next_number, _oldest=oldest)
        return restored.drop_oldest(())

    def settle(self, changes: Changes) -> "Resources":
        """Return them with other changes."""
        return replace(self, changes=changes)

    def empty(self) -> "Resources":
        """Return none, within the same bound."""
        return Resources(size_limit=self.size_limit)

    def _measure(self, resources: tuple[Kept, ...]) -> list["_Sized"]:
        sized, size = [], 0
        for kept in resources:
            takes = self._size_of(kept)
            sized.append(_Sized(kept, takes))
            if (size := size + takes) > self.size_limit:
                raise TooLarge
        return sized

    def _size_of(self, kept: Kept) -> int:
        return _BYTES_OF_A_RESOURCE + len(kept.id) + size_of(kept.value, at_most=self.size_limit)

    def _note(self, number: int) -> Changes | None:
        return None if self.changes is None else self.changes.add("resources", number)

    def _put(self, sized: "_Sized", place: int | None = None) -> "Resources":
        kept = sized.kept
        number = self._numbers.get((kept.kind, kept.id))
        if number is not None:
            size = self.size + sized.size - self._values[number].size
            return replace(self, size=size, _values=self._values.insert(number, sized), changes=self._note(number))
        number = self._next if place is None else place
        of_kind = self._by_kind.get(kept.kind, _EMPTY).insert(number, kept.id)
        return replace(
            self,
            size=self.size + sized.size,
            _numbers=self._numbers.insert((kept.kind, kept.id), number),
            _values=self._values.insert(number, sized),
            _by_kind=self._by_kind.insert(kept.kind, of_kind),
            _next=max(self._next, number + 1),
            changes=self._note(number),
        )

    def _remove(self, number: int) -> "Resources":
        kept, size = self._values[number]
        of_kind = self._by_kind[kept.kind].remove(number)
        return replace(
            self,
            size=self.size - size,
            _numbers=self._numbers.remove((kept.kind, kept.id)),
            _values=self._values.remove(number),
            _by_kind=self._by_kind.insert(kept.kind, of_kind) if of_kind else self._by_kind.remove(kept.kind),
            changes=self._note(number),
        )

    def drop_oldest(self, newest: tuple[Kept, ...]) -> "Resources":
        """Return them without the oldest, as long as they are too large. The newest stay, whatever their place."""
        if self.size <= self.size_limit:
            return self
        changed, oldest = self, self._oldest
        stay = {self._numbers[kept.kind, kept.id] for kept in newest}
        while changed.size > self.size_limit:
            if oldest in changed._values and oldest not in stay:
                changed = changed._remove(oldest)
            oldest += 1
        return replace(changed, _oldest=min((oldest, *stay)))


_EMPTY: "HashTrieMap[int, str]" = HashTrieMap()

_BYTES_OF_A_RESOURCE = 600
"""Of what finds a resource again, as measured."""
