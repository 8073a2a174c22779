"""The port of a store of sessions."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from llemulator_addon.core.gauges import SessionGauges
from llemulator_addon.core.server_settings import DEFAULTS
from llemulator_addon.core.session_key import SessionKey
from llemulator_addon.engine.session import Session
from llemulator_addon.store.link import Link

Fresh = Callable[[SessionKey], Session]
"""Makes the session of a token that was never seen. Its life is 0: the store gives it one."""


@dataclass(frozen=True, slots=True)
class Beginnings:
    """How the session of a token begins at this server. Called, it makes one that plays the default script."""

    fresh: Fresh
    """With the default script."""
    bare: Fresh
    """Without it."""

    def __call__(self, key: SessionKey, /) -> Session:
        """Make the session of a token that was never seen."""
        return self.fresh(key)


class StoreFailed(Exception):
    """A store cannot be read or written at the moment; says which one and why, without secrets.

    It is not known whether a change that raised this was kept.
    """


class Marked(NamedTuple):
    """A session that has a mark (`Session.marks`)."""

    mark: str
    key: SessionKey


class MarkFound(Exception):
    """A session has the mark because of which a change was not to be made."""


class Limits(NamedTuple):
    """Bytes that all sessions may take together."""

    sessions: int = DEFAULTS.sessions_size
    """Without their journals and stored resources."""
    journals: int = DEFAULTS.journals_size
    stored: int = DEFAULTS.all_stored_size
    """Responses, conversations, chat completions, files and the like."""


class Run(Protocol):
    """Does work elsewhere, as in a thread, so that the event loop goes on."""

    def __call__[R](self, work: Callable[[], R], /) -> Awaitable[R]:
        """Return the result of the work, or raise its error."""
        ...


class Store(Protocol):
    """Sessions by key. A token that was never seen has the session that the server starts with.

    A transition makes a session of a session, and has no effects: after a lost race it is called again with what the
    session is then, and only its last result counts. If it raises, nothing changes. If it returns the very session that
    it was given, nothing is written.

    The store gives each session its life, a number above 0 that no other session has: when it begins, and when a
    transition puts a fresh one, whose life is 0, in its place. The session of requests without a token (`ANONYMOUS`)
    begins with the store and always stays. Others are dropped where all of them become too large (`Limits`).
    """

    @property
    def link(self) -> Link:
        """The connection to the other processes that share the store."""
        ...

    async def change[R](
        self, key: SessionKey, transition: Callable[[Session], tuple[Session, R]], *, unless: Marked | None = None
    ) -> R:
        """Replace a session by what the transition makes of it, and return what else it makes.

        If another session has a mark at that moment, nothing changes: `unless` names both, and `MarkFound` is raised.
        """
        ...

    async def change_beside[R](
        self,
        key: SessionKey,
        transition: Callable[[Session], tuple[Session, R]],
        run: Run,
        *,
        unless: Marked | None = None,
    ) -> R:
        """Do the same for a transition that takes long: `run` calls it, and others may change the session meanwhile.

        After a few lost races it is called at once, and all others wait for it.
        """
        ...

    async def change_all(self, transition: Callable[[Session], Session]) -> None:
        """Replace every session that is kept by what the transition makes of it; each is a change of its own."""
        ...

    async def read(self, key: SessionKey) -> Session:
        """Return a session as it is. One that was never seen has no life yet."""
        ...

    async def all(self) -> tuple[Session, ...]:
        """Return every session that is kept, as it is; the one that was changed last is last."""
        ...

    async def measure(self, run: Run) -> SessionGauges:
        """Sum up the sessions that are kept, without reading each; `run` does what takes long."""
        ...

    async def check(self) -> None:
        """Find out whether it can be read and written; raises `StoreFailed`, as all of these do."""
        ...

    async def close(self) -> None:
        """Give back what it holds. May be called again."""
        ...

    async def list_marked(self, mark: str) -> tuple[SessionKey, ...]:
        """Return the keys of all sessions with a mark (`Session.marks`); the one that has it longest is first."""
        ...


OpenStore = Callable[[Beginnings, Limits], Store]
"""Opens a store."""

ATTEMPTS = 3
"""How often a transition that takes long loses a race before all others wait for it."""
