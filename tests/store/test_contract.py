"""What every store does, whatever it keeps its sessions in."""

import asyncio
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llemulator_addon.core.session_key import ANONYMOUS, SessionKey
from llemulator_addon.engine.session import CONNECTIONS, Session, load
from llemulator_addon.script.reader import read_script
from llemulator_addon.store.memory import MemoryStore
from llemulator_addon.store.port import Limits, OpenStore, Store
from llemulator_addon.wire.credentials import key_of

_STORES: dict[str, OpenStore] = {"memory": MemoryStore}
_KEY, _OTHER = key_of("sk-one-1234"), key_of("sk-other-5678")
_CONNECT = read_script({"rules": [{"faults": [{"connect": {"status": 503}}], "times": 2}]})


@pytest.fixture(params=_STORES)
def store(request: pytest.FixtureRequest) -> Store:
    opening: OpenStore = _STORES[request.param]
    return opening(_fresh, Limits())


def _fresh(key: SessionKey) -> Session:
    return Session(key=key)


def _count(session: Session) -> tuple[Session, int]:
    return session.change(turn=session.turn + 1), session.turn


def _load_faults(session: Session) -> tuple[Session, None]:
    return load(session, _CONNECT, fresh=_fresh(session.key), bare=_fresh(session.key)), None


def _begin_anew(session: Session) -> tuple[Session, None]:
    return _fresh(session.key), None


async def test_a_token_that_was_never_seen_has_a_fresh_session_without_a_life(store: Store) -> None:
    session = await store.read(_KEY)

    assert (session.key.name, session.turn, session.life) == ("1234", 0, 0)


async def test_a_change_is_kept_for_its_token_alone(store: Store) -> None:
    assert [await store.change(key, _count) for key in (_KEY, _KEY, _OTHER)] == [0, 1, 0]
    assert [(await store.read(key)).turn for key in (_KEY, _OTHER, key_of("sk-third"))] == [2, 1, 0]


async def test_a_change_that_raises_changes_nothing(store: Store) -> None:
    await store.change(_KEY, _count)

    def fail(session: Session) -> tuple[Session, int]:
        raise LookupError(session.key.name)

    with pytest.raises(LookupError):
        await store.change(_KEY, fail)
    with pytest.raises(LookupError):
        await store.change_beside(_KEY, fail, asyncio.to_thread)
    assert (await store.read(_KEY)).turn == 1


async def test_of_changes_at_the_same_time_each_is_counted_once(store: Store) -> None:
    counted = [
        store.change_beside(_KEY, _count, asyncio.to_thread) if number % 3 == 0 else store.change(_KEY, _count)
        for number in range(60)
    ]

    assert sorted(await asyncio.gather(*counted)) == list(range(60))
    assert (await store.read(_KEY)).turn == 60


@pytest.mark.parametrize("lost", [0, 1, 2, 5])
async def test_a_transition_that_lost_a_race_runs_again_with_the_session_as_it_is_then(store: Store, lost: int) -> None:
    seen: list[int] = []

    def count(session: Session) -> tuple[Session, int]:
        seen.append(session.turn)
        return session.change(turn=session.turn + 1), session.turn

    async def run[R](work: Callable[[], R]) -> R:
        made = work()
        if len(seen) <= lost:
            await store.change(_KEY, lambda session: (session.change(turn=session.turn + 10), None))
        return made

    result = await store.change_beside(_KEY, count, run)

    tries = min(lost, 3) + 1
    assert seen == [10 * number for number in range(tries)]
    assert (result, (await store.read(_KEY)).turn) == (seen[-1], seen[-1] + 1)


async def test_who_loses_to_a_reset_runs_again_with_the_next_session(store: Store) -> None:
    await store.change(_KEY, _count)
    is_first = True

    async def run[R](work: Callable[[], R]) -> R:
        nonlocal is_first
        made = work()
        if is_first:
            is_first = False
            await store.change(_KEY, _begin_anew)
        return made

    assert await store.change_beside(_KEY, _count, run) == 0
    assert (await store.read(_KEY)).turn == 1


async def test_each_session_has_a_life_that_no_other_has_and_a_reset_begins_another(store: Store) -> None:
    lives = []
    for key in (_KEY, _OTHER, _KEY):
        lives.append(await store.change(key, lambda session: (_count(session)[0], session.life)))
        await store.change(key, _begin_anew)
    kept = [session.life for session in await store.all()]

    assert 0 not in (*lives, *kept)
    assert len({*lives, *kept}) == len(lives) + len(kept)
    assert (await store.read(_KEY)).life == kept[-1]


async def test_a_session_keeps_its_life_while_it_changes(store: Store) -> None:
    lives = {await store.change(_KEY, lambda session: (_count(session)[0], session.life)) for _ in range(3)}

    assert len(lives) == 1


async def test_all_sessions_are_listed_and_that_of_requests_without_a_token_is_there_from_the_start(
    store: Store,
) -> None:
    await store.change(_OTHER, _count)
    await store.change(_KEY, _count)
    await store.change(_OTHER, _count)

    assert [session.key for session in await store.all()] == [ANONYMOUS, _KEY, _OTHER]


async def test_a_transition_that_returns_the_session_it_was_given_is_no_use_of_it(store: Store) -> None:
    await store.change(_KEY, _count)
    await store.change(_OTHER, _count)
    await store.change(_KEY, lambda session: (session, None))

    assert [session.key for session in await store.all()] == [ANONYMOUS, _KEY, _OTHER]


async def test_a_change_of_all_reaches_each_once(store: Store) -> None:
    for key in (_KEY, _OTHER, _KEY):
        await store.change(key, _count)
    await store.change_all(lambda session: session.change(turn=session.turn + 100))

    assert [session.turn for session in await store.all()] == [100, 101, 102]


async def test_a_mark_is_found_until_the_session_loses_it(store: Store) -> None:
    marked = [await store.list_marked(CONNECTIONS)]
    for key, transition in (
        (_OTHER, _load_faults),
        (_KEY, _load_faults),
        (_OTHER, _count),
        (_OTHER, lambda session: session.connection("connect", "api.openai.com")),
        (_OTHER, lambda session: session.connection("connect", "api.openai.com")),
        (_KEY, _begin_anew),
    ):
        await store.change(key, transition)
        marked.append(await store.list_marked(CONNECTIONS))

    assert marked == [(), (_OTHER,), (_OTHER, _KEY), (_OTHER, _KEY), (_OTHER, _KEY), (_KEY,), ()]


async def test_a_session_that_makes_room_has_no_mark_any_more() -> None:
    store = MemoryStore(_fresh, Limits(sessions=_fresh(_KEY).size))
    await store.change(_KEY, _load_faults)
    await store.change(_OTHER, _count)

    assert await store.list_marked(CONNECTIONS) == ()


_CHANGES = {"count": _count, "load": _load_faults, "reset": _begin_anew}


@pytest.mark.parametrize("name", _STORES)
@given(
    changes=st.lists(st.tuples(st.sampled_from((_KEY, _OTHER)), st.sampled_from(list(_CHANGES)), st.booleans())),
)
def test_a_store_keeps_what_its_transitions_make(name: str, changes: list[tuple[SessionKey, str, bool]]) -> None:
    expected: dict[SessionKey, Session] = {}

    async def change_all() -> Store:
        store = _STORES[name](_fresh, Limits())
        for key, change, beside in changes:
            transition: Callable[[Session], tuple[Session, object]] = _CHANGES[change]
            expected[key] = transition(expected.get(key, _fresh(key)))[0]
            if beside:
                await store.change_beside(key, transition, asyncio.to_thread)
            else:
                await store.change(key, transition)
        for key, session in expected.items():
            found = await store.read(key)
            assert (found.turn, found.progress, len(found.script.index.rules)) == (
                session.turn,
                session.progress,
                len(session.script.index.rules),
            )
        return store

    asyncio.run(change_all())
