"""What is particular to a file of SQLite."""

import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from llemulator_addon.adapters.settings import SettingsError, settings_from
from llemulator_addon.adapters.stores.address import BadStore, StoreAddress, read_address
from llemulator_addon.adapters.stores.opening import opening
from llemulator_addon.engine.session import Session
from llemulator_addon.store.port import Beginnings, Limits, Store, StoreFailed
from llemulator_addon.wire.credentials import key_of

_KEY = key_of("sk-one-1234")
_BEGINNINGS = Beginnings(lambda key: Session(key=key), lambda key: Session(key=key))


def _open(file: Path, ttl: float | None = None) -> Store:
    return opening(StoreAddress("sqlite", file=file), ttl)(_BEGINNINGS, Limits())


def _count(session: Session) -> tuple[Session, int]:
    return session.change(turn=session.turn + 1), session.turn


def _set(file: Path, statement: str) -> None:
    with closing(sqlite3.connect(file)) as other:
        other.execute(statement)
        other.commit()


def _modes(folder: Path) -> list[int]:
    return [stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()]


def _empty(folder: Path) -> None:
    for file in folder.iterdir():
        file.unlink()


async def test_only_its_owner_can_read_the_files(tmp_path: Path) -> None:
    store = _open(tmp_path / "sessions.db")
    await store.change(_KEY, _count)

    # With the log that is ahead of the file, and the index of that.
    assert _modes(tmp_path) == [0o600, 0o600, 0o600]
    await store.close()


async def test_no_token_stands_in_the_file(tmp_path: Path) -> None:
    store = _open(tmp_path / "sessions.db")
    await store.change(_KEY, _count)
    await store.close()

    assert b"sk-one" not in (tmp_path / "sessions.db").read_bytes()


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("PRAGMA user_version = 9", "version 9; this llemulator reads version 2. Name another file, or remove"),
        ("PRAGMA application_id = 9", "a database of something else; name a file that is not there yet"),
    ],
)
async def test_a_file_of_another_version_or_program_is_refused_with_words(
    tmp_path: Path, statement: str, words: str
) -> None:
    file = tmp_path / "sessions.db"
    await _open(file).close()
    _set(file, statement)

    with pytest.raises(BadStore, match=words):
        _open(file)


def test_a_database_that_has_tables_already_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "other.db"
    _set(file, "CREATE TABLE theirs (x)")

    with pytest.raises(BadStore, match="a database of something else"):
        _open(file)
    with closing(sqlite3.connect(file)) as other:
        assert other.execute("SELECT name FROM sqlite_master").fetchall() == [("theirs",)]


def test_a_file_that_is_no_database_and_a_folder_that_is_not_there_are_refused(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("no database, but a text that is long enough for one\n" * 100)

    with pytest.raises(BadStore, match="file is not a database"):
        _open(tmp_path / "text.db")
    with pytest.raises(BadStore, match="No such file or directory"):
        _open(tmp_path / "nowhere" / "sessions.db")


async def test_a_session_of_another_form_fails_with_words_and_is_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "sessions.db"
    store = _open(file)
    await store.change(_KEY, _count)
    _set(file, """UPDATE sessions SET head = replace(head, '"form":1', '"form":7'), version = version + 1""")

    with pytest.raises(StoreFailed, match="version 7 of its form; this llemulator reads version 1"):
        await store.change(_KEY, _count)
    _set(file, """UPDATE sessions SET head = replace(head, '"form":7', '"form":1'), version = version + 1""")
    assert await store.change(_KEY, _count) == 1
    await store.close()


async def test_a_session_that_did_not_change_for_too_long_begins_again_and_its_rows_go(tmp_path: Path) -> None:
    file = tmp_path / "sessions.db"
    store, other = _open(file, ttl=3600), _open(file, ttl=3600)
    for _ in range(2):
        await store.change(_KEY, _count)
    before = await other.read(_KEY)
    _set(file, "UPDATE sessions SET at = at - 3500")
    kept = await other.change(_KEY, _count)
    _set(file, "UPDATE sessions SET at = at - 3700")

    assert (await other.read(_KEY)).life == 0
    assert (before.turn, kept, await store.change(_KEY, _count), await other.change(_KEY, _count)) == (2, 2, 0, 1)
    assert (await other.read(_KEY)).life != before.life
    await store.close()
    await other.close()


async def test_a_file_that_was_removed_meanwhile_is_made_again(tmp_path: Path) -> None:
    file = tmp_path / "sessions.db"
    store = _open(file)
    await store.change(_KEY, _count)
    _set(file, "DROP TABLE rows")
    with pytest.raises(StoreFailed, match=r"SQLite \(sessions.db\): no such table"):
        await store.change(_KEY, lambda _: (Session(key=_KEY), None))
    _empty(tmp_path)

    assert await store.change(_KEY, _count) == 0
    await store.close()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("memory", "memory"),
        ("sqlite:///a/b.db", "sqlite:///a/b.db"),
        ("sqlite:////srv/a%20b.db", "sqlite:////srv/a b.db"),
    ],
)
def test_a_store_is_named_by_its_url(text: str, shown: str) -> None:
    assert str(read_address(text)) == shown


@pytest.mark.parametrize("text", ["sqlite:a.db", "sqlite://host/a.db", "sqlite:///?x", "mysql://u:secret@h/", "a.db"])
def test_another_url_is_refused_without_being_quoted(text: str) -> None:
    with pytest.raises(SettingsError, match="LLEMULATOR_STORE: expected memory, sqlite:///FILE") as refused:
        settings_from(environment={"LLEMULATOR_STORE": text})

    assert text not in str(refused.value)


def test_sessions_in_memory_do_not_expire() -> None:
    with pytest.raises(SettingsError, match="--session-ttl: sessions in memory do not expire; choose another store"):
        settings_from(command_line={"session_ttl": "60"})
