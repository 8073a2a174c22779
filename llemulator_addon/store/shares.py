"""The shares of sessions in memory that is bounded for all of them together."""

from collections import OrderedDict
from collections.abc import Collection, Sequence

from llemulator_addon.core.session_key import SessionKey


class Shares:
    """Above the limit, those who did not use theirs for longest have to give it up; the last one keeps it."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.total = 0
        """The sum of all shares."""
        self._taken: tuple[OrderedDict[SessionKey, int], ...] = (OrderedDict(), OrderedDict())
        """Of those who give up theirs first, and of those who do so only when no other is left."""

    @property
    def reluctant(self) -> Collection[SessionKey]:
        """Those who give up theirs only when no other is left."""
        return self._taken[True].keys()

    def take(self, key: SessionKey, size: int, *, reluctantly: bool = False) -> Sequence[SessionKey]:
        """Note how much one takes now, and return those who give up theirs for that."""
        own, other = self._taken[reluctantly], self._taken[not reluctantly]
        before = own.pop(key, None)
        if before is None:
            before = other.pop(key, 0)
        if size:
            own[key] = size
        self.total += size - before
        return self._making_room(key) if self.total > self.limit else ()

    def _making_room(self, newest: SessionKey) -> list[SessionKey]:
        giving_up: list[SessionKey] = []
        for taken in self._taken:
            while self.total > self.limit and taken and (oldest := next(iter(taken))) != newest:
                self.total -= taken.pop(oldest)
                giving_up.append(oldest)
        return giving_up
