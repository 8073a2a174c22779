"""Owners take turns: one that has much waiting does not hold up the others."""

from collections import OrderedDict, deque


class FairQueue[T]:
    """A queue of items, each with its owner. Owners take turns, and the items of one keep their order."""

    def __init__(self) -> None:
        """Nothing waits."""
        self._waiting: OrderedDict[str, deque[T]] = OrderedDict()
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, owner: str, item: T) -> None:
        """Add an item behind the others of its owner."""
        self._waiting.setdefault(owner, deque()).append(item)
        self._count += 1

    def take(self) -> T:
        """Take the first item of the owner whose turn it is. Raises KeyError if there is none."""
        owner, items = self._waiting.popitem(last=False)
        item = items.popleft()
        if items:
            self._waiting[owner] = items
        self._count -= 1
        return item
