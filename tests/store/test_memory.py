"""Sessions in this process."""

from dataclasses import replace

import pytest

from llemulator_addon.engine.session import Session, load
from llemulator_addon.script.fault import ConnectionFault
from llemulator_addon.script.reading import read_script
from llemulator_addon.store.memory import MemoryStore


def _store(limit: int = 10) -> MemoryStore:
    return MemoryStore(lambda token: Session(name=token[-4:]), limit=limit)


def _counted(session: Session) -> tuple[Session, int]:
    return replace(session, turn=session.turn + 1), session.turn


def test_a_token_that_was_never_seen_has_a_fresh_session() -> None:
    assert _store().read("sk-test-1234").name == "1234"


def test_a_change_is_kept_for_its_token_alone() -> None:
    store = _store()

    assert [store.change("one", _counted), store.change("one", _counted), store.change("two", _counted)] == [0, 1, 0]
    assert [store.read(token).turn for token in ("one", "two", "three")] == [2, 1, 0]


def test_a_change_that_raises_changes_nothing() -> None:
    store = _store()
    store.change("one", _counted)

    def fails(session: Session) -> tuple[Session, int]:
        raise LookupError(session.name)

    with pytest.raises(LookupError):
        store.change("one", fails)
    assert store.read("one").turn == 1


def test_above_the_limit_the_session_goes_that_was_not_used_for_longest() -> None:
    store = _store(limit=2)
    for token in ("one", "two", "one", "three"):
        store.change(token, _counted)

    assert [store.read(token).turn for token in ("one", "two", "three")] == [2, 0, 1]


def test_connections_are_offered_to_sessions_with_rules_for_them_until_these_are_used_up() -> None:
    store = _store()
    script = read_script({"rules": [{"faults": [{"connect": {"status": 503}}], "times": 2}]})
    store.change("one", _counted)
    store.change("two", lambda session: (load(session, script, fresh=Session(), bare=Session()), None))

    def connect(session: Session) -> tuple[Session, ConnectionFault | None]:
        return session.connection("connect", "api.openai.com")

    assert [fault and fault.status for fault in (store.offer(connect) for _ in range(3))] == [503, 503, None]


def test_a_session_that_makes_room_touches_no_connection() -> None:
    store = _store(limit=1)
    script = read_script({"rules": [{"faults": [{"tls": "handshake_failure"}]}]})
    store.change("one", lambda session: (load(session, script, fresh=Session(), bare=Session()), None))
    store.change("two", _counted)

    assert store.offer(lambda session: session.connection("tls", "api.openai.com")) is None
