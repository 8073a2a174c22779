"""The port of a store of sessions."""

from collections.abc import Callable
from typing import Protocol

from llemulator_addon.core.session_key import SessionKey
from llemulator_addon.engine.session import Session


class Store(Protocol):
    """Sessions by key. A token that was never seen has the session that the server starts with."""

    def change[R](self, key: SessionKey, transition: Callable[[Session], tuple[Session, R]]) -> R:
        """Replace a session by what the transition makes of it, and return what else it makes.

        Atomic for one token. The transition may be called again after a lost race: it has no effects.
        """
        ...

    def change_all(self, transition: Callable[[Session], Session]) -> None:
        """Replace every session that is kept by what the transition makes of it; each is a change of its own."""
        ...

    def offer[R](self, transition: Callable[[Session], tuple[Session, R | None]]) -> R | None:
        """Offer to the sessions with rules that act on connections, oldest first, until one makes something of it."""
        ...

    def read(self, key: SessionKey) -> Session:
        """Return a session as it is."""
        ...

    def all(self) -> tuple[Session, ...]:
        """Return every session that is kept, as it is; the one that was used last is last."""
        ...
