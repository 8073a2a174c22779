"""Changes that wait for each other in one process are written together: of one session, and of several."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, override

import pytest

from llemulator_addon.adapters.stores.backend import Save, Saved
from llemulator_addon.adapters.stores.shared import SharedStore
from llemulator_addon.adapters.stores.sqlite import SqliteBackend
from llemulator_addon.engine.session import Session
from llemulator_addon.store.port import Beginnings, Limits, StoreFailed
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


class _Committing(SqliteBackend):
    """Counts the transactions that write."""

    transactions = 0

    @override
    def _transact(self, jobs: Sequence[Any]) -> list[object]:
        self.transactions += any(job.begin != "BEGIN" for job in jobs)
        return super()._transact(jobs)


@pytest.fixture
async def several(tmp_path: Path) -> AsyncIterator[tuple[SharedStore, _Committing]]:
    backend = _Committing(tmp_path / "several.db", Limits(), ttl=None)
    store = SharedStore(backend, Beginnings(lambda key: Session(key=key), lambda key: Session(key=key)))
    for key in _KEYS:
        await store.change(key, _count)
    yield store, backend
    await store.close()


_KEYS = [key_of(f"sk-several-{number}") for number in range(40)]


async def test_changes_of_several_sessions_at_once_are_written_sixteen_at_a_time(
    several: tuple[SharedStore, _Committing],
) -> None:
    store, backend = several
    before = backend.transactions
    counted = await asyncio.gather(*(store.change(key, _count) for key in _KEYS))

    assert (counted, backend.transactions - before) == ([1] * 40, 3)


async def test_a_session_that_cannot_be_written_fails_alone(
    several: tuple[SharedStore, _Committing], tmp_path: Path
) -> None:
    store, _ = several
    broken = _KEYS[3]
    with closing(sqlite3.connect(tmp_path / "several.db")) as other:
        other.execute(
            "CREATE TRIGGER broken BEFORE UPDATE ON sessions WHEN new.key LIKE '" + broken.digest + "%' "
            "BEGIN SELECT RAISE(ABORT, 'it is broken'); END"
        )
    counted = await asyncio.gather(*(store.change(key, _count) for key in _KEYS[:8]), return_exceptions=True)

    assert [each for each in counted if each != 1] == [counted[3]]
    assert isinstance(counted[3], StoreFailed)
    assert "it is broken" in str(counted[3])
    assert [(await store.read(key)).turn for key in _KEYS[:8]] == [2, 2, 2, 1, 2, 2, 2, 2]


async def test_a_client_that_leaves_stops_nobody_whose_session_is_written_with_its_own(
    several: tuple[SharedStore, _Committing],
) -> None:
    store, _ = several
    leaves, stays = (asyncio.create_task(store.change(key, _count)) for key in _KEYS[:2])
    await asyncio.sleep(0)
    leaves.cancel()

    assert await stays == 1
    assert await store.change(_KEYS[0], _count) == 2
