"""What sessions take of something that is bounded for all of them together."""

from collections import OrderedDict
from collections.abc import Sequence


class Shares:
    """Above the limit, those who did not use theirs for longest have to give it up; the last one keeps it."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._total = 0
        self._taken: OrderedDict[bytes, int] = OrderedDict()

    def take(self, key: bytes, size: int) -> Sequence[bytes]:
        """Note how much one takes now, and return those who give up theirs for that."""
        before = self._taken.pop(key, 0)
        if size:
            self._taken[key] = size
        self._total += size - before
        return self._making_room() if self._total > self._limit else ()

    def _making_room(self) -> list[bytes]:
        giving_up: list[bytes] = []
        while self._total > self._limit and len(self._taken) > 1:
            key, size = self._taken.popitem(last=False)
            self._total -= size
            giving_up.append(key)
        return giving_up
