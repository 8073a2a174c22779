"""The items of a Realtime conversation, in their order."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from llemulator_addon.wire.realtime.items import RealtimeItem

ROOT = "root"
"""Names the place before the first item."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RealtimeConversation:
    """A value. The oldest items are dropped where all together are too large, as OpenAI truncates a conversation."""

    most_bytes: int
    items: tuple[RealtimeItem, ...] = ()
    size: int = 0

    def __iter__(self) -> Iterator[RealtimeItem]:
        return iter(self.items)

    def find(self, item_id: str) -> RealtimeItem | None:
        """Return an item."""
        at = self._place(item_id)
        return None if at is None else self.items[at]

    def _place(self, item_id: str) -> int | None:
        # Mostly it is one of the last.
        return next((at for at in range(len(self.items) - 1, -1, -1) if self.items[at].id == item_id), None)

    @property
    def last_id(self) -> str | None:
        """The id of the last item."""
        return self.items[-1].id if self.items else None

    def find_previous(self, item_id: str) -> str | None:
        """Return the id of the item before an item."""
        at = self._place(item_id)
        return self.items[at - 1].id if at else None

    def id_before(self, after: str | None) -> str | None:
        """Return the id of the item behind which a new one comes; None: before all. Raises LookupError."""
        if after is None:
            return self.last_id
        if after == ROOT:
            return None
        if self._place(after) is None:
            raise LookupError(after)
        return after

    def put(self, item: RealtimeItem, before: str | None) -> "RealtimeConversation":
        """Return it with an item behind the one named `before`; one that is there is replaced."""
        if (at := self._place(item.id)) is not None:
            items = (*self.items[:at], item, *self.items[at + 1 :])
            return replace(self, items=items, size=self.size + item.size - self.items[at].size)
        place = None if before is None else self._place(before)
        if before == self.last_id:
            items = (*self.items, item)
        else:
            at = 0 if place is None else place + 1
            items = (*self.items[:at], item, *self.items[at:])
        size = self.size + item.size
        while size > self.most_bytes and len(items) > 1:
            size -= items[0].size
            items = items[1:]
        return replace(self, items=items, size=size)

    def remove(self, item_id: str) -> "RealtimeConversation":
        """Return it without an item that is there."""
        at = self._place(item_id)
        if at is None:
            return self
        return replace(self, items=(*self.items[:at], *self.items[at + 1 :]), size=self.size - self.items[at].size)
