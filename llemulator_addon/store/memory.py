"""Sessions in this process."""

from collections import OrderedDict
from collections.abc import Callable

from llemulator_addon.core import defaults
from llemulator_addon.core.session_key import SessionKey
from llemulator_addon.engine.session import Session
from llemulator_addon.store.shares import Shares


class MemoryStore:
    """Sessions in a dict. Three things are bounded for all of them together, in bytes.

    Above the limit of what sessions take themselves, those go that were not used for longest: first of all those
    without a script of their own. Above that of journals, those that were not used for longest are emptied; and so are
    stored resources.
    """

    def __init__(
        self,
        fresh: Callable[[SessionKey], Session],
        *,
        sessions_limit: int = defaults.SESSIONS_SIZE,
        journals_limit: int = defaults.JOURNALS_SIZE,
        stored_limit: int = defaults.ALL_STORED_SIZE,
        lasting: SessionKey | None = None,
    ) -> None:
        """`fresh` makes the session of a token that was never seen; that of the key `lasting` always stays."""
        self._fresh = fresh
        self._shares = Shares(sessions_limit)
        self._journals = Shares(journals_limit)
        self._stored = Shares(stored_limit)
        self._sessions: OrderedDict[SessionKey, Session] = OrderedDict()
        self._with_connection_rules: dict[SessionKey, None] = {}
        self._lasting = lasting

    def change[R](self, key: SessionKey, transition: Callable[[Session], tuple[Session, R]]) -> R:
        """Replace a session by what the transition makes of it."""
        session, result = transition(self._sessions.get(key) or self._fresh(key))
        self._keep(key, session)
        self._sessions.move_to_end(key)
        return result

    def change_all(self, transition: Callable[[Session], Session]) -> None:
        """Replace every session by what the transition makes of it."""
        for key in tuple(self._sessions):
            if (session := self._sessions.get(key)) is not None:  # else one before it took its room
                self._keep(key, transition(session))

    def offer[R](self, transition: Callable[[Session], tuple[Session, R | None]]) -> R | None:
        """Offer to the sessions with rules that act on connections."""
        for key in tuple(self._with_connection_rules):
            session, result = transition(self._sessions[key])
            if result is not None:
                self._keep(key, session)
                return result
        return None

    def _keep(self, key: SessionKey, session: Session) -> None:
        self._sessions[key] = session
        for other in self._journals.take(key, session.journal.size):
            fuller = self._sessions[other]
            self._sessions[other] = fuller.change(journal=fuller.journal.empty())
        for other in self._stored.take(key, session.resources.size):
            fuller = self._sessions[other]
            self._sessions[other] = fuller.change(resources=fuller.resources.empty())
        if key != self._lasting:
            for other in self._shares.take(key, session.size, reluctantly=session.has_own_script):
                self._forget(other)
        if session.progress.connection_rules:
            self._with_connection_rules.setdefault(key)
        elif self._with_connection_rules:
            self._with_connection_rules.pop(key, None)

    def _forget(self, key: SessionKey) -> None:
        del self._sessions[key]
        self._journals.take(key, 0)
        self._stored.take(key, 0)
        self._with_connection_rules.pop(key, None)

    def read(self, key: SessionKey) -> Session:
        """Return a session as it is."""
        return self._sessions.get(key) or self._fresh(key)

    def all(self) -> tuple[Session, ...]:
        """Return every session that is kept, as it is; the one that was used last is last."""
        return tuple(self._sessions.values())

    @property
    def size(self) -> int:
        """Estimated bytes of sessions, without their journals and stored resources."""
        return self._shares.total

    @property
    def size_limit(self) -> int:
        """Bytes of memory that they may take so."""
        return self._shares.limit
