"""Sessions in this process."""

from collections import OrderedDict
from collections.abc import Callable
from hashlib import blake2b

from llemulator_addon.engine.session import Session


class MemoryStore:
    """Sessions in a dict, under a digest of the token. Above the limit, the one that was not used for longest goes."""

    def __init__(self, fresh: Callable[[str], Session], *, limit: int = 200_000) -> None:
        """`fresh` makes the session of a token that was never seen."""
        self._fresh = fresh
        self._limit = limit
        self._sessions: OrderedDict[bytes, Session] = OrderedDict()

    def change[R](self, token: str, transition: Callable[[Session], tuple[Session, R]]) -> R:
        """Replace a session by what the transition makes of it."""
        key = _key(token)
        session, result = transition(self._sessions.get(key) or self._fresh(token))
        self._sessions[key] = session
        self._sessions.move_to_end(key)
        if len(self._sessions) > self._limit:
            self._sessions.popitem(last=False)
        return result

    def read(self, token: str) -> Session:
        """Return a session as it is."""
        return self._sessions.get(_key(token)) or self._fresh(token)


def _key(token: str) -> bytes:
    return blake2b(token.encode("utf-8", "surrogateescape"), digest_size=16).digest()
