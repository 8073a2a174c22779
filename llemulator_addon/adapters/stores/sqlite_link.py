"""Leases, messages and notices in a file of SQLite. Who waits for something asks often whether the file has changed."""

import asyncio
import sqlite3
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Protocol, cast

from llemulator_addon.adapters.stores.backend import (
    MESSAGES_KEPT,
    MESSAGES_SIZE,
    NOTICES_KEPT,
    Incoming,
    Renewed,
    ToldNotice,
)
from llemulator_addon.store.link import Held, Lease, LeaseKind

SCHEMA = """
CREATE TABLE processes (name TEXT PRIMARY KEY, until REAL NOT NULL, listens INTEGER NOT NULL);
CREATE TABLE leases (
    number INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, process TEXT NOT NULL, kind TEXT NOT NULL,
    of TEXT NOT NULL, label TEXT NOT NULL, text TEXT NOT NULL
);
CREATE INDEX leases_by_thing ON leases (kind, of, number);
CREATE INDEX leases_by_process ON leases (process);
CREATE TABLE messages (
    number INTEGER PRIMARY KEY AUTOINCREMENT, process TEXT NOT NULL, at REAL NOT NULL, text TEXT NOT NULL
);
CREATE INDEX messages_by_time ON messages (at);
CREATE TABLE notices (number INTEGER PRIMARY KEY AUTOINCREMENT, process TEXT NOT NULL, text TEXT NOT NULL);
"""
COUNT_LISTENERS = "SELECT count(*) FROM processes WHERE listens AND until >= ?"
"""At a time, of the processes that listen to the news."""
_MINUTE = 60.0
_WAITED = 1.0
"""Seconds."""
_BETWEEN_LOOKS = 0.025
"""Seconds. A look that finds nothing new reads one number."""
_AT_ONCE = 500
"""How many messages and notices come at once."""

_OLDEST = "SELECT name, process FROM leases WHERE kind = ? AND of = ? ORDER BY number LIMIT 1"
_LIST = """
SELECT leases.name, number, process, of, label, text FROM leases JOIN processes ON processes.name = process
    WHERE kind = :kind AND of = :of AND until >= :now ORDER BY number
"""
_LIST_ALL = _LIST.replace(", text ", ", '' ").replace(" AND of = :of", "")

type SqliteWork[R] = Callable[[sqlite3.Connection], R]
"""Is done again if something else in the same transaction fails."""


class RunInConnection(Protocol):
    """Does work in the thread of the connection, in a transaction that begins so."""

    def __call__[R](self, work: SqliteWork[R], begin: str = ..., /) -> Awaitable[R]:
        """Return the result of the work."""
        ...


class SqliteLink:
    """The rows of links in SQLite."""

    def __init__(self, run: RunInConnection, look: Callable[[], Awaitable[object]]) -> None:
        """Take what does work, and what returns another value once other processes have changed the file."""
        self._run = run
        self._look = look
        self._seen: object = None
        """The result of the last look."""
        self._is_changed_here = True
        """Whether this process changed something since: no look finds that."""
        self._gone = 0
        """The place up to which messages were removed."""

    async def renew(self, process: str, seconds: float, *, listens: bool) -> Renewed:
        """Let a process live."""
        return await self._change(partial(_renew, process=process, seconds=seconds, listens=listens))

    async def hold(self, process: str, seconds: float, held: Held) -> bool:
        """Let a process hold a lease."""
        return await self._change(partial(_hold, process=process, seconds=seconds, held=held))

    async def let_go(self, names: Sequence[str]) -> None:
        """End leases."""
        await self._change(partial(_let_go_all, names=names))

    async def list_leases(self, kind: LeaseKind, of: str | None) -> Sequence[tuple[str, Lease]]:
        """Return the leases of a thing, or of all."""
        return await self._run(partial(_list_leases, kind=kind, of=of), "BEGIN")

    async def send(self, process: str, message: str) -> bool:
        """Send a message to a process."""
        return await self._change(partial(_send, process=process, message=message))

    async def tell(self, process: str, notices: Sequence[str]) -> None:
        """Tell all who listen."""
        await self._change(partial(_tell, process=process, notices=notices))

    async def receive(self, process: str, place: str, last_told: int | None) -> Incoming:
        """Look again and again whether something came, without a transaction."""
        if (taken := int(place or 0)) > self._gone:
            await self._run(partial(_forget_taken, process=process, place=taken))
            self._gone = taken
        until = time.monotonic() + _WAITED
        while True:
            is_changed, self._is_changed_here = self._is_changed_here, False
            seen, self._seen = self._seen, await self._look()
            if is_changed or self._seen is None or seen != self._seen:
                read = partial(_receive, process=process, place=taken, last_told=last_told)
                received = await self._run(read, "BEGIN")
                if received.messages or received.notices or time.monotonic() > until:
                    if len(received.messages) == _AT_ONCE or len(received.notices) == _AT_ONCE:
                        self._is_changed_here = True  # there may be more
                    return received
            elif time.monotonic() > until:
                return Incoming((), (), place)
            await asyncio.sleep(_BETWEEN_LOOKS)

    async def count_listeners(self) -> int:
        """Return how many listen."""
        return await self._run(_count_listeners, "BEGIN")

    async def leave(self, process: str) -> None:
        """End the life of a process."""
        await self._change(partial(_leave, process=process))

    async def _change[R](self, work: SqliteWork[R]) -> R:
        try:
            return await self._run(work)
        finally:
            self._is_changed_here = True


# In the thread --------------------------------------------------------------------------------------------------------


def _count_listeners(connection: sqlite3.Connection) -> int:
    ((number,),) = connection.execute(COUNT_LISTENERS, (time.time(),))
    return cast("int", number)


def _live(connection: sqlite3.Connection, process: str, seconds: float) -> bool:
    """Let a process live; return whether it did."""
    now = time.time()
    known = connection.execute("SELECT 1 FROM processes WHERE name = ? AND until >= ?", (process, now)).fetchone()
    connection.execute(
        "INSERT INTO processes VALUES (?, ?, 0) ON CONFLICT (name) DO UPDATE SET until = excluded.until",
        (process, now + seconds),
    )
    for (name,) in connection.execute("SELECT name FROM processes WHERE until < ?", (now,)).fetchall():
        _leave(connection, process=name)
    return known is not None


def _renew(connection: sqlite3.Connection, *, process: str, seconds: float, listens: bool) -> Renewed:
    known = _live(connection, process, seconds)
    connection.execute("UPDATE processes SET listens = ? WHERE name = ?", (listens, process))
    found = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'notices'").fetchone()
    return Renewed(known, _count_listeners(connection), 0 if found is None else found[0])


def _hold(connection: sqlite3.Connection, *, process: str, seconds: float, held: Held) -> bool:
    _live(connection, process, seconds)
    connection.execute(
        "INSERT OR IGNORE INTO leases (name, process, kind, of, label, text) VALUES (?, ?, ?, ?, ?, ?)",
        (held.name, process, held.kind, held.of, held.label, held.text),
    )
    oldest: str = connection.execute(_OLDEST, (held.kind, held.of)).fetchone()[0]
    return oldest == held.name


def _let_go_all(connection: sqlite3.Connection, *, names: Sequence[str]) -> None:
    for name in names:
        _let_go(connection, name)


def _let_go(connection: sqlite3.Connection, name: str) -> None:
    found = connection.execute("SELECT kind, of FROM leases WHERE name = ?", (name,)).fetchone()
    if found is None:
        return
    was_first = connection.execute(_OLDEST, found).fetchone()[0] == name
    connection.execute("DELETE FROM leases WHERE name = ?", (name,))
    if was_first and found[0] == "turn" and (oldest := connection.execute(_OLDEST, found).fetchone()) is not None:
        name, process = oldest
        _send(connection, process=process, message=f"first {name}")


def _list_leases(connection: sqlite3.Connection, *, kind: LeaseKind, of: str | None) -> list[tuple[str, Lease]]:
    rows = connection.execute(_LIST_ALL if of is None else _LIST, {"kind": kind, "of": of, "now": time.time()})
    return [(name, Lease(*lease)) for name, *lease in rows]


def _send(connection: sqlite3.Connection, *, process: str, message: str) -> bool:
    now = time.time()
    connection.execute("DELETE FROM messages WHERE at < ?", (now - _MINUTE,))
    waits = "SELECT count(*), coalesce(sum(length(CAST(text AS BLOB))), 0) FROM messages WHERE process = ?"
    number, size = connection.execute(waits, (process,)).fetchone()
    if number >= MESSAGES_KEPT or size + len(message.encode()) > MESSAGES_SIZE:
        return False
    connection.execute("INSERT INTO messages (process, at, text) VALUES (?, ?, ?)", (process, now, message))
    return True


def _forget_taken(connection: sqlite3.Connection, *, process: str, place: int) -> None:
    connection.execute("DELETE FROM messages WHERE process = ? AND number <= ?", (process, place))


def _tell(connection: sqlite3.Connection, *, process: str, notices: Sequence[str]) -> None:
    connection.executemany("INSERT INTO notices (process, text) VALUES (?, ?)", ((process, each) for each in notices))
    connection.execute("DELETE FROM notices WHERE number <= (SELECT max(number) FROM notices) - ?", (NOTICES_KEPT,))


def _receive(connection: sqlite3.Connection, *, process: str, place: int, last_told: int | None) -> Incoming:
    messages = connection.execute(
        "SELECT number, text FROM messages WHERE process = ? AND number > ? ORDER BY number LIMIT ?",
        (process, place, _AT_ONCE),
    ).fetchall()
    notices = (
        ()
        if last_told is None
        else connection.execute(
            "SELECT number, process, text FROM notices WHERE number > ? ORDER BY number LIMIT ?", (last_told, _AT_ONCE)
        ).fetchall()
    )
    last = messages[-1][0] if messages else place
    return Incoming([text for _, text in messages], [ToldNotice(*each) for each in notices], str(last))


def _leave(connection: sqlite3.Connection, *, process: str) -> None:
    held = connection.execute("SELECT name FROM leases WHERE process = ? ORDER BY number", (process,)).fetchall()
    _let_go_all(connection, names=[name for (name,) in held])
    connection.execute("DELETE FROM processes WHERE name = ?", (process,))
    connection.execute("DELETE FROM messages WHERE process = ?", (process,))
