"""News as server-sent events: of the session of a token, or of all sessions.

The answer stays open. `EventSource` comes again by itself when it was cut, with the id of the last event in
`Last-Event-ID` (HTML standard, 9.2), and gets the news since then. If they are not kept any more, the first event is
`missed`: then all that is shown must be loaded again.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from llemulator_addon.admin import query
from llemulator_addon.admin.exchange_json import show_in_brief, size_in_brief
from llemulator_addon.admin.numbers import is_number
from llemulator_addon.admin.route import AdminCall
from llemulator_addon.admin.waiting import find_shown
from llemulator_addon.core.request import Request
from llemulator_addon.core.session_key import ExchangeId, SessionKey
from llemulator_addon.core.steps import Head, PlayedAnswer, Send, Steps
from llemulator_addon.core.unclaimed import digest_of
from llemulator_addon.engine.fallback import no_room_to_wait
from llemulator_addon.engine.session import Session
from llemulator_addon.live.large_requests import yield_to_others
from llemulator_addon.live.news import Happening, News, NewsReader, Notice, Sent
from llemulator_addon.live.room import Share, size_waiting
from llemulator_addon.live.threads import run_in_thread
from llemulator_addon.wire.errors import RequestRefused
from llemulator_addon.wire.json_bytes import compact

PATH = "/_emulator/requests/live"
PATH_OF_ALL = "/_emulator/live"
PRODUCES = "text/event-stream; charset=utf-8"

_HEAD = Head(200, (("content-type", PRODUCES), ("cache-control", "no-store")))
_AGAIN_AFTER = b"retry: 1000\n\n"
"""Milliseconds."""
_SIGN_OF_LIFE = b": nothing new\n\n"
_SECONDS_OF_SILENCE = 15.0
_SECONDS_TOGETHER = 0.05
"""News within this time are sent together, so that a reader costs no more than that under load."""
_MADE_AT_ONCE = 8 << 10
"""Bytes of exchanges, about, that are made on the event loop: a thread would take longer to begin. The worst texts of
that size take a few hundredths of a second."""
_PIECE = 64 << 10
"""Bytes of exchanges, about, that are shown at once."""
QUERY: query.Query = {
    "since": query.text("Only what happens behind this place: `news` of a list of sessions, or the id of an event."),
}
"""Of the news of all sessions."""
_OF_EXCHANGES: frozenset[Happening] = frozenset(("begun", "answered", "ended"))


async def show(call: AdminCall) -> PlayedAnswer:
    """Send what happens in the session as it happens, from `Last-Event-ID` or `since` on, else from now on.

    Events: `exchange`, when a request arrives, when a person or an upstream answered it, and when its answer ended
    (`news` says which); `sent`, how far a stream is; `waiting`; `script`, `queue`, `resources`, `clock` and `reset`,
    when those changed; `missed`, when something is not kept any more.
    """
    return await _listen(call, call.key)


async def show_all(call: AdminCall) -> PlayedAnswer:
    """Send what happens in all sessions as it happens, from `Last-Event-ID` or `since` on, else from now on.

    The events of one session, and `templates`; each names its session by `session`, the digest of its token.
    """
    return await _listen(call, None)


async def _listen(call: AdminCall, key: SessionKey | None) -> PlayedAnswer:
    share = Share(call.server.room)
    if not share.grow_to(size_waiting(call.request)):
        raise RequestRefused(no_room_to_wait(call.server.room.limit))
    if call.request.method == "HEAD":
        return PlayedAnswer((_HEAD,))
    place = _read_place(call.request)
    news = call.server.news
    goes_on = place is not None and place.run == news.run and news.has_all_since(place.notice)
    reader = await news.read(key, since=place.notice if place is not None and goes_on else None)
    stream = _NewsStream(call, key, reader, share)
    if place is not None and not goes_on:
        stream.miss(place)
    return PlayedAnswer((_HEAD, Send(_AGAIN_AFTER)), rest=stream)


# Places in the stream -------------------------------------------------------------------------------------------------


class _NewsPlace(NamedTuple):
    """How much a reader knows: of the exchanges of one session, and of the news."""

    exchange: int = 0
    """The number of the last exchange; only of a reader of one session."""
    life: str = ""
    """Of its session; empty: whatever it is."""
    notice: int = 0
    run: str | None = None
    """None: it knows no news."""


async def begin_place(news: News) -> str:
    """Return the place of now in the news of all sessions, as `since` takes it; what happens from now on is kept.

    It is kept as long as for a reader that left. Raises `StoreFailed`.
    """
    reader = await news.read()
    reader.leave()
    return f"0@/{reader.at}.{news.run}"


def _read_place(request: Request) -> _NewsPlace | None:
    """Return what a client knows, as it says itself; None: it wants to know only what comes."""
    exchange, _, news = (request.headers.get("last-event-id") or request.query_value("since") or "").partition("/")
    number, _, life = exchange.partition("@")
    notice, _, run = news.partition(".")
    if not is_number(number):
        return None
    return _NewsPlace(int(number), life, int(notice), run) if is_number(notice) else _NewsPlace(int(number), life)


# The stream -----------------------------------------------------------------------------------------------------------


class _NewsEvent(NamedTuple):
    """One event that is to be shown."""

    name: str
    session: SessionKey
    exchange: ExchangeId | None = None
    news: tuple[Happening, ...] = ()
    facts: Mapping[str, object] = {}


_MakeFacts = Callable[[], Mapping[str, object] | None]
"""Makes the data of an event, in a thread; None: its exchange is not kept any more."""


class _NewsStream:
    """A `Rest`: the events behind the head, as they come."""

    def __init__(self, call: AdminCall, key: SessionKey | None, reader: NewsReader, share: Share) -> None:
        self._call = call
        self._key = key
        self._reader = reader
        self._share = share
        self._known = _NewsPlace()
        self._to_show: deque[_NewsEvent] = deque()
        self._missed: _NewsPlace | None = None
        self._is_first = True
        self._next: Steps = ()

    def miss(self, place: _NewsPlace) -> None:
        """Tell first that something is missed; to a reader of one session, the exchanges that it does not know."""
        self._missed = place

    async def more(self) -> None:
        """Wait until there is something to tell, or nobody reads any more."""
        if self._reader.is_left:
            return
        pieces: list[bytes] = []
        if self._missed is not None:
            pieces += await self._tell_missed(self._missed)
            self._missed = None
        if not self._to_show and not pieces:
            await self._wait()
            if self._reader.missed:
                pieces += await self._tell_missed(self._known._replace(run=self._call.server.news.run))
            self._to_show = deque(_put_together(self._reader.take()))
        pieces += await self._show_some()
        if not self._reader.is_left:
            self._next = (Send(b"".join(pieces) or _SIGN_OF_LIFE),)

    async def _wait(self) -> None:
        if not self._is_first:
            await self._reader.pause(_SECONDS_TOGETHER)
        self._is_first = False
        await self._reader.wait(_SECONDS_OF_SILENCE)

    def take(self) -> Steps:
        """Return what is there, once."""
        steps, self._next = self._next, ()
        return steps

    def leave(self) -> None:
        """Read no more."""
        self._reader.leave()
        self._share.give_back()

    async def _tell_missed(self, place: _NewsPlace) -> list[bytes]:
        """Tell that something is missed, and lay ready the exchanges that a reader of one session does not know."""
        told = [_write_event("missed", {})] if place.run is not None or self._key is None else []
        self._reader.pass_over()
        if self._key is None:
            return told
        session = await self._call.server.store.read(self._key)
        is_of_another = bool(place.life) and place.life != str(session.life)
        known = 0 if is_of_another or place.exchange > session.journal.recorded else place.exchange
        self._to_show = deque(
            _NewsEvent("exchange", self._key, ExchangeId(self._key, session.life, exchange.number))
            for exchange in session.journal
            if exchange.number > known
        )
        return told

    async def _show_some(self) -> list[bytes]:
        pieces: list[bytes] = []
        while self._to_show and sum(map(len, pieces)) < _PIECE:
            together, size = await self._take_together()
            pieces += await self._write(together, size)
        return pieces

    async def _take_together(self) -> tuple[list[tuple[_NewsEvent, _MakeFacts]], int]:
        """Return the next events, each with what makes its data; not more than are made at once, but one at least.

        While the event loop is busy, each turn of it takes milliseconds, so a turn for each event would be too many.
        """
        together, size, session = list[tuple[_NewsEvent, _MakeFacts]](), 0, None
        while self._to_show:
            shown = self._to_show[0]
            if shown.exchange is not None and shown.name == "exchange":
                if session is None or session.key != shown.session:
                    session = await self._call.server.store.read(shown.session)
                make, more = self._look_up_exchange(session, shown.exchange)
            else:
                make, more = await self._look_up(shown)
            if together and size + more > _MADE_AT_ONCE:
                break
            together.append((self._to_show.popleft(), make))
            size += more
        return together, size

    async def _write(self, together: Sequence[tuple[_NewsEvent, _MakeFacts]], size: int) -> list[bytes]:
        if size <= _MADE_AT_ONCE:
            made = [make() for _, make in together]
            await yield_to_others()
        else:
            made = await run_in_thread(lambda: [make() for _, make in together], size)
        pieces: list[bytes] = []
        for at, ((shown, _), facts) in enumerate(zip(together, made, strict=True), start=1):
            if facts is not None:
                place = self._place_behind(shown, is_last=at == len(together) and not self._to_show)
                told = {"session": digest_of(shown.session), "name": shown.session.name, **facts}
                if shown.news:
                    told["news"] = shown.news
                pieces.append(_write_event(shown.name, told, place))
        return pieces

    def _place_behind(self, shown: _NewsEvent, *, is_last: bool) -> str:
        """Return what a reader knows that got this event. Only the last of those together ends what is new."""
        if self._key is not None and shown.exchange is not None:
            is_same, life = self._known.life == str(shown.exchange.life), str(shown.exchange.life)
            number = max(shown.exchange.number, self._known.exchange if is_same else 0)
            self._known = self._known._replace(exchange=number, life=life)
        behind = f"{self._known.exchange}@{self._known.life}" if self._key is not None else "0@"
        return behind if not is_last else f"{behind}/{self._reader.at}.{self._call.server.news.run}"

    def _look_up_exchange(self, session: Session, exchange: ExchangeId) -> tuple[_MakeFacts, int]:
        """Return what makes the data of an exchange, and the bytes that it looks at."""
        found = session.journal.get(exchange.number) if session.life == exchange.life else None
        if found is None:
            return _make_nothing, 0
        token = session.key if self._key is None else self._call.token
        return partial(show_in_brief, found, token, self._call.server.prices()), size_in_brief(found)

    async def _look_up(self, shown: _NewsEvent) -> tuple[_MakeFacts, int]:
        """Return what makes the data of another event, and the bytes that it looks at."""
        if shown.name != "waiting" or shown.exchange is None:
            return lambda: shown.facts, 0
        token = shown.session if self._key is None else self._call.token
        facts = await find_shown(self._call.server, shown.session, shown.exchange.number, token)
        return lambda: facts, 0


def _make_nothing() -> None:
    """Of an exchange that is not kept any more."""


def _put_together(notices: Sequence[Notice]) -> list[_NewsEvent]:
    """Return the events for some notices: of each thing once, in the order of the last notice of it."""
    found: dict[object, _NewsEvent] = {}
    key: object
    for notice in notices:
        if notice.happening in _OF_EXCHANGES:
            before = found.pop(key := notice.exchange or notice.session, None)
            news = (notice.happening,) if before is None else (*before.news, notice.happening)
            found[key] = _NewsEvent("exchange", notice.session, notice.exchange, news)
        else:
            shown = _show_notice(notice)
            found.pop(key := (shown.name, shown.session, shown.exchange), None)
            found[key] = shown
    return list(found.values())


def _show_notice(notice: Notice) -> _NewsEvent:
    number = {} if notice.exchange is None else {"number": notice.exchange.number}
    far = notice.more._asdict() if isinstance(notice.more, Sent) else {}
    return _NewsEvent(notice.happening, notice.session, notice.exchange, (), {**number, **far})


def _write_event(name: str, facts: Mapping[str, object], place: str | None = None) -> bytes:
    behind = b"" if place is None else b"id: %b\n" % place.encode()
    return b"%bevent: %b\ndata: %b\n\n" % (behind, name.encode(), compact(facts))
