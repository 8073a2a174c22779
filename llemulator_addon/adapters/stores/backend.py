"""The port of what keeps sessions outside of this process: it knows keys, versions and rows of text, and no session."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

from llemulator_addon.store.link import Held, Lease, LeaseKind
from llemulator_addon.store.port import StoreFailed
from llemulator_addon.store.written_session import Stored, Written

logger = logging.getLogger(__name__)

NOTICES_KEPT = 4096
"""How many notices wait at most: to leave a process, or in the store. Each has `NOTICE_AT_MOST`, so 4 MiB in all."""
NOTICE_AT_MOST = 1 << 10
"""Bytes of a notice. It has names only, and a larger one is lost."""
MESSAGES_KEPT = 1024
"""How many messages wait for a process at most."""
MESSAGES_SIZE = 16 << 20
"""Bytes of the messages that wait for a process at most, and of the questions that it is answering."""

Kind = Literal["sessions", "journals", "stored"]
"""One of the three things of which all sessions together have a bound (`Limits`)."""


class Sizes(NamedTuple):
    """Bytes that a session takes, as `Limits` counts them."""

    session: int
    journal: int
    stored: int


class At(NamedTuple):
    """A session as somebody saw it."""

    life: int
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Save:
    """A change of one session, which is kept if the session is still as it was (compare-and-set)."""

    key: str
    before: At | None
    """None: the session was never seen."""
    after: At
    written: Written
    sizes: Sizes
    stays: bool
    """Whether it is never dropped, and does not expire."""
    has_own_script: bool
    """It is then dropped only when no other is left."""
    marks: Sequence[str]
    is_use: bool
    """Whether it is the last that was used from now on."""
    unless: Sequence[tuple[str, str]] = ()
    """Marks and keys: if one of these sessions has its mark, nothing is written."""


class Saved(NamedTuple):
    """The result of a save."""

    is_kept: bool
    """False: somebody else changed the session before, and nothing was written."""
    found: Stored | None = None
    """If it is not kept: the session, or what changed since the one that is named as before, as `load` returns it."""
    over: Sequence[tuple[Kind, str]] = ()
    """The keys of those who must give up something, because all together have too much."""
    listeners: int = 0
    """How many processes listen to the news."""
    met: Sequence[int] = ()
    """If it is not kept because of marks: the positions in `unless` of those that were found."""


class Sums(NamedTuple):
    """All sessions together."""

    sessions: int
    """How many may be dropped, which are all but that of requests without a token."""
    sizes: Sizes


class Health:
    """Logs that a store fails, once, and that it works again. Any thread may use it."""

    def __init__(self) -> None:
        """Begin as one that works."""
        self._fails = False

    def note_failure(self, why: str) -> StoreFailed:
        """Return the failure to raise."""
        if not self._fails:
            self._fails = True
            logger.error("the store fails, and requests get 503 until it works again: %s", why)
        return StoreFailed(why)

    def note_success(self) -> None:
        """Take note of a use that worked."""
        if self._fails:
            self._fails = False
            logger.warning("the store works again")


class Renewed(NamedTuple):
    """The news for a process when it shows that it lives."""

    is_known: bool
    """False: its leases may have ended, or it has just begun."""
    listeners: int
    """As in `Saved`."""
    last_told: int
    """The number of the last notice."""


class ToldNotice(NamedTuple):
    """A notice."""

    number: int
    """Counted from 1, without a gap."""
    process: str
    """The one that told it."""
    text: str


class Incoming(NamedTuple):
    """The messages and notices for a process, oldest first."""

    messages: Sequence[str]
    notices: Sequence[ToldNotice]
    place: str
    """Behind which the next messages come."""


class LinkBackend(Protocol):
    """Keeps leases, messages and notices. Each method is one transaction, and raises `StoreFailed`.

    Leases of a process that did not show for too long that it lives have ended. Where the oldest lease of a turn ends,
    the holder of the next one gets the message `first NAME`.
    """

    async def renew(self, process: str, seconds: float, *, listens: bool) -> Renewed:
        """Let a process live for some seconds."""
        ...

    async def hold(self, process: str, seconds: float, held: Held) -> bool:
        """Let a process hold a lease, and live; return whether it is the oldest. Done again, it changes nothing."""
        ...

    async def let_go(self, names: Sequence[str]) -> None:
        """End leases. Those that are not there are passed over."""
        ...

    async def list_leases(self, kind: LeaseKind, of: str | None) -> Sequence[tuple[str, Lease]]:
        """Return the names and the leases of a thing, or of all without their texts; oldest first."""
        ...

    async def send(self, process: str, message: str) -> bool:
        """Send a message to a process; False: there is no room for it. It is kept for a minute."""
        ...

    async def tell(self, process: str, notices: Sequence[str]) -> None:
        """Tell all who listen. The last notices are kept."""
        ...

    async def receive(self, process: str, place: str, last_told: int | None) -> Incoming:
        """Return what came behind a place (at first empty) and a notice (None: none are wanted).

        Messages up to the place were taken, and go.
        Waits for something for a second at most. It waits outside of a transaction, and blocks nobody.
        """
        ...

    async def count_listeners(self) -> int:
        """Return how many processes listen to the news."""
        ...

    async def leave(self, process: str) -> None:
        """End the life of a process, and all its leases."""
        ...


class Backend(Protocol):
    """Keeps sessions as rows of text. Each method is one transaction, and raises `StoreFailed`."""

    @property
    def link(self) -> LinkBackend:
        """Keeps what the processes that share the sessions know of each other."""
        ...

    async def load(self, key: str, known: At | None) -> Stored | None:
        """Return a session, of the life and version that is known only what changed since; None: there is none."""
        ...

    async def save(self, save: Save) -> Saved:
        """Write a change; the rows of another life go. Sessions that were not used for too long are forgotten."""
        ...

    async def forget(self, key: str) -> None:
        """Forget a session."""
        ...

    async def read_script(self, digest: str) -> str | None:
        """Return the text of a script, if a session has it."""
        ...

    async def list_keys(self) -> Sequence[str]:
        """Return the keys of all sessions, the one that was used last as the last."""
        ...

    async def list_marked(self, mark: str) -> Sequence[str]:
        """Return the keys of all sessions with a mark; the one that has it longest is first."""
        ...

    async def reserve_lives(self, number: int) -> int:
        """Return the first of some lives that nobody else gets."""
        ...

    async def measure(self) -> Sums:
        """Return the sums of all sessions, which it keeps up to date."""
        ...

    async def check(self) -> None:
        """Find out whether it can be written."""
        ...

    async def close(self) -> None:
        """Close what is open."""
        ...
