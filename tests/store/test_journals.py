from dataclasses import replace

from llemulator_addon.core.request import Request
from llemulator_addon.core.steps import Head
from llemulator_addon.engine.journal import Journal
from llemulator_addon.engine.session import Session
from llemulator_addon.store.memory import MemoryStore
from llemulator_addon.store.port import Limits
from llemulator_addon.wire.credentials import key_of

_SIZE = Journal().record(Request(method="GET", path="/"), (Head(200),)).size


def _record(session: Session) -> tuple[Session, None]:
    journal = session.journal.record(Request(method="GET", path="/"), (Head(200),))
    return replace(session, turn=session.turn + 1, journal=journal), None


async def _kept(store: MemoryStore, tokens: str) -> list[int]:
    return [len(list((await store.read(key_of(token))).journal)) for token in tokens]


def _store(*, entries: int, sessions: int = 1000) -> MemoryStore:
    limit = sessions * Session().size
    return MemoryStore(lambda _: Session(), Limits(sessions=limit, journals=entries * _SIZE))


async def test_where_all_journals_take_too_much_the_one_not_used_for_longest_is_emptied() -> None:
    store = _store(entries=4)
    for token in "aabbac":
        await store.change(key_of(token), _record)

    assert await _kept(store, "abc") == [3, 0, 1]


async def test_an_emptied_journal_leaves_the_session_as_it_is() -> None:
    store = _store(entries=2)
    for token in "aabb":
        await store.change(key_of(token), _record)

    assert [
        ((await store.read(key_of(token))).turn, (await store.read(key_of(token))).journal.recorded) for token in "ab"
    ] == [
        (2, 2),
        (2, 2),
    ]
    assert await _kept(store, "ab") == [0, 2]


async def test_what_a_forgotten_session_took_is_free_again() -> None:
    store = _store(entries=3, sessions=1)
    for token in "abcdefgh":
        await store.change(key_of(token), _record)
    for _ in range(2):
        await store.change(key_of("h"), _record)

    assert await _kept(store, "h") == [3]


async def test_a_reset_gives_back_what_the_journal_took() -> None:
    store = _store(entries=3)
    for _ in range(10):
        await store.change(key_of("a"), _record)
        await store.change(key_of("a"), lambda _: (Session(), None))
    for _ in range(3):
        await store.change(key_of("b"), _record)

    assert await _kept(store, "ab") == [0, 3]
