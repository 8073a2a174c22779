"""Each kind of store, for the tests that all of them pass."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

from llemulator_addon.adapters.stores.address import read_address
from llemulator_addon.adapters.stores.redis import RedisBackend
from llemulator_addon.adapters.stores.shared import SharedStore
from llemulator_addon.adapters.stores.sqlite import SqliteBackend
from llemulator_addon.store.memory import MemoryStore
from llemulator_addon.store.port import Beginnings, Limits, Store
from tests.store.redis_server import shared_redis


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


class RedisPlace:
    """A server."""

    def __init__(self, url: str) -> None:
        self.url = url

    def open(self, beginnings: Beginnings, limits: Limits, ttl: float | None = None) -> Store:
        return SharedStore(RedisBackend(read_address(self.url), limits, ttl), beginnings)


@contextmanager
def _redis() -> Iterator[Place]:
    server = shared_redis()
    server.ask("FLUSHALL")
    yield RedisPlace(server.url)


STORES: dict[str, Callable[[], AbstractContextManager[Place]]] = {
    "memory": _memory,
    "sqlite": _sqlite,
    "redis": _redis,
}
