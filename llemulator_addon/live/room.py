"""The memory that requests may take together: while they arrive, and while they wait for a person, a turn or news."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from llemulator_addon.core.outcome import Ask
from llemulator_addon.core.request import Request
from llemulator_addon.core.sizes import size_of

_BYTES_OF_A_CONNECTION = 64 << 10
"""Bytes of a waiting request without its body, as measured: mostly its connection."""


class Room:
    """A bounded number of bytes. Not a value: it counts only the present. Any thread may ask it."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.taken = 0
        self._lock = Lock()

    def take(self, size: int) -> bool:
        """Take this number of bytes, or give some back; False: there is no room for them, and none is taken."""
        with self._lock:
            if size > 0 and self.taken + size > self.limit:
                return False
            self.taken += size
            return True

    def fits(self, size: int) -> bool:
        """Whether there is room for this number of bytes."""
        return self.taken + size <= self.limit

    @contextmanager
    def hold(self, size: int) -> Iterator[bool]:
        """Hold this number of bytes meanwhile; False: there is no room for them, and none is held."""
        if not self.take(size):
            yield False
            return
        try:
            yield True
        finally:
            self.take(-size)


class Share:
    """The share of one owner. It grows while something arrives, and ends with its owner at the latest."""

    __slots__ = ("_room", "size")

    def __init__(self, room: Room) -> None:
        self._room = room
        self.size = 0

    def grow_to(self, size: int) -> bool:
        """Hold this number of bytes in all; False: there is no room for them, and nothing changes."""
        if not self._room.take(size - self.size):
            return False
        self.size = size
        return True

    def give_back(self) -> None:
        """Have none any more. May be called again."""
        self._room.take(-self.size)
        self.size = 0

    def __del__(self) -> None:
        self.give_back()


def size_waiting(request: Request) -> int:
    """Return the bytes that a request takes while it waits to be read."""
    return _BYTES_OF_A_CONNECTION + len(request.path) + len(request.body)


def size_asked(ask: Ask, *, at_most: int) -> int:
    """Return the bytes that a request takes which waits for a person: it is read, and has its texts once more."""
    return size_waiting(ask.request) + 2 * size_of(ask.prompt.body, at_most=at_most)
