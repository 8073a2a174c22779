"""Each kind of store, for the tests that all of them pass."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

from llemulator_addon.adapters.stores.shared import SharedStore
from llemulator_addon.adapters.stores.sqlite import SqliteBackend
from llemulator_addon.store.memory import MemoryStore
from llemulator_addon.store.port import Beginnings, Limits, Store


class Place(Protocol):
    """Where sessions are kept."""

    def open(self, beginnings: Beginnings, limits: Limits, ttl: float | None = None) -> Store:
        """Open the store, as one more process does."""
        ...


class _Memory:
    def open(self, beginnings: Beginnings, limits: Limits, ttl: float | None = None) -> Store:
        assert ttl is None
        return MemoryStore(beginnings, limits)


class SqlitePlace:
    """A file."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def open(self, beginnings: Beginnings, limits: Limits, ttl: float | None = None) -> Store:
        return SharedStore(SqliteBackend(self.file, limits, ttl), beginnings)


@contextmanager
def _memory() -> Iterator[Place]:
    yield _Memory()


@contextmanager
def _sqlite() -> Iterator[Place]:
    with TemporaryDirectory() as folder:
        yield SqlitePlace(Path(folder) / "sessions.db")


STORES: dict[str, Callable[[], AbstractContextManager[Place]]] = {"memory": _memory, "sqlite": _sqlite}
