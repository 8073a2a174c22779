from llemulator_addon.core.resources import Kept, Resources
from llemulator_addon.engine.session import Session
from llemulator_addon.store.memory import MemoryStore
from llemulator_addon.store.port import Limits
from llemulator_addon.wire.credentials import key_of


def _kept(number: int) -> Kept:
    return Kept("response", f"resp_{number}", {"id": number})


_SIZE = Resources().put(_kept(0)).size


def _keep(session: Session) -> tuple[Session, None]:
    return session.change(turn=session.turn + 1, resources=session.resources.put(_kept(session.turn))), None


async def _numbers(store: MemoryStore, tokens: str) -> list[int]:
    return [len((await store.read(key_of(token))).resources) for token in tokens]


def _store(resources: int, *, of_one: int = 100) -> MemoryStore:
    session = Session(resources=Resources(size_limit=of_one * _SIZE))
    return MemoryStore(lambda _: session, Limits(stored=resources * _SIZE))


async def test_where_all_tokens_store_too_much_the_session_not_used_for_longest_forgets_what_it_stored() -> None:
    store = _store(4)
    for token in "aabbac":
        await store.change(key_of(token), _keep)

    assert await _numbers(store, "abc") == [3, 0, 1]
    assert (await store.read(key_of("b"))).turn == 2


async def test_a_session_that_forgot_what_it_stored_stores_again_within_its_bound() -> None:
    store = _store(4, of_one=3)
    for token in "aabbbb" + "aaaaa":
        await store.change(key_of(token), _keep)

    assert await _numbers(store, "ab") == [3, 0]


async def test_a_session_that_is_forgotten_gives_its_share_back() -> None:
    store = _store(3)
    for _ in range(10):
        await store.change(key_of("a"), _keep)
        await store.change(key_of("a"), lambda _: (Session(), None))
    for token in "bbb":
        await store.change(key_of(token), _keep)

    assert await _numbers(store, "ab") == [0, 3]
