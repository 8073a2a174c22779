"""Sessions in a file of SQLite, which several processes of one machine may share.

The file is in WAL mode: a process that is killed loses nothing that was committed, and the others go on. One thread of
a process has its connection, so the event loop never waits for the disk. Changes that come in one round of the event
loop, or while the thread is at work, are one transaction.
"""

import asyncio
import os
import sqlite3
import time
from collections import deque
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from llemulator_addon.adapters.stores.backend import At, Health, Kind, Save, Saved, Sizes, Sums
from llemulator_addon.adapters.stores.sqlite_link import COUNT_LISTENERS, SCHEMA, SqliteLink, SqliteWork
from llemulator_addon.store.port import Limits
from llemulator_addon.store.written_session import Stored

FORM = 2
"""Of the tables. A file of another form is refused."""
_APPLICATION = 0x6C6C656D
"""Marks a file as one of ours, in its header ("llem")."""
_PATIENCE = 5.0
"""Seconds that a process waits for another one that writes."""
_AT_ONCE = 10
"""How many sessions that expired a change forgets."""
_TOGETHER = 16
"""How many changes are one transaction: other processes have their turn before the next."""
_TO_WRITE = "BEGIN IMMEDIATE"
_SCHEMA = """
CREATE TABLE sessions (
    key TEXT PRIMARY KEY, life INTEGER NOT NULL, version INTEGER NOT NULL, head TEXT NOT NULL, script TEXT NOT NULL,
    sessions INTEGER NOT NULL, journals INTEGER NOT NULL, stored INTEGER NOT NULL,
    used INTEGER NOT NULL, at REAL NOT NULL, stays INTEGER NOT NULL, own INTEGER NOT NULL
);
CREATE INDEX sessions_by_use ON sessions (used);
CREATE INDEX sessions_by_time ON sessions (at);
CREATE INDEX sessions_by_script ON sessions (script);
CREATE TABLE rows (
    life INTEGER NOT NULL, kind TEXT NOT NULL, place TEXT NOT NULL, version INTEGER NOT NULL, text TEXT,
    UNIQUE (life, kind, place)
);
CREATE INDEX rows_by_version ON rows (life, version);
CREATE TABLE scripts (digest TEXT PRIMARY KEY, text TEXT NOT NULL);
CREATE TABLE marks (number INTEGER PRIMARY KEY, mark TEXT NOT NULL, key TEXT NOT NULL, UNIQUE (key, mark));
CREATE TABLE sums (id INTEGER PRIMARY KEY, sessions INTEGER, journals INTEGER, stored INTEGER, lives INTEGER);
INSERT INTO sums VALUES (1, 0, 0, 0, 1);
CREATE TRIGGER added AFTER INSERT ON sessions BEGIN
    UPDATE sums SET sessions = sessions + new.sessions, journals = journals + new.journals,
        stored = stored + new.stored;
END;
CREATE TRIGGER changed AFTER UPDATE ON sessions BEGIN
    UPDATE sums SET sessions = sessions + new.sessions - old.sessions,
        journals = journals + new.journals - old.journals, stored = stored + new.stored - old.stored;
END;
CREATE TRIGGER removed AFTER DELETE ON sessions BEGIN
    UPDATE sums SET sessions = sessions - old.sessions, journals = journals - old.journals,
        stored = stored - old.stored;
END;
"""
_FIND = """
SELECT life, version, script, (SELECT group_concat(mark, ' ') FROM marks WHERE marks.key = sessions.key)
    FROM sessions WHERE key = ?
"""
_SAVE = """
INSERT INTO sessions (key, life, version, head, script, sessions, journals, stored, at, stays, own, used)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, (SELECT coalesce(max(used), 0) + 1 FROM sessions))
ON CONFLICT (key) DO UPDATE SET life = excluded.life, version = excluded.version, head = excluded.head,
    script = excluded.script, sessions = excluded.sessions, journals = excluded.journals, stored = excluded.stored,
    at = excluded.at, own = excluded.own, used = CASE WHEN ? THEN excluded.used ELSE used END
"""
_LISTENERS_AND_SUMS = "SELECT (LISTENERS), sessions, journals, stored FROM sums".replace("LISTENERS", COUNT_LISTENERS)
_ROW = """
INSERT INTO rows (life, kind, place, version, text) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (life, kind, place) DO UPDATE SET version = excluded.version, text = excluded.text
"""


class CannotOpen(Exception):
    """A file cannot be the store; says why."""


class _OneFailed(Exception):
    """One of several things in a transaction failed, so nothing was written."""


@dataclass(slots=True)
class _Job:
    """Work in a transaction, and its result."""

    work: SqliteWork[Any]
    begin: str
    done: asyncio.Future[Any]
    result: Any = None
    error: Exception | None = None

    def tell(self) -> None:
        """Give the result to who waits for it."""
        if self.done.done():
            return  # who waited has left
        if self.error is None:
            self.done.set_result(self.result)
        else:
            self.done.set_exception(self.error)


class SqliteBackend:
    """Rows in a file. A failure closes the connection; the next use opens another, so it recovers by itself."""

    def __init__(self, file: Path, limits: Limits, ttl: float | None) -> None:
        """Make the file if it is not there; raises `CannotOpen`. `ttl` is in seconds."""
        self._file = file
        self._limits = limits
        self._ttl = ttl
        self._health = Health()
        self._thread = ThreadPoolExecutor(1, "store")
        self._opened: sqlite3.Connection | None = None
        self._jobs: deque[_Job] = deque()
        """Those that wait for the thread."""
        self._working: asyncio.Task[None] | None = None
        self.link = SqliteLink(self._run, self._look)
        try:
            self._thread.submit(self._connect).result()
        except (sqlite3.Error, OSError) as error:
            self._thread.shutdown()
            raise CannotOpen(str(error)) from None
        except CannotOpen:
            self._thread.shutdown()
            raise

    async def load(self, key: str, known: At | None) -> Stored | None:
        """Return a session, or what changed of it."""
        return await self._run(partial(self._load, key=key, known=known), "BEGIN")

    async def save(self, save: Save) -> Saved:
        """Write a change, if the session is still as it was."""
        return await self._run(partial(self._save, save=save))

    async def forget(self, key: str) -> None:
        """Forget a session."""
        await self._run(partial(_forget, key=key))

    async def read_script(self, digest: str) -> str | None:
        """Return the text of a script."""
        found = await self._select("SELECT text FROM scripts WHERE digest = ?", digest)
        return found[0] if found else None

    async def list_keys(self) -> Sequence[str]:
        """Return all keys."""
        return await self._select("SELECT key FROM sessions ORDER BY used")

    async def list_marked(self, mark: str) -> Sequence[str]:
        """Return the keys of all with a mark."""
        return await self._select("SELECT key FROM marks WHERE mark = ? ORDER BY number", mark)

    async def reserve_lives(self, number: int) -> int:
        """Return the first of some lives that nobody else gets."""
        return await self._run(partial(_reserve_lives, number=number))

    async def measure(self) -> Sums:
        """Return the sums of all sessions."""
        return await self._run(_measure, "BEGIN")

    async def check(self) -> None:
        """Find out whether it can be written."""
        await self._run(partial(_reserve_lives, number=0))

    async def close(self) -> None:
        """Close the file."""
        with suppress(RuntimeError):  # it was closed before
            await asyncio.get_running_loop().run_in_executor(self._thread, self._disconnect)
        self._thread.shutdown()

    async def _select(self, query: str, *values: str) -> list[str]:
        return await self._run(lambda connection: [found for (found,) in connection.execute(query, values)], "BEGIN")

    async def _look(self) -> object:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._find_change)

    async def _run[R](self, work: SqliteWork[R], begin: str = _TO_WRITE) -> R:
        loop = asyncio.get_running_loop()
        job = _Job(work, begin, loop.create_future())
        if not self._jobs and self._working is None:
            loop.call_soon(self._start)
        self._jobs.append(job)
        result: R = await job.done
        return result

    def _start(self) -> None:
        self._working = asyncio.Task(self._work(), loop=asyncio.get_running_loop())

    async def _work(self) -> None:
        """Let the thread do what waits, and what comes meanwhile. Who leaves must not stop the others."""
        loop = asyncio.get_running_loop()
        try:
            while self._jobs:
                group = self._take_group()
                try:
                    await loop.run_in_executor(self._thread, self._do, group)
                except RuntimeError as error:  # it was closed before
                    for job in group:
                        job.error = error
                for job in group:
                    job.tell()
        finally:
            self._working = None
            while self._jobs:  # the program ends
                self._jobs.popleft().done.cancel()

    def _take_group(self) -> list["_Job"]:
        """Return what is done next: what only reads is done alone."""
        group = [self._jobs.popleft()]
        while self._jobs and len(group) < _TOGETHER and group[0].begin == self._jobs[0].begin == _TO_WRITE:
            group.append(self._jobs.popleft())
        return group

    # In the thread ----------------------------------------------------------------------------------------------------

    def _do(self, jobs: Sequence["_Job"]) -> None:
        """Do jobs in one transaction; if one of them fails, each in its own."""
        try:
            for job, result in zip(jobs, self._transact(jobs), strict=True):
                job.result = result
        except _OneFailed:
            for job in jobs:
                self._do([job])
        except Exception as error:  # noqa: BLE001 - each of them raises it
            for job in jobs:
                job.error = error

    def _transact(self, jobs: Sequence["_Job"]) -> list[object]:
        """Return the results of jobs; raises `_OneFailed` if one of several failed."""
        is_of_one = False
        try:
            connection = self._opened or self._connect()
            connection.execute(jobs[0].begin)
            is_of_one = len(jobs) > 1
            results = [job.work(connection) for job in jobs]
            is_of_one = False
            connection.execute("COMMIT")
        except BaseException as error:
            self._disconnect()
            if is_of_one:
                raise _OneFailed from None
            if isinstance(error, sqlite3.Error | OSError | CannotOpen):
                raise self._health.note_failure(f"SQLite ({self._file.name}): {error}") from None
            raise
        self._health.note_success()
        return results

    def _find_change(self) -> tuple[int, int] | None:
        """Return another value than before, if another process has changed the file since; None if it is not open."""
        if (connection := self._opened) is None:
            return None
        try:
            ((version,),) = connection.execute("PRAGMA data_version")
        except sqlite3.Error:
            return None  # the next use says what is wrong
        return (id(connection), version)

    def _connect(self) -> sqlite3.Connection:
        with suppress(FileExistsError):
            os.close(os.open(self._file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        connection = sqlite3.connect(self._file, timeout=_PATIENCE, isolation_level=None)
        try:
            _prepare(connection)
        except BaseException:
            connection.close()
            raise
        self._opened = connection
        return connection

    def _disconnect(self) -> None:
        if self._opened is not None:
            with suppress(sqlite3.Error):
                self._opened.close()
            self._opened = None

    def _load(self, connection: sqlite3.Connection, *, key: str, known: At | None) -> Stored | None:
        found = connection.execute(
            "SELECT life, version, head, at, stays FROM sessions WHERE key = ?", (key,)
        ).fetchone()
        if found is None:
            return None
        life, version, head, at, stays = found
        if self._ttl is not None and not stays and at < time.time() - self._ttl:
            return None
        since = known.version if known is not None and known.life == life else 0
        rows: list[tuple[str, str, str | None]] = []
        if since != version:
            query = "SELECT kind, place, text FROM rows WHERE life = ? AND version > ?"
            rows = connection.execute(query if since else f"{query} AND text IS NOT NULL", (life, since)).fetchall()
        return Stored(life=life, version=version, head=head, since=since, rows=rows)

    def _save(self, connection: sqlite3.Connection, *, save: Save) -> Saved:
        now = time.time()
        if self._ttl is not None:
            _forget_expired(connection, save.key, now - self._ttl)
        found = connection.execute(_FIND, (save.key,)).fetchone()
        if (None if found is None else At(*found[:2])) != save.before:
            return Saved(is_kept=False, found=self._load(connection, key=save.key, known=save.before))
        if met := [number for number, each in enumerate(save.unless) if self._has_mark(connection, *each, now)]:
            return Saved(is_kept=False, met=met)
        script, marks = (None, None) if found is None else found[2:]
        _write(connection, save, now, script, frozenset((marks or "").split()))
        listeners, *sums = connection.execute(_LISTENERS_AND_SUMS, (now,)).fetchone()
        return Saved(is_kept=True, over=_find_over(connection, save.key, sums, self._limits), listeners=listeners)

    def _has_mark(self, connection: sqlite3.Connection, mark: str, key: str, now: float) -> bool:
        if connection.execute("SELECT 1 FROM marks WHERE key = ? AND mark = ?", (key, mark)).fetchone() is None:
            return False
        if self._ttl is not None:
            _forget_expired(connection, key, now - self._ttl)
        return connection.execute("SELECT 1 FROM sessions WHERE key = ?", (key,)).fetchone() is not None


def _prepare(connection: sqlite3.Connection) -> None:
    """Make the tables, if they are not there; raises `CannotOpen` for a file that is something else."""
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            # While another process makes the file, this one is told at once that it is locked.
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(0.01)
        else:
            break
    connection.execute("PRAGMA synchronous = NORMAL")
    ((form,),) = connection.execute("PRAGMA user_version")
    ((application,),) = connection.execute("PRAGMA application_id")
    if form == application == 0:
        connection.execute("BEGIN IMMEDIATE")
        ((tables,),) = connection.execute("SELECT count(*) FROM sqlite_master")
        ((form,),) = connection.execute("PRAGMA user_version")
        if not tables:
            for statement in _statements(_SCHEMA + SCHEMA):
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {_APPLICATION}")
            connection.execute(f"PRAGMA user_version = {FORM}")
            form = FORM
        connection.execute("COMMIT")
        ((application,),) = connection.execute("PRAGMA application_id")
    if application != _APPLICATION:
        raise CannotOpen("it is a database of something else; name a file that is not there yet")
    if form != FORM:
        raise CannotOpen(
            f"its tables have version {form}; this llemulator reads version {FORM}. Name another file, or "
            "remove this one."
        )
    # A file that can only be read fails here, and not with the first request.
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("ROLLBACK")


def _statements(script: str) -> list[str]:
    statements, text = [], ""
    for line in script.splitlines():
        text += f"{line}\n"
        if sqlite3.complete_statement(text):
            statements.append(text)
            text = ""
    return statements


def _write(
    connection: sqlite3.Connection, save: Save, now: float, script_before: str | None, marks_before: AbstractSet[str]
) -> None:
    written, (life, version) = save.written, save.after
    if save.before is not None and save.before.life != life:
        connection.execute("DELETE FROM rows WHERE life = ?", (save.before.life,))
    if written.script is not None:
        connection.execute("INSERT OR IGNORE INTO scripts VALUES (?, ?)", (written.digest, written.script))
    values = (save.key, life, version, written.head, written.digest, *save.sizes, now, save.stays, save.has_own_script)
    connection.execute(_SAVE, (*values, save.is_use))
    if script_before not in (None, written.digest):
        _forget_unused_script(connection, script_before)
    for kind in written.wiped:
        connection.execute("DELETE FROM rows WHERE life = ? AND kind = ?", (life, kind))
    connection.executemany(
        "DELETE FROM rows WHERE life = ? AND kind = ? AND place = ?", ((life, *place) for place in written.dropped)
    )
    connection.executemany(_ROW, ((life, *place, version, text) for place, text in written.rows.items()))
    if written.prunes:
        connection.execute("DELETE FROM rows WHERE life = ? AND text IS NULL", (life,))
    for mark in marks_before - set(save.marks):
        connection.execute("DELETE FROM marks WHERE key = ? AND mark = ?", (save.key, mark))
    for mark in save.marks:
        if mark not in marks_before:
            connection.execute("INSERT INTO marks (mark, key) VALUES (?, ?)", (mark, save.key))


def _forget(connection: sqlite3.Connection, *, key: str) -> None:
    found = connection.execute("SELECT life, script FROM sessions WHERE key = ?", (key,)).fetchone()
    if found is None:
        return
    life, script = found
    connection.execute("DELETE FROM sessions WHERE key = ?", (key,))
    connection.execute("DELETE FROM rows WHERE life = ?", (life,))
    connection.execute("DELETE FROM marks WHERE key = ?", (key,))
    _forget_unused_script(connection, script)


def _forget_unused_script(connection: sqlite3.Connection, digest: str | None) -> None:
    connection.execute(
        "DELETE FROM scripts WHERE digest = ? AND NOT EXISTS (SELECT 1 FROM sessions WHERE script = ?)",
        (digest, digest),
    )


def _forget_expired(connection: sqlite3.Connection, key: str, before: float) -> None:
    """Forget a few sessions that expired, and in any case the one that is about to change."""
    expired = "SELECT key FROM sessions WHERE at < ? AND NOT stays"
    found = connection.execute(f"{expired} LIMIT ?", (before, _AT_ONCE)).fetchall()
    found += connection.execute(f"{expired} AND key = ?", (before, key)).fetchall()
    for (other,) in found:
        _forget(connection, key=other)


def _reserve_lives(connection: sqlite3.Connection, *, number: int) -> int:
    ((after,),) = connection.execute("UPDATE sums SET lives = lives + ? RETURNING lives", (number,)).fetchall()
    first: int = after - number
    return first


def _measure(connection: sqlite3.Connection) -> Sums:
    ((number, *sizes),) = connection.execute(
        "SELECT (SELECT count(*) FROM sessions WHERE NOT stays), sessions, journals, stored FROM sums"
    ).fetchall()
    return Sums(number, Sizes(*sizes))


_OLDEST: dict[Kind, str] = {
    "sessions": "SELECT key, sessions FROM sessions WHERE NOT stays AND key <> ? ORDER BY own, used",
    "journals": "SELECT key, journals FROM sessions WHERE journals > 0 AND key <> ? ORDER BY used",
    "stored": "SELECT key, stored FROM sessions WHERE stored > 0 AND key <> ? ORDER BY used",
}


def _find_over(
    connection: sqlite3.Connection, newest: str, sums: Sequence[int], limits: Limits
) -> list[tuple[Kind, str]]:
    """Return who must give up what, because all together have too much; the newest keeps what it has."""
    over: list[tuple[Kind, str]] = []
    for kind, total, limit in zip(_OLDEST, sums, limits, strict=True):
        excess = total - limit
        if excess > 0:
            for key, size in connection.execute(_OLDEST[kind], (newest,)):
                if excess <= 0:
                    break
                over.append((kind, key))
                excess -= size
    return over
