"""Sessions in this process."""

from collections import OrderedDict
from collections.abc import Callable, Iterable
from functools import partial
from itertools import count

from llemulator_addon.core.gauges import SessionGauges
from llemulator_addon.core.session_key import ANONYMOUS, SessionKey
from llemulator_addon.engine.session import Session
from llemulator_addon.store.memory_link import MemoryLink
from llemulator_addon.store.port import ATTEMPTS, Fresh, Limits, Marked, MarkFound, Run
from llemulator_addon.store.shares import Shares


class MemoryStore:
    """Sessions in a dict. Three things are bounded for all of them together, in bytes.

    Above the limit of what sessions take themselves, those go that were not used for longest: first of all those
    without a script of their own. Above that of journals, those that were not used for longest are emptied; and so are
    stored resources.

    It never waits, so a change is not interrupted, and its caller is not either.
    """

    def __init__(self, fresh: Fresh, limits: Limits) -> None:
        """`fresh` makes the session of a token that was never seen."""
        self._fresh = fresh
        self._shares = Shares(limits.sessions)
        self._journals = Shares(limits.journals)
        self._stored = Shares(limits.stored)
        self._sessions: OrderedDict[SessionKey, Session] = OrderedDict()
        self._marked: dict[str, dict[SessionKey, None]] = {}
        self._lives = count(1)
        self.link = MemoryLink()
        self._keep(ANONYMOUS, self._begin(ANONYMOUS))

    async def change[R](
        self, key: SessionKey, transition: Callable[[Session], tuple[Session, R]], *, unless: Marked | None = None
    ) -> R:
        """Replace a session by what the transition makes of it."""
        if unless is not None and unless.key in self._marked.get(unless.mark, ()):
            raise MarkFound
        before = self._sessions.get(key)
        after, result = transition(before or self._begin(key))
        if after is not before:
            self._keep(key, after)
            self._sessions.move_to_end(key)
        return result

    async def change_beside[R](
        self,
        key: SessionKey,
        transition: Callable[[Session], tuple[Session, R]],
        run: Run,
        *,
        unless: Marked | None = None,
    ) -> R:
        """Replace a session by what a transition makes of it that takes long."""
        for _ in range(ATTEMPTS):
            before = await self.change(key, _look)
            after, result = await run(partial(transition, before))
            if self._sessions.get(key) is before:
                return await self.change(key, partial(_put, after=after, result=result), unless=unless)
        return await self.change(key, transition, unless=unless)

    async def change_all(self, transition: Callable[[Session], Session]) -> None:
        """Replace every session by what the transition makes of it."""
        for key in tuple(self._sessions):
            if (session := self._sessions.get(key)) is not None:  # else one before it took its room
                self._keep(key, transition(session))

    def _begin(self, key: SessionKey) -> Session:
        return self._fresh(key).change(life=next(self._lives))

    def _keep(self, key: SessionKey, session: Session) -> None:
        self._sessions[key] = session if session.life else session.change(life=next(self._lives))
        for other in self._journals.take(key, session.journal.size):
            fuller = self._sessions[other]
            self._sessions[other] = fuller.change(journal=fuller.journal.empty())
        for other in self._stored.take(key, session.resources.size):
            fuller = self._sessions[other]
            self._sessions[other] = fuller.change(resources=fuller.resources.empty())
        if key != ANONYMOUS:
            for other in self._shares.take(key, session.size, reluctantly=session.has_own_script):
                self._forget(other)
        marks = session.marks
        if marks or self._marked:
            self._mark(key, marks)

    def _mark(self, key: SessionKey, marks: tuple[str, ...]) -> None:
        for mark in marks:
            self._marked.setdefault(mark, {}).setdefault(key)
        for mark in [each for each, keys in self._marked.items() if key in keys and each not in marks]:
            del self._marked[mark][key]
            if not self._marked[mark]:
                del self._marked[mark]

    def _forget(self, key: SessionKey) -> None:
        del self._sessions[key]
        self._journals.take(key, 0)
        self._stored.take(key, 0)
        self._mark(key, ())

    async def read(self, key: SessionKey) -> Session:
        """Return a session as it is."""
        return self._sessions.get(key) or self._fresh(key)

    async def all(self) -> tuple[Session, ...]:
        """Return every session that is kept, as it is; the one that was changed last is last."""
        return tuple(self._sessions.values())

    async def list_marked(self, mark: str) -> tuple[SessionKey, ...]:
        """Return the keys of all sessions with a mark; the one that has it longest is first."""
        return tuple(self._marked.get(mark, ()))

    async def measure(self, run: Run) -> SessionGauges:
        """Sum up the sessions that are kept."""
        own = [session for key in self._shares.reluctant if (session := self._sessions.get(key)) is not None]
        return SessionGauges(
            sessions=len(self._sessions) - 1,
            sessions_size=self._shares.total,
            journals_size=self._journals.total,
            stored_size=self._stored.total,
            unused_rules=await run(partial(_count_unused, own)),
        )

    async def check(self) -> None:
        """Do nothing: memory is there."""

    async def close(self) -> None:
        """Do nothing."""

    @property
    def size(self) -> int:
        """Estimated bytes of sessions, without their journals and stored resources."""
        return self._shares.total

    @property
    def size_limit(self) -> int:
        """Bytes of memory that they may take so."""
        return self._shares.limit


def _count_unused(own: Iterable[Session]) -> int:
    return sum(len(each.script.index.rules) - len(each.progress.used) for each in own if each.script.owner == "token")


def _look(session: Session) -> tuple[Session, Session]:
    return session, session


def _put[R](_: Session, *, after: Session, result: R) -> tuple[Session, R]:
    return after, result
