"""Sessions in this process."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from llemulator_addon.core.session_key import SessionKey
from llemulator_addon.engine.session import Session, load
from llemulator_addon.script.fault import ConnectionFault
from llemulator_addon.script.reader import read_script
from llemulator_addon.store.memory import MemoryStore
from llemulator_addon.wire.credentials import key_of

_SIZE = Session().size


def _store(sessions: float = 10, lasting: SessionKey | None = None) -> MemoryStore:
    return MemoryStore(lambda key: Session(key=key), sessions_limit=int(sessions * _SIZE), lasting=lasting)


def _counted(session: Session) -> tuple[Session, int]:
    return replace(session, turn=session.turn + 1), session.turn


def test_a_token_that_was_never_seen_has_a_fresh_session() -> None:
    assert _store().read(key_of("sk-test-1234")).key.name == "1234"


def test_a_change_is_kept_for_its_token_alone() -> None:
    store = _store()

    assert [
        store.change(key_of("one"), _counted),
        store.change(key_of("one"), _counted),
        store.change(key_of("two"), _counted),
    ] == [0, 1, 0]
    assert [store.read(key_of(token)).turn for token in ("one", "two", "three")] == [2, 1, 0]


def test_a_change_that_raises_changes_nothing() -> None:
    store = _store()
    store.change(key_of("one"), _counted)

    def fails(session: Session) -> tuple[Session, int]:
        raise LookupError(session.key.name)

    with pytest.raises(LookupError):
        store.change(key_of("one"), fails)
    assert store.read(key_of("one")).turn == 1


def _load(session: Session) -> tuple[Session, None]:
    return load(session, _SCRIPT, fresh=Session(), bare=Session()), None


def _forgets(_: Session) -> tuple[Session, None]:
    return Session(), None


_SCRIPT = read_script({"responses": ["Hello"]})
_WITH_SCRIPT = _load(Session())[0].size


def test_above_the_limit_the_session_goes_that_was_not_used_for_longest() -> None:
    store = _store(2)
    for token in ("one", "two", "one", "three"):
        store.change(key_of(token), _counted)

    assert [store.read(key_of(token)).turn for token in ("one", "two", "three")] == [2, 0, 1]


def test_sessions_without_a_script_of_their_own_go_first() -> None:
    store = _store(2 + _WITH_SCRIPT / _SIZE)
    store.change(key_of("one"), _load)
    for token in ("two", "three", "four", "five"):
        store.change(key_of(token), _counted)

    assert [store.read(key_of(token)).script.owner for token in ("one", "two")] == ["token", "nobody"]
    assert [store.read(key_of(token)).turn for token in ("two", "three", "four", "five")] == [0, 0, 1, 1]


def test_where_all_have_a_script_the_one_not_used_for_longest_goes() -> None:
    store = _store(2 * _WITH_SCRIPT / _SIZE)
    for token in ("one", "two", "one", "three"):
        store.change(key_of(token), _load if store.read(key_of(token)).script.owner == "nobody" else _counted)

    assert [store.read(key_of(token)).script.owner for token in ("one", "two", "three")] == ["token", "nobody", "token"]


def test_a_script_that_is_forgotten_gives_its_room_back() -> None:
    store = _store(1 + 2 * _WITH_SCRIPT / _SIZE)
    for token in ("one", "two"):
        store.change(key_of(token), _load)
    store.change(key_of("two"), lambda session: (session.forget_rules(), None))
    for token in ("three", "one"):
        store.change(key_of(token), _load if token == "three" else _counted)

    assert [store.read(key_of(token)).script.owner for token in ("one", "two", "three")] == ["token", "token", "token"]


def test_a_session_that_is_to_last_is_never_forgotten() -> None:
    store = _store(1, lasting=key_of("ours"))
    for token in ("ours", "one", "two"):
        store.change(key_of(token), _counted)

    assert [store.read(key_of(token)).turn for token in ("ours", "one", "two")] == [1, 0, 1]


def test_a_change_of_all_sessions_keeps_the_order_in_which_they_were_used() -> None:
    store = _store(3)
    for token in ("one", "two", "three", "one"):
        store.change(key_of(token), _counted)
    store.change_all(lambda session: session)
    store.change(key_of("four"), _counted)

    assert [store.read(key_of(token)).turn for token in ("one", "two", "three", "four")] == [2, 0, 1, 1]


@example([("a", _load)] * 5)
@example([("a", _load)] * 5 + [("b", _counted)])
@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from((_counted, _load, _forgets))), max_size=60))
def test_whatever_is_loaded_and_forgotten_the_sum_is_within_the_bound_unless_one_session_in_use_is_larger_alone(
    changes: list[tuple[str, Callable[[Session], tuple[Session, object]]]],
) -> None:
    store = _store(4 + _WITH_SCRIPT / _SIZE)
    for token, change in changes:
        store.change(key_of(token), change)

    sizes = [session.size for session in store.all()]
    assert store.size == sum(sizes)
    assert store.size <= store.size_limit or len(sizes) == 1


def test_connections_are_offered_to_sessions_with_rules_for_them_until_these_are_used_up() -> None:
    store = _store()
    script = read_script({"rules": [{"faults": [{"connect": {"status": 503}}], "times": 2}]})
    store.change(key_of("one"), _counted)
    store.change(key_of("two"), lambda session: (load(session, script, fresh=Session(), bare=Session()), None))

    def connect(session: Session) -> tuple[Session, ConnectionFault | None]:
        return session.connection("connect", "api.openai.com")

    assert [fault and fault.status for fault in (store.offer(connect) for _ in range(3))] == [503, 503, None]


def test_a_session_that_makes_room_touches_no_connection() -> None:
    store = _store(1)
    script = read_script({"rules": [{"faults": [{"tls": "handshake_failure"}]}]})
    store.change(key_of("one"), lambda session: (load(session, script, fresh=Session(), bare=Session()), None))
    store.change(key_of("two"), _counted)

    assert store.offer(lambda session: session.connection("tls", "api.openai.com")) is None
