"""Changes of one session that wait for each other in one process are written together."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import override

import pytest

from llemulator_addon.adapters.stores.backend import Save, Saved
from llemulator_addon.adapters.stores.shared import SharedStore
from llemulator_addon.adapters.stores.sqlite import SqliteBackend
from llemulator_addon.engine.session import Session
from llemulator_addon.store.port import Beginnings, Limits
from llemulator_addon.wire.credentials import key_of

_KEY = key_of("sk-one-1234")


class _Counting(SqliteBackend):
    saves = 0

    @override
    async def save(self, save: Save) -> Saved:
        self.saves += 1
        return await super().save(save)


@pytest.fixture
def backend(tmp_path: Path) -> _Counting:
    return _Counting(tmp_path / "sessions.db", Limits(), ttl=None)


@pytest.fixture
async def store(backend: _Counting) -> AsyncIterator[SharedStore]:
    store = SharedStore(backend, Beginnings(lambda key: Session(key=key), lambda key: Session(key=key)))
    await store.change(_KEY, _count)
    yield store
    await store.close()


def _count(session: Session) -> tuple[Session, int]:
    return session.change(turn=session.turn + 1), session.turn


def _fail(_: Session) -> tuple[Session, int]:
    raise KeyError("wrong")


async def test_changes_that_wait_are_written_eight_at_a_time(store: SharedStore, backend: _Counting) -> None:
    before = backend.saves
    counted = await asyncio.gather(*(store.change(_KEY, _count) for _ in range(17)))

    # The first goes alone, because nobody waits yet.
    assert (sorted(counted), backend.saves - before) == (list(range(1, 18)), 3)


async def test_a_client_that_leaves_while_it_waits_changes_nothing_and_stops_nobody(store: SharedStore) -> None:
    changes = [asyncio.create_task(store.change(_KEY, _count)) for _ in range(4)]
    await asyncio.sleep(0)
    # The first is being written, the second waits.
    for each in changes[:2]:
        each.cancel()
    results = await asyncio.gather(*changes, return_exceptions=True)

    assert [isinstance(each, asyncio.CancelledError) for each in results] == [True, True, False, False]
    assert results[2:] == [2, 3]


async def test_a_change_that_fails_fails_alone(store: SharedStore) -> None:
    work = (_count, _count, _fail, _count)
    results = await asyncio.gather(*(store.change(_KEY, each) for each in work), return_exceptions=True)

    assert [repr(each) for each in results] == ["1", "2", "KeyError('wrong')", "3"]


async def test_changes_that_lost_a_race_are_all_made_again(store: SharedStore, tmp_path: Path) -> None:
    other = SharedStore(
        SqliteBackend(tmp_path / "sessions.db", Limits(), ttl=None),
        Beginnings(lambda key: Session(key=key), lambda key: Session(key=key)),
    )
    counted = await asyncio.gather(*(each.change(_KEY, _count) for _ in range(20) for each in (store, other)))

    assert sorted(counted) == list(range(1, 41))
    await other.close()
