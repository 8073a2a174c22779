from dataclasses import replace

from llemulator_addon.core.request import Request
from llemulator_addon.core.steps import Head
from llemulator_addon.engine.journal import Journal
from llemulator_addon.engine.session import Session
from llemulator_addon.store.memory import MemoryStore
from llemulator_addon.wire.credentials import key_of

_SIZE = Journal().record(Request(method="GET", path="/"), (Head(200),)).size


def _record(session: Session) -> tuple[Session, None]:
    journal = session.journal.record(Request(method="GET", path="/"), (Head(200),))
    return replace(session, turn=session.turn + 1, journal=journal), None


def _kept(store: MemoryStore, tokens: str) -> list[int]:
    return [len(list(store.read(key_of(token)).journal)) for token in tokens]


def _store(*, entries: int, sessions: int = 1000) -> MemoryStore:
    limit = sessions * Session().size
    return MemoryStore(lambda _: Session(), sessions_limit=limit, journals_limit=entries * _SIZE)


def test_where_all_journals_take_too_much_the_one_not_used_for_longest_is_emptied() -> None:
    store = _store(entries=4)
    for token in "aabbac":
        store.change(key_of(token), _record)

    assert _kept(store, "abc") == [3, 0, 1]


def test_an_emptied_journal_leaves_the_session_as_it_is() -> None:
    store = _store(entries=2)
    for token in "aabb":
        store.change(key_of(token), _record)

    assert [(store.read(key_of(token)).turn, store.read(key_of(token)).journal.recorded) for token in "ab"] == [
        (2, 2),
        (2, 2),
    ]
    assert _kept(store, "ab") == [0, 2]


def test_what_a_forgotten_session_took_is_free_again() -> None:
    store = _store(entries=3, sessions=1)
    for token in "abcdefgh":
        store.change(key_of(token), _record)
    for _ in range(2):
        store.change(key_of("h"), _record)

    assert _kept(store, "h") == [3]


def test_a_reset_gives_back_what_the_journal_took() -> None:
    store = _store(entries=3)
    for _ in range(10):
        store.change(key_of("a"), _record)
        store.change(key_of("a"), lambda _: (Session(), None))
    for _ in range(3):
        store.change(key_of("b"), _record)

    assert _kept(store, "ab") == [0, 3]
