"""Each kind of store, for the tests that all of them pass."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

from llemulator_addon.adapters.stores.address import read_address
from llemulator_addon.adapters.stores.backend import Backend
from llemulator_addon.adapters.stores.redis import RedisBackend
from llemulator_addon.adapters.stores.shared import SharedStore
from llemulator_addon.adapters.stores.shared_link import SharedLink
from llemulator_addon.adapters.stores.sqlite import SqliteBackend
from llemulator_addon.store.link import Link
from llemulator_addon.store.memory import MemoryStore
from llemulator_addon.store.memory_link import Meeting, MemoryLink
from llemulator_addon.store.port import Beginnings, Limits, Store
from tests.store.redis_server import shared_redis

LONG = 60.0
"""Seconds that leases last after their process in tests that do not try that: no busy machine is as slow."""


class Place(Protocol):
    """Where sessions are kept."""

    def open_link(self, life: float = LONG) -> AbstractAsyncContextManager[Link]:
        """Open the link of one more process, whose leases last for so many seconds after it."""
        ...

    def open(self, beginnings: Beginnings, limits: Limits, ttl: float | None = None) -> Store:
        """Open the store, as one more process does."""
        ...


class _Memory:
    def __init__(self) -> None:
        self._meeting = Meeting()

    @asynccontextmanager
    async def open_link(self, life: float = LONG) -> AsyncIterator[Link]:
        del life  # a process that shares its memory ends with all others
        link = MemoryLink(self._meeting)
        yield link
        await link.close()

    def open(self, beginnings: Beginnings, limits: Limits, ttl: float | None = None) -> Store:
        assert ttl is None
        return MemoryStore(beginnings, limits)


@asynccontextmanager
async def _linked(backend: Backend, life: float) -> AsyncIterator[Link]:
    link = SharedLink(backend.link, life)
    yield link
    await link.close()
    await backend.close()


class SqlitePlace:
    """A file."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def open_link(self, life: float = LONG) -> AbstractAsyncContextManager[Link]:
        return _linked(SqliteBackend(self.file, Limits(), None), life)

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

    def open_link(self, life: float = LONG) -> AbstractAsyncContextManager[Link]:
        return _linked(RedisBackend(read_address(self.url), Limits(), None), life)

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
