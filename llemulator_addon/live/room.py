"""What requests may take in memory together: while they arrive, and while they wait for a person, a turn or news."""

from collections.abc import Iterator
from contextlib import contextmanager

from llemulator_addon.core.outcome import Ask
from llemulator_addon.core.request import Request
from llemulator_addon.core.sizes import size_of

_BYTES_OF_A_CONNECTION = 64 << 10
"""What one that waits takes beside its body, as measured: its connection above all."""


class Room:
    """Room of so many bytes. Not a value: it belongs to the event loop, and counts only what is there now."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.taken = 0

    @contextmanager
    def held(self, size: int) -> Iterator[bool]:
        """Hold so many bytes meanwhile; False: there is no room for them, and none is held."""
        if self.taken + size > self.limit:
            yield False
            return
        self.taken += size
        try:
            yield True
        finally:
            self.taken -= size


class Share:
    """What one has of a room. It grows while something arrives, and goes back with its owner at the latest."""

    __slots__ = ("_room", "size")

    def __init__(self, room: Room) -> None:
        self._room = room
        self.size = 0

    def grow_to(self, size: int) -> bool:
        """Have so many bytes; False: there is no room for them, and all is as it was."""
        more = size - self.size
        if more > 0 and self._room.taken + more > self._room.limit:
            return False
        self._room.taken += more
        self.size = size
        return True

    def give_back(self) -> None:
        """Have none any more. May be called again."""
        self._room.taken -= self.size
        self.size = 0

    def __del__(self) -> None:
        self.give_back()


def size_waiting(request: Request) -> int:
    """Return the bytes that a request takes while it waits to be read."""
    return _BYTES_OF_A_CONNECTION + len(request.path) + len(request.body)


def size_asked(ask: Ask, *, at_most: int) -> int:
    """Return the bytes that a request takes which waits for a person: it is read, and has its texts once more."""
    return size_waiting(ask.request) + 2 * size_of(ask.prompt.body, at_most=at_most)
