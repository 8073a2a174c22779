"""The port between processes that share a store: leases, questions and news.

A lease is a note in the store that ends with its process, at the latest some seconds after the process was killed.
"""

from asyncio import Future, get_running_loop
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Literal, NamedTuple, Protocol

from llemulator_addon.core.session_key import SessionKey

LeaseKind = Literal["waiting", "turn", "call"]
"""Of a request that waits for a person; of one that has its turn in a session, or waits for it; of the connection of a
call."""

HearNotice = Callable[[str | None], None]
"""Takes a notice of another process; None: some were lost."""
AnswerQuestion = Callable[[str], Awaitable[str]]
"""Answers a question of another process."""


class LinkFull(Exception):
    """Too much waits for a process already, so that it was not asked."""


class Lease(NamedTuple):
    """A note that somebody holds."""

    number: int
    """Rising: the order in which they came."""
    process: str
    """Its holder."""
    of: str
    """The thing that it is about: a session, or a life of one. Leases of one thing form a queue."""
    label: str
    """A few words."""
    text: str
    """Empty in a list of all things."""


class Held:
    """A lease of this process. Not a value: it belongs to the event loop."""

    __slots__ = ("_called", "is_first", "kind", "label", "name", "of", "text")

    def __init__(self, name: str, kind: LeaseKind, of: str, label: str, text: str) -> None:
        self.name = name
        """No other has it."""
        self.kind: LeaseKind = kind
        self.of = of
        self.label = label
        self.text = text
        self.is_first = False
        """Whether it is the oldest of its thing."""
        self._called: Future[bool] | None = None

    async def come_first(self) -> bool:
        """Wait until it is the oldest; False: it was called off."""
        if self.is_first:
            return True
        self._called = get_running_loop().create_future()
        return await self._called

    def note_first(self) -> None:
        """Take note that it is the oldest. May be called again."""
        self.is_first = True
        self._end(is_first=True)

    def call_off(self) -> None:
        """Let nobody wait for it any more."""
        self._end(is_first=False)

    def _end(self, *, is_first: bool) -> None:
        if self._called is not None and not self._called.done():
            self._called.set_result(is_first)


class Link(Protocol):
    """The connection of a process to the others that share its store. Not a value: it belongs to the event loop.

    What waits for the store raises `StoreFailed`.
    """

    @property
    def name(self) -> str:
        """The name of this process, which no other has."""
        ...

    @property
    def is_shared(self) -> bool:
        """Whether there may be other processes."""
        ...

    @property
    def is_heard(self) -> bool:
        """Whether another process listens to the news, as far as this one knows."""
        ...

    async def hold(self, kind: LeaseKind, of: str, label: str = "", write: Callable[[], str] = str) -> Held:
        """Hold a lease of a thing, behind those that there are; `write` makes its text, if others can see it."""
        ...

    def let_go(self, held: Held) -> None:
        """End a lease; the next of the same thing is the oldest then. It is done later, and until it succeeds."""
        ...

    async def settle(self) -> None:
        """Wait until what was let go is gone, or the store has failed."""
        ...

    async def list_leases(self, kind: LeaseKind, of: str | None = None) -> Sequence[Lease]:
        """Return the leases that other processes hold of a thing, or of all, without their texts; oldest first."""
        ...

    async def ask(self, process: str, question: str) -> str | None:
        """Ask another process; None: it does not answer. Raises `LinkFull`."""
        ...

    def answer_with(self, answer: AnswerQuestion) -> None:
        """Choose what answers the questions of others."""
        ...

    def tell(self, notice: str, replaces: Hashable = None) -> None:
        """Tell those who listen, soon. Of what has not left yet, it takes the place of a notice with the same name.

        What is too large, or too much, is lost, and those who listen learn that.
        """
        ...

    async def listen(self, hear: HearNotice) -> None:
        """Hear what others tell from now on. May be called again."""
        ...

    def stop_listening(self) -> None:
        """Hear no more, perhaps in a while; if something can be lost by that, None is heard at the end."""
        ...

    async def close(self) -> None:
        """Give up all leases, as far as the store works."""
        ...


def name_thing(key: SessionKey, life: int | None = None) -> str:
    """Name a session, or a life of it, as leases do."""
    return f"{key.digest} {key.name}" if life is None else f"{life} {key.digest} {key.name}"


def read_thing(name: str) -> SessionKey:
    """Return the session that a thing is."""
    digest, _, shown = name.partition(" ")
    return SessionKey(digest, shown)
