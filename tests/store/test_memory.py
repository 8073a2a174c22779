"""Sessions in this process: who makes room."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

from hypothesis import example, given
from hypothesis import strategies as st

from llemulator_addon.core.session_key import ANONYMOUS
from llemulator_addon.engine.session import Session, load
from llemulator_addon.script.reader import read_script
from llemulator_addon.store.memory import MemoryStore
from llemulator_addon.store.port import Limits
from llemulator_addon.wire.credentials import key_of

_SIZE = Session().size


def _store(sessions: float = 10) -> MemoryStore:
    return MemoryStore(lambda key: Session(key=key), Limits(sessions=int(sessions * _SIZE)))


def _counted(session: Session) -> tuple[Session, int]:
    return replace(session, turn=session.turn + 1), session.turn


def _load(session: Session) -> tuple[Session, None]:
    return load(session, _SCRIPT, fresh=Session(key=session.key), bare=Session(key=session.key)), None


def _forgets(session: Session) -> tuple[Session, None]:
    return Session(key=session.key), None


_SCRIPT = read_script({"responses": ["Hello"]})
_WITH_SCRIPT = _load(Session())[0].size


async def test_above_the_limit_the_session_goes_that_was_not_used_for_longest() -> None:
    store = _store(2)
    for token in ("one", "two", "one", "three"):
        await store.change(key_of(token), _counted)

    assert [(await store.read(key_of(token))).turn for token in ("one", "two", "three")] == [2, 0, 1]


async def test_sessions_without_a_script_of_their_own_go_first() -> None:
    store = _store(2 + _WITH_SCRIPT / _SIZE)
    await store.change(key_of("one"), _load)
    for token in ("two", "three", "four", "five"):
        await store.change(key_of(token), _counted)

    assert [(await store.read(key_of(token))).script.owner for token in ("one", "two")] == ["token", "nobody"]
    assert [(await store.read(key_of(token))).turn for token in ("two", "three", "four", "five")] == [0, 0, 1, 1]


async def test_where_all_have_a_script_the_one_not_used_for_longest_goes() -> None:
    store = _store(2 * _WITH_SCRIPT / _SIZE)
    for token in ("one", "two", "one", "three"):
        await store.change(
            key_of(token), _load if (await store.read(key_of(token))).script.owner == "nobody" else _counted
        )

    assert [(await store.read(key_of(token))).script.owner for token in ("one", "two", "three")] == [
        "token",
        "nobody",
        "token",
    ]


async def test_a_script_that_is_forgotten_gives_its_room_back() -> None:
    store = _store(1 + 2 * _WITH_SCRIPT / _SIZE)
    for token in ("one", "two"):
        await store.change(key_of(token), _load)
    await store.change(key_of("two"), lambda session: (session.forget_rules(), None))
    for token in ("three", "one"):
        await store.change(key_of(token), _load if token == "three" else _counted)

    assert [(await store.read(key_of(token))).script.owner for token in ("one", "two", "three")] == [
        "token",
        "token",
        "token",
    ]


async def test_the_session_of_requests_without_a_token_is_never_forgotten() -> None:
    store = _store(1)
    for key in (ANONYMOUS, key_of("one"), key_of("two")):
        await store.change(key, _counted)

    assert [(await store.read(key)).turn for key in (ANONYMOUS, key_of("one"), key_of("two"))] == [1, 0, 1]


async def test_a_change_of_all_sessions_keeps_the_order_in_which_they_were_used() -> None:
    store = _store(3)
    for token in ("one", "two", "three", "one"):
        await store.change(key_of(token), _counted)
    await store.change_all(lambda session: session)
    await store.change(key_of("four"), _counted)

    assert [(await store.read(key_of(token))).turn for token in ("one", "two", "three", "four")] == [2, 0, 1, 1]


@example([("a", _load)] * 5)
@example([("a", _load)] * 5 + [("b", _counted)])
@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from((_counted, _load, _forgets))), max_size=60))
def test_whatever_is_loaded_and_forgotten_the_sum_is_within_the_bound_unless_one_session_in_use_is_larger_alone(
    changes: list[tuple[str, Callable[[Session], tuple[Session, object]]]],
) -> None:
    store = _store(4 + _WITH_SCRIPT / _SIZE)

    async def change_all() -> list[int]:
        for token, change in changes:
            await store.change(key_of(token), change)
        return [session.size for session in await store.all() if session.key != ANONYMOUS]

    sizes = asyncio.run(change_all())
    assert store.size == sum(sizes)
    assert store.size <= store.size_limit or len(sizes) == 1
