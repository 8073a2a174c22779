"""What every store does, whatever it keeps its sessions in."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from llemulator_addon.core.outcome import Ending
from llemulator_addon.core.request import Request
from llemulator_addon.core.resources import Kept
from llemulator_addon.core.session_key import ANONYMOUS, SessionKey
from llemulator_addon.core.steps import Head, Send
from llemulator_addon.engine.journal import Basis
from llemulator_addon.engine.session import CONNECTIONS, PRESET_QUEUE, Session, load
from llemulator_addon.script.faults.rate_limit import BucketLevels
from llemulator_addon.script.reader import read_script
from llemulator_addon.store.memory import MemoryStore
from llemulator_addon.store.port import Beginnings, Limits, Marked, MarkFound, Store
from llemulator_addon.wire.credentials import key_of
from tests.store.places import STORES

_KEY, _OTHER = key_of("sk-one-1234"), key_of("sk-other-5678")
_CONNECT = read_script({"rules": [{"faults": [{"connect": {"status": 503}}], "times": 2}]})


@pytest.fixture(params=[name if name == "memory" else pytest.param(name, marks=pytest.mark.long) for name in STORES])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[Store]:
    with STORES[request.param]() as place:
        store = place.open(_BEGINNINGS, Limits())
        yield store
        await store.close()


def _fresh(key: SessionKey) -> Session:
    return Session(key=key)


_BEGINNINGS = Beginnings(fresh=_fresh, bare=_fresh)


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


async def test_a_change_that_is_not_to_be_made_if_another_session_has_a_mark_is_not_made(store: Store) -> None:
    unless, other = Marked(PRESET_QUEUE, _OTHER), Marked(PRESET_QUEUE, key_of("sk-third"))
    before = await store.change(_KEY, _count, unless=unless)
    await store.change(_OTHER, lambda session: (session.become_preset_queue(), None))
    with pytest.raises(MarkFound):
        await store.change_beside(_KEY, _count, asyncio.to_thread, unless=unless)
    made = await asyncio.gather(
        *(store.change(_KEY, _count, unless=each) for each in (None, unless, other, unless)), return_exceptions=True
    )
    await store.change(_OTHER, _begin_anew)

    assert [before, made[0], made[2]] == [0, 1, 2]
    assert [type(made[1]), type(made[3])] == [MarkFound, MarkFound]
    assert await store.change(_KEY, _count, unless=unless) == 3
    assert await store.change_beside(_KEY, _count, asyncio.to_thread, unless=unless) == 4


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


async def test_the_sums_of_all_sessions_are_those_of_each(store: Store) -> None:
    for key in (_KEY, _KEY, _OTHER):
        await store.change(key, _record)
        await store.change(key, _keep)
    await store.change(_OTHER, _load({"responses": ["one", "two"]}))
    await store.change(_OTHER, _use)
    sums = await store.measure(asyncio.to_thread)
    named = [session for session in await store.all() if session.key != ANONYMOUS]

    assert sums.sessions == len(named) == 2
    assert sums.sessions_size == sum(each.size for each in named)
    assert sums.journals_size == sum(each.journal.size for each in named)
    assert sums.stored_size == sum(each.resources.size for each in named) > 0
    assert sums.unused_rules in {1, None}


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


@pytest.mark.parametrize("name", STORES)
async def test_a_session_that_makes_room_has_no_mark_any_more(name: str) -> None:
    with STORES[name]() as place:
        store = place.open(_BEGINNINGS, Limits(sessions=_fresh(_KEY).size))
        await store.change(_KEY, _load_faults)
        await store.change(_OTHER, _count)

        assert await store.list_marked(CONNECTIONS) == ()
        await store.close()


_SMALL = Limits(sessions=3 * _fresh(_KEY).size, journals=10_000, stored=3_000)
_THIRD = key_of("sk-third-9012")


def _record(session: Session) -> tuple[Session, int]:
    asked = Request(method="POST", path=f"/{session.turn}", headers={"authorization": "Bearer sk-secret"})
    journal = session.journal.record(asked, (Head(200), Send(b"yes")), Basis(unmatched="nearly"))
    return session.change(turn=session.turn + 1, journal=journal), journal.recorded


def _end(session: Session) -> tuple[Session, None]:
    number = session.journal.recorded
    return session.change(journal=session.journal.note_end(number, Ending("whole", 3, 1, 0.5))), None


def _keep(session: Session) -> tuple[Session, int]:
    kept = Kept("response", f"resp_{session.turn}", {"turn": session.turn, "bytes": b"\xff", "$": ("a", 1.5)})
    return session.change(turn=session.turn + 1, resources=session.resources.put(kept)), len(session.resources)


def _keep_again(session: Session) -> tuple[Session, None]:
    kept = [Kept(each.kind, each.id, {**each.value, "again": session.turn}) for each in session.resources]
    return session.change(resources=session.resources.put(*kept[:1])), None


def _remove(session: Session) -> tuple[Session, None]:
    resources = session.resources
    for kept in list(resources)[-2:]:
        resources = resources.remove(kept.kind, kept.id)
    return session.change(resources=resources), None


def _use(session: Session) -> tuple[Session, str | None]:
    for group in session.script.index.groups:
        if (head := session.head(group)) is not None:
            used = session.rule_used(group, head).remember(
                f"rules[{head}]", BucketLevels(at=1.0, levels={"requests": 2.0})
            )
            return used, session.script.index.rules[head].name
    return session, None


def _refuse(session: Session) -> tuple[Session, int]:
    return session, session.turn


def _look_around(session: Session) -> tuple[Session, None]:
    return session.change(journal=session.journal.empty(), clock_ahead=session.clock_ahead + 1), None


def _load(script: object) -> Callable[[Session], tuple[Session, object]]:
    read = read_script(script)

    def load_script(session: Session) -> tuple[Session, object]:
        fresh = _fresh(session.key)
        loaded = load(session, read, fresh=fresh, bare=fresh)
        return loaded, len(loaded.script.index.rules)

    return load_script


_CHANGES: dict[str, Callable[[Session], tuple[Session, object]]] = {
    "count": _count,
    "fault": _load_faults,
    "reset": _begin_anew,
    "rules": _load(["a", "b", {"pattern": "hi", "response": "hello", "times": 2}]),
    "states": _load({"seed": 7, "rules": [{"state": {"becomes": "later"}, "reply": ["1", "2"], "times": 2}]}),
    "only rules": _load({"reset": True, "responses": {"x": "y"}, "defaults": {"usage": {"prompt_tokens": 5}}}),
    "forget": lambda session: (session.forget_rules(), None),
    "use": _use,
    "record": _record,
    "end": _end,
    "keep": _keep,
    "keep again": _keep_again,
    "remove": _remove,
    "refuse": _refuse,
    "empty": _look_around,
}
_STEPS = st.tuples(
    st.sampled_from((_KEY, _OTHER, _THIRD)),
    st.sampled_from(list(_CHANGES)),
    st.sampled_from(("at once", "beside", "other process")),
)


@pytest.mark.long
@pytest.mark.parametrize("limits", [Limits(), _SMALL], ids=["wide", "small"])
@pytest.mark.parametrize("name", [name for name in STORES if name != "memory"])
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(steps=st.lists(_STEPS, max_size=25))
@example(steps=[(_KEY, each, "at once") for each in [*_CHANGES, *_CHANGES]])
@example(steps=[(_KEY, each, "other process") for each in ["rules", "use", "keep", "keep", "remove", "record", "end"]])
def test_a_store_and_the_memory_store_agree_on_any_sequence(
    name: str, limits: Limits, steps: list[tuple[SessionKey, str, str]]
) -> None:
    asyncio.run(_do_both(name, limits, steps))


async def _do_both(name: str, limits: Limits, steps: list[tuple[SessionKey, str, str]]) -> None:
    with STORES[name]() as place:
        expected = MemoryStore(_BEGINNINGS, limits)
        store, other, later = stores = [place.open(_BEGINNINGS, limits) for _ in range(3)]
        try:
            for key, change, how in steps:
                transition = _CHANGES[change]
                if how == "beside":
                    result = await store.change_beside(key, transition, asyncio.to_thread)
                else:
                    result = await (store if how == "at once" else other).change(key, transition)
                assert result == await expected.change(key, transition)
            for each in (store, other, later):
                await _agree(each, expected)
        finally:
            for each in stores:
                await each.close()


async def _agree(store: Store, expected: MemoryStore) -> None:
    assert [_parts(session) for session in await store.all()] == [_parts(each) for each in await expected.all()]
    assert await store.list_marked(CONNECTIONS) == await expected.list_marked(CONNECTIONS)
    for key in (_KEY, _OTHER, _THIRD):
        assert _parts(await store.read(key)) == _parts(await expected.read(key))
    sums, others = await store.measure(asyncio.to_thread), await expected.measure(asyncio.to_thread)
    # A script that another process wrote may take other bytes here.
    assert sums.sessions == others.sessions
    assert (sums.journals_size, sums.stored_size) == (others.journals_size, others.stored_size)


def _parts(session: Session) -> tuple[object, ...]:
    """Return what a session has, but for its life."""
    script = session.script
    return (
        session.key,
        (session.turn, session.clock_ahead, session.clock_is_set),
        (script.owner, script.index, script.settings, script.has_left_default),
        session.progress[:-1],
        (list(session.resources), session.resources.size),
        (session.journal, session.journal.size),
    )
