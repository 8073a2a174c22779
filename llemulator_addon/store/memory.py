"""Sessions in this process."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from hashlib import blake2b

from llemulator_addon.engine.session import Session


class MemoryStore:
    """Sessions in a dict, under a digest of the token. Above the limit, the one that was not used for longest goes.

    Above the limit of what all journals take together, those that were not used for longest are emptied.
    """

    def __init__(
        self, fresh: Callable[[str], Session], *, limit: int = 200_000, journals_limit: int = 128 << 20
    ) -> None:
        """`fresh` makes the session of a token that was never seen; `journals_limit` is in bytes."""
        self._fresh = fresh
        self._limit = limit
        self._journals_limit = journals_limit
        self._journals_size = 0
        self._sessions: OrderedDict[bytes, Session] = OrderedDict()
        self._with_journal: OrderedDict[bytes, None] = OrderedDict()
        self._with_connection_rules: dict[bytes, None] = {}
        self._last = "", _digest("")
        """The token that was used last, and its digest: a request asks for it three times."""

    def change[R](self, token: str, transition: Callable[[Session], tuple[Session, R]]) -> R:
        """Replace a session by what the transition makes of it."""
        key = self._key(token)
        session, result = transition(self._sessions.get(key) or self._fresh(token))
        self._keep(key, session)
        self._sessions.move_to_end(key)
        if len(self._sessions) > self._limit:
            forgotten, gone = self._sessions.popitem(last=False)
            self._weigh(forgotten, gone, None)
            self._with_connection_rules.pop(forgotten, None)
        return result

    def change_all(self, transition: Callable[[Session], Session]) -> None:
        """Replace every session by what the transition makes of it."""
        for key, session in tuple(self._sessions.items()):
            self._keep(key, transition(session))

    def offer[R](self, transition: Callable[[Session], tuple[Session, R | None]]) -> R | None:
        """Offer to the sessions with rules that act on connections."""
        for key in tuple(self._with_connection_rules):
            session, result = transition(self._sessions[key])
            if result is not None:
                self._keep(key, session)
                return result
        return None

    def _keep(self, key: bytes, session: Session) -> None:
        self._weigh(key, self._sessions.get(key), session)
        self._sessions[key] = session
        if session.connection_rules:
            self._with_connection_rules.setdefault(key)
        elif self._with_connection_rules:
            self._with_connection_rules.pop(key, None)

    def read(self, token: str) -> Session:
        """Return a session as it is."""
        return self._sessions.get(self._key(token)) or self._fresh(token)

    def all(self) -> tuple[Session, ...]:
        """Return every session that is kept, as it is; the one that was used last is last."""
        return tuple(self._sessions.values())

    def _key(self, token: str) -> bytes:
        last, digest = self._last
        if token != last:
            digest = _digest(token)
            self._last = token, digest
        return digest

    def _weigh(self, key: bytes, before: Session | None, after: Session | None) -> None:
        """Count what a session's journal takes, and make room where all of them take too much."""
        size = after.journal.size if after else 0
        self._journals_size += size - (before.journal.size if before else 0)
        if not size:
            self._with_journal.pop(key, None)
            return
        self._with_journal[key] = None
        self._with_journal.move_to_end(key)
        while self._journals_size > self._journals_limit and len(self._with_journal) > 1:
            self._empty(self._with_journal.popitem(last=False)[0])

    def _empty(self, key: bytes) -> None:
        session = self._sessions[key]
        self._journals_size -= session.journal.size
        self._sessions[key] = replace(session, journal=session.journal.emptied())


def _digest(token: str) -> bytes:
    return blake2b(token.encode("utf-8", "surrogateescape"), digest_size=16).digest()
