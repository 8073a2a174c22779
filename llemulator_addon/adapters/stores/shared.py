"""Sessions that several processes share: a store on whatever keeps rows of text."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import Any
from weakref import WeakValueDictionary

from llemulator_addon.adapters.stores.backend import At, Backend, Kind, Save, Sizes
from llemulator_addon.adapters.stores.shared_link import SharedLink
from llemulator_addon.core.gauges import SessionGauges
from llemulator_addon.core.session_key import ANONYMOUS, SessionKey
from llemulator_addon.engine.session import Session
from llemulator_addon.live.threads import run_in_thread
from llemulator_addon.store.port import ATTEMPTS, Beginnings, Marked, MarkFound, Run, StoreFailed
from llemulator_addon.store.written_script import Scripts
from llemulator_addon.store.written_session import (
    KnownSession,
    Stored,
    Written,
    can_go_on,
    missing_script,
    read_session,
    settle,
    write_session,
)

_LIVES = 1000
"""How many lives are reserved at once."""
_KNOWN_AT_MOST = 64 << 20
"""Bytes of memory that sessions take which this process knows, about. The others are read again."""
_SCRIPTS_AT_MOST = 100
_TOGETHER = 8
"""How many changes of a session are written at once: others have their turn before the next."""
_LARGE = 64 << 10
"""Bytes of a script, or of rows, that are read or written in a thread."""


@dataclass(slots=True)
class _Change:
    """A change that waits for its turn, and how it went the last time that it was tried."""

    transition: Callable[[Session], tuple[Session, Any]]
    done: asyncio.Future[Any]
    is_use: bool
    unless: Marked | None = None
    result: Any = None
    error: Exception | None = None

    def make(self, session: Session) -> Session:
        """Return the session after the change; the same if it raises."""
        self.error = None
        try:
            session, self.result = self.transition(session)
        except Exception as error:  # noqa: BLE001 - it is told to who asked for the change
            self.error = error
        return session

    def tell(self) -> None:
        """Give the result to who waits for it."""
        if self.error is not None:
            self.fail(self.error)
        elif not self.done.done():
            self.done.set_result(self.result)

    def fail(self, error: Exception) -> None:
        """Raise an error where the result is waited for."""
        if not self.done.done():
            self.done.set_exception(error)


class _MarksFound(Exception):
    """Nothing was written, because some sessions have marks."""

    def __init__(self, marks: Collection[Marked]) -> None:
        self.marks = marks


class SharedStore:
    """Sessions in a backend. Not a value: it belongs to the event loop.

    A transition gets the session as this process knows it, and its result is kept if nobody else changed the session
    meanwhile. Otherwise the transaction returns what changed, and the transition runs again. So a change is one
    transaction, and one more for each race that was lost.
    """

    def __init__(self, backend: Backend, beginnings: Beginnings, *, most_scripts: int = _SCRIPTS_AT_MOST) -> None:
        """Take what keeps the sessions, and how many scripts are kept beyond those of the sessions that are known."""
        self._backend = backend
        self._beginnings = beginnings
        self._scripts = Scripts(most_scripts)
        self._known: OrderedDict[SessionKey, KnownSession] = OrderedDict()
        self._known_size = 0
        self._waiting: dict[SessionKey, deque[_Change]] = {}
        self._changing: set[asyncio.Task[None]] = set()
        self._locks: WeakValueDictionary[SessionKey, asyncio.Lock] = WeakValueDictionary()
        self._lives = count(0)
        self._lives_left = 0
        self._has_begun = False
        self.link = SharedLink(backend.link)

    async def change[R](
        self, key: SessionKey, transition: Callable[[Session], tuple[Session, R]], *, unless: Marked | None = None
    ) -> R:
        """Replace a session by what the transition makes of it."""
        await self._begin()
        return await self._change_in_turn(key, transition, unless=unless)

    async def change_beside[R](
        self,
        key: SessionKey,
        transition: Callable[[Session], tuple[Session, R]],
        run: Run,
        *,
        unless: Marked | None = None,
    ) -> R:
        """Replace a session by what a transition makes of it that takes long."""
        await self._begin()
        for _ in range(ATTEMPTS):
            await self._change_in_turn(key, _begin_life)
            if (known := self._known.get(key)) is None:
                continue
            after, result = await run(partial(transition, known.session))
            async with self._lock(key):
                if await self._put(key, known, after, unless):
                    return result
        return await self.change(key, transition, unless=unless)

    async def _put(self, key: SessionKey, known: KnownSession, after: Session, unless: Marked | None) -> bool:
        if after is known.session:
            return await self._is_current(key, known)
        try:
            return await self._save(key, known, after, unless=() if unless is None else (unless,))
        except _MarksFound:
            raise MarkFound from None

    async def change_all(self, transition: Callable[[Session], Session]) -> None:
        """Replace every session by what the transition makes of it."""
        await self._begin()
        try:
            for key in await self._backend.list_keys():
                await self._change_in_turn(_key(key), lambda session: (transition(session), None), is_use=False)
        except StoreFailed:
            # The others are read again, and play another default script from its start then.
            self._known.clear()
            self._known_size = 0
            raise

    async def read(self, key: SessionKey) -> Session:
        """Return a session as it is."""
        await self._begin()
        async with self._lock(key):
            known = await self._load(key)
        return self._beginnings.fresh(key) if known is None else known.session

    async def all(self) -> tuple[Session, ...]:
        """Return every session that is kept, as it is; the one that was changed last is last."""
        await self._begin()
        sessions = [await self.read(_key(key)) for key in await self._backend.list_keys()]
        return tuple(session for session in sessions if session.life)

    async def list_marked(self, mark: str) -> tuple[SessionKey, ...]:
        """Return the keys of all sessions with a mark; the one that has it longest is first."""
        await self._begin()
        return tuple(map(_key, await self._backend.list_marked(mark)))

    async def measure(self, run: Run) -> SessionGauges:  # noqa: ARG002 - the backend knows the sums
        """Sum up the sessions that are kept."""
        sums = await self._backend.measure()
        return SessionGauges(sums.sessions, *sums.sizes)

    async def check(self) -> None:
        """Find out whether sessions can be written."""
        await self._backend.check()

    async def close(self) -> None:
        """Close the backend."""
        await self.link.close()
        await self._backend.close()

    async def _begin(self) -> None:
        """Let the session of requests without a token begin, if it did not yet."""
        if not self._has_begun:
            await self._change_in_turn(ANONYMOUS, _begin_life)
            self._has_begun = True

    def _lock(self, key: SessionKey) -> asyncio.Lock:
        """Return the lock under which this process changes a session: it does not race against itself."""
        if (lock := self._locks.get(key)) is None:
            self._locks[key] = lock = asyncio.Lock()
        return lock

    async def _change_in_turn[R](
        self,
        key: SessionKey,
        transition: Callable[[Session], tuple[Session, R]],
        *,
        is_use: bool = True,
        unless: Marked | None = None,
    ) -> R:
        """Change a session when those before have. All that wait meanwhile are written together."""
        loop = asyncio.get_running_loop()
        change = _Change(transition, loop.create_future(), is_use, unless)
        if (waiting := self._waiting.get(key)) is not None:
            waiting.append(change)
        else:
            self._waiting[key] = deque([change])
            # Who leaves must not stop what is written for others.
            self._changing.add(task := asyncio.Task(self._work(key), loop=loop, eager_start=True))
            task.add_done_callback(self._changing.discard)
        result: R = await change.done
        return result

    async def _work(self, key: SessionKey) -> None:
        """Make the changes of a session that wait, and those that come meanwhile."""
        waiting = self._waiting[key]
        async with self._lock(key):
            while waiting:
                group = [waiting.popleft() for _ in range(min(_TOGETHER, len(waiting)))]
                group = [change for change in group if not change.done.cancelled()]
                try:
                    await self._make(key, group)
                except Exception as error:  # noqa: BLE001 - each of them raises it
                    for change in group:
                        change.fail(error)
            del self._waiting[key]

    async def _make(self, key: SessionKey, group: Sequence["_Change"]) -> None:
        """Make changes, one after the other, and write their result."""
        known, is_current = self._known.get(key), False
        if known is None:
            known, is_current = await self._load(key), True
        while group:
            before = known.session if known is not None else await self._new(key)
            after, is_begun = before, False
            for change in group:
                after = change.make(after)
                is_begun |= change.error is None
            # Where nothing is written, nothing has told yet whether the session is still the same.
            if after is not before or (known is None and is_begun):
                is_use = any(change.is_use for change in group)
                unless = {change.unless: None for change in group if change.unless is not None}
                try:
                    is_done = await self._save(key, known, after, is_use=is_use, unless=tuple(unless))
                except _MarksFound as found:
                    group = _fail_some(group, found.marks)
                    continue
            else:
                is_done = is_current or await self._is_current(key, known)
            if is_done:
                for change in group:
                    change.tell()
                return
            # What changed has been read meanwhile.
            known, is_current = self._known.get(key), True

    async def _is_current(self, key: SessionKey, known: KnownSession | None) -> bool:
        current = await self._load(key)
        if known is None or current is None:
            return current is known
        return (current.session.life, current.version) == (known.session.life, known.version)

    async def _new(self, key: SessionKey) -> Session:
        return self._beginnings.fresh(key).change(life=await self._next_life())

    async def _next_life(self) -> int:
        if not self._lives_left:
            self._lives = count(await self._backend.reserve_lives(_LIVES))
            self._lives_left = _LIVES
        self._lives_left -= 1
        return next(self._lives)

    # Reading and writing ----------------------------------------------------------------------------------------------

    async def _load(self, key: SessionKey) -> KnownSession | None:
        """Return a session as it is now; the very same value as before, if nobody changed it."""
        return await self._take(key, await self._backend.load(_text(key), self._find_at(key)))

    def _find_at(self, key: SessionKey) -> At | None:
        known = self._known.get(key)
        return None if known is None else At(known.session.life, known.version)

    async def _take(self, key: SessionKey, stored: Stored | None) -> KnownSession | None:
        """Return a session of which this was read: all of it, or what changed since it was known."""
        known, at = self._known.get(key), self._find_at(key)
        missed = 0
        while stored is not None:
            if known is not None and (stored.life, stored.version) == at:
                self._known.move_to_end(key)
                return known
            if not can_go_on(stored, known):
                known = at = None
            elif (digest := missing_script(stored, known, self._scripts)) is None:
                size = sum(len(text) for _, _, text in stored.rows if text is not None)
                return self._keep(key, await self._read(key, stored, known, size))
            elif (script := await self._backend.read_script(digest)) is not None:
                await run_in_thread(partial(self._scripts.add, digest, script), len(script))
            elif (missed := missed + 1) == ATTEMPTS:
                # Not because another process has just loaded another one. Does the store drop what it has no room for?
                raise StoreFailed("the script of a session is missing in the store")
            stored = await self._backend.load(_text(key), at)
        self._forget(key)
        return None

    async def _read(self, key: SessionKey, stored: Stored, known: KnownSession | None, size: int) -> KnownSession:
        reading = partial(read_session, key, stored, known, self._beginnings, self._scripts)
        return await run_in_thread(reading, size) if size > _LARGE else reading()

    async def _save(
        self,
        key: SessionKey,
        known: KnownSession | None,
        after: Session,
        *,
        is_use: bool = True,
        unless: Sequence[Marked] = (),
    ) -> bool:
        """Write a change; False: somebody else made one before, which is read then. Raises `_MarksFound`."""
        if not after.life:
            after = after.change(life=await self._next_life())
        written = await self._write(after, known)
        version = 1 if known is None else known.version + 1
        saved = await self._backend.save(
            Save(
                key=_text(key),
                before=None if known is None else At(known.session.life, known.version),
                after=At(after.life, version),
                written=written,
                sizes=Sizes(0 if key == ANONYMOUS else after.size, after.journal.size, after.resources.size),
                stays=key == ANONYMOUS,
                has_own_script=after.has_own_script,
                marks=after.marks,
                is_use=is_use,
                unless=[(each.mark, _text(each.key)) for each in unless],
            )
        )
        if saved.met:
            raise _MarksFound([unless[position] for position in saved.met])
        if not saved.is_kept:
            await self._take(key, saved.found)
            return False
        self.link.note_listeners(saved.listeners)
        self._keep(key, settle(after, version, written))
        for kind, other in saved.over:
            await self._give_up(kind, _key(other), key)
        return True

    async def _write(self, after: Session, known: KnownSession | None) -> Written:
        writing = partial(write_session, after, known, self._scripts)
        is_new_script = known is None or known.session.script is not after.script
        size = after.script.size if is_new_script and after.has_own_script else 0
        return await run_in_thread(writing, size) if size > _LARGE else writing()

    async def _give_up(self, kind: Kind, key: SessionKey, newest: SessionKey) -> None:
        if key == newest:
            return
        if kind == "sessions":
            await self._backend.forget(_text(key))
            self._forget(key)
        elif kind == "journals":
            await self._change_apart(key, lambda session: session.change(journal=session.journal.empty()))
        else:
            await self._change_apart(key, lambda session: session.change(resources=session.resources.empty()))

    async def _change_apart(self, key: SessionKey, transition: Callable[[Session], Session]) -> None:
        """Change another session than the one whose lock is held. Once: who does not win a race leaves it to others."""
        known = await self._load(key)
        if known is not None:
            await self._save(key, known, transition(known.session), is_use=False)

    # What this process knows ------------------------------------------------------------------------------------------

    def _keep(self, key: SessionKey, known: KnownSession) -> KnownSession:
        self._forget(key)
        self._known[key] = known
        self._known_size += _size(known)
        while self._known_size > _KNOWN_AT_MOST and len(self._known) > 1:
            self._forget(next(iter(self._known)))
        return known

    def _forget(self, key: SessionKey) -> None:
        if (known := self._known.pop(key, None)) is not None:
            self._known_size -= _size(known)


def _fail_some(group: Sequence[_Change], marks: Collection[Marked]) -> list[_Change]:
    """Fail the changes that were not to be made if a session has a mark, and return the others."""
    for change in group:
        if change.unless in marks:
            change.fail(MarkFound())
    return [change for change in group if change.unless not in marks]


def _begin_life(session: Session) -> tuple[Session, None]:
    return session, None


def _size(known: KnownSession) -> int:
    session = known.session
    return session.size + session.journal.size + session.resources.size


def _text(key: SessionKey) -> str:
    return f"{key.digest} {key.name}"


def _key(text: str) -> SessionKey:
    digest, _, name = text.partition(" ")
    return SessionKey(digest, name)
