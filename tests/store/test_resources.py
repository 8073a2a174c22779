from llemulator_addon.core.resources import Kept
from llemulator_addon.engine.session import Session
from llemulator_addon.store.memory import MemoryStore


def _keep(session: Session) -> tuple[Session, None]:
    kept = Kept("response", f"resp_{session.turn}", {"id": session.turn})
    return session.changed(turn=session.turn + 1, resources=session.resources.put(kept)), None


def _kept(store: MemoryStore, tokens: str) -> list[int]:
    return [len(store.read(token).resources) for token in tokens]


def _store(limit: int) -> MemoryStore:
    return MemoryStore(lambda _: Session(), resources_limit=limit)


def test_where_all_tokens_store_too_much_the_session_not_used_for_longest_forgets_what_it_stored() -> None:
    store = _store(4)
    for token in "aabbac":
        store.change(token, _keep)

    assert _kept(store, "abc") == [3, 0, 1]
    assert store.read("b").turn == 2


def test_one_session_alone_keeps_what_it_may() -> None:
    store = _store(4)
    for _ in range(10):
        store.change("a", _keep)

    assert _kept(store, "a") == [10]


def test_a_session_that_is_forgotten_gives_its_share_back() -> None:
    store = _store(3)
    for _ in range(10):
        store.change("a", _keep)
        store.change("a", lambda _: (Session(), None))
    for token in "bbb":
        store.change(token, _keep)

    assert _kept(store, "ab") == [0, 3]
