"""News: one stream of notices about what happens, with numbers to go on from. Bounded.

Nothing is kept, and nothing is counted, before somebody reads. A reader that left is waited for as long as its place
is still kept: `EventSource` comes again by itself.
"""

import asyncio
from collections import deque
from contextlib import suppress
from itertools import islice
from typing import Literal, NamedTuple, get_args
from weakref import WeakSet

from llemulator_addon.core.session_key import ANONYMOUS, ExchangeId, SessionKey
from llemulator_addon.store.link import Link
from llemulator_addon.wire.json_bytes import compact, read

Happening = Literal[
    "begun", "sent", "answered", "ended", "waiting", "queue", "script", "resources", "clock", "reset", "templates"
]

MOST_KEPT = 4096
"""Notices."""


class Peer(NamedTuple):
    """The other end of a client's connection."""

    address: str
    port: int


class Sent(NamedTuple):
    """How far an answer is."""

    sends: int
    """How many of its sends the client took."""
    bytes_sent: int
    """Bytes of its body that the client took."""


class Notice(NamedTuple):
    """One thing that happened. It holds no exchange: a reader looks that up."""

    number: int
    """Counted from 1."""
    happening: Happening
    session: SessionKey
    exchange: ExchangeId | None = None
    more: Sent | Peer | None = None
    """Of `sent`: how far the answer is. Of `begun`: the client."""


class News:
    """Not a value: it belongs to the event loop."""

    def __init__(self, link: Link, run: str = "") -> None:
        """Take the link to others, and a name that no other run of the program has: its numbers begin again."""
        self._link = link
        self.run = run
        self._kept: deque[Notice] = deque(maxlen=MOST_KEPT)
        self._last = 0
        self._unread_since: int | None = None
        """The last number when the last reader left; None while nobody has read yet, or somebody reads."""
        self._readers: WeakSet[NewsReader] = WeakSet()

    @property
    def is_wanted(self) -> bool:
        """Whether notices may be wanted. Only then it is worth to find out more."""
        return self._is_read or self._link.is_shared

    @property
    def _is_read(self) -> bool:
        return bool(self._readers) or self._unread_since is not None

    @property
    def last(self) -> int:
        """The number of the last notice."""
        return self._last

    async def read(self, session: SessionKey | None = None, *, since: int | None = None) -> "NewsReader":
        """Begin to read what happens in a session, or in all, behind a number; None: from now on.

        In all processes that share the store. Raises `StoreFailed`.
        """
        await self._link.listen(self._hear)
        if not self._is_read:
            # Nothing was numbered meanwhile: a reader with an older number has missed something.
            self._kept.clear()
            self._last += 1
        reader = NewsReader(self, session, self._last if since is None else since)
        self._readers.add(reader)
        self._unread_since = None
        return reader

    def tell(
        self,
        happening: Happening,
        session: SessionKey = ANONYMOUS,
        exchange: ExchangeId | None = None,
        more: Sent | Peer | None = None,
    ) -> None:
        """Tell that something happened."""
        if self._link.is_heard:
            # How far an answer was before is of no interest any more.
            replaces = ("sent", exchange) if happening == "sent" else None
            self._link.tell(_write_notice(happening, session, exchange, more), replaces)
        self._tell_here(happening, session, exchange, more)

    def _hear(self, text: str | None) -> None:
        """Tell what happened in another process; None: something was lost."""
        if text is None:
            self._lose()
        elif (notice := _read_notice(text)) is not None:
            self._tell_here(notice.happening, notice.session, notice.exchange, notice.more)

    def _lose(self) -> None:
        """Let each reader know that it has missed something."""
        self._kept.clear()
        self._last += 1
        for reader in self._readers:
            reader.note_loss()

    def _tell_here(
        self, happening: Happening, session: SessionKey, exchange: ExchangeId | None, more: Sent | Peer | None
    ) -> None:
        if not self._readers:
            if self._unread_since is None:
                return
            if self._last - self._unread_since >= MOST_KEPT:
                self._unread_since = None
                return
        self._last += 1
        self._kept.append(Notice(self._last, happening, session, exchange, more))
        for reader in self._readers:
            reader.note(self._last, session)

    def has_all_since(self, number: int) -> bool:
        """Whether all is kept that happened behind a number."""
        if not self._is_read or number > self._last:
            return False
        return number == self._last or (bool(self._kept) and self._kept[0].number <= number + 1)

    def list_since(self, number: int) -> list[Notice]:
        """Return what is kept behind a number, oldest first."""
        if not self._kept:
            return []
        return list(islice(self._kept, max(0, number + 1 - self._kept[0].number), None))

    def leave(self, reader: "NewsReader") -> None:
        """Forget a reader. May be called again."""
        self._readers.discard(reader)
        if not self._readers and self._unread_since is None:
            self._unread_since = self._last
            self._link.stop_listening()


class NewsReader:
    """Not a value: how far somebody has read."""

    def __init__(self, news: News, session: SessionKey | None, since: int) -> None:
        self._news = news
        self._session = session
        self._woken = asyncio.Event()
        self._left = asyncio.Event()
        self.at = since
        """The number of the last notice that was taken, or passed over."""

    @property
    def missed(self) -> bool:
        """Whether something is lost of what happened since."""
        return not self._news.has_all_since(self.at)

    async def wait(self, seconds: float) -> None:
        """Wait for something new: this long at most, and not after `leave`."""
        if not self.is_left and self.at == self._news.last:
            self._woken.clear()
            await _wait_for(self._woken, seconds)

    async def pause(self, seconds: float) -> None:
        """Wait this long, so that more is taken at once; not after `leave`."""
        await _wait_for(self._left, seconds)

    def take(self) -> list[Notice]:
        """Return what is new, once."""
        found = [each for each in self._news.list_since(self.at) if self._session in {None, each.session}]
        self.at = self._news.last
        return found

    def pass_over(self) -> None:
        """Take nothing of what is new."""
        self.at = self._news.last

    def note(self, number: int, session: SessionKey) -> None:
        """Take note that something happened in a session."""
        if self._session is None or self._session == session:
            self._woken.set()
        elif self.at == number - 1:
            self.at = number

    def note_loss(self) -> None:
        """Take note that something was lost."""
        self._woken.set()

    @property
    def is_left(self) -> bool:
        """Whether nobody reads any more."""
        return self._left.is_set()

    def leave(self) -> None:
        """Read no more. May be called again."""
        self._left.set()
        self._woken.set()
        self._news.leave(self)


def _write_notice(
    happening: Happening, session: SessionKey, exchange: ExchangeId | None, more: Sent | Peer | None
) -> str:
    """Write a notice for other processes: names, and no text of a request."""
    named = None if exchange is None else (exchange.life, exchange.number)
    return compact((happening, session, named, more)).decode()


def _read_notice(text: str) -> Notice | None:
    """Read a notice of another process; None: this program knows no such thing."""
    happening, session, named, more = read(text.encode())
    if happening not in get_args(Happening):
        return None
    key = SessionKey(*session)
    far = None if more is None else Sent(*more) if happening == "sent" else Peer(*more)
    return Notice(0, happening, key, None if named is None else ExchangeId(key, *named), far)


async def _wait_for(event: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
