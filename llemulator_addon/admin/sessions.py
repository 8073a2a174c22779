"""`/_emulator/sessions`: all sessions, and each by the digest of its token.

A person who looks at all of them knows no tokens. In a path a digest names the session in place of the token:
`/_emulator/sessions/DIGEST/requests` is `/_emulator/requests` of that session.
"""

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import Literal, NotRequired, TypedDict

from llemulator_addon.admin import query
from llemulator_addon.admin.exchange_json import BriefExchange, show_in_brief, size_in_brief
from llemulator_addon.admin.news_stream import begin_place
from llemulator_addon.admin.route import AdminCall, Server, json_answer, long_json_answer
from llemulator_addon.core.reply import Failure
from llemulator_addon.core.request import Request
from llemulator_addon.core.session_key import ANONYMOUS, SessionKey
from llemulator_addon.core.steps import PlayedAnswer
from llemulator_addon.core.unclaimed import digest_of
from llemulator_addon.engine.journal import Exchange
from llemulator_addon.engine.session import Session
from llemulator_addon.live.threads import LARGE, run_in_thread
from llemulator_addon.store.link import name_thing
from llemulator_addon.wire.errors import INVALID, RequestRefused
from llemulator_addon.wire.json_bytes import Many

PATH = "/_emulator/sessions"
OF_NOBODY = "none"
"""In a path, in place of the digest of requests without a token."""
_BELOW = f"{PATH}/"
QUERY: query.Query = {
    "exchanges": query.whole("Also list that many of the newest exchanges of all sessions, and the place in the news."),
}


class ShownSession(TypedDict):
    """A session as the list of sessions shows it."""

    session: str
    """The digest of its token; empty for requests without a token."""
    name: str
    """The last characters of its token."""
    recorded: int
    first_kept: int
    unmatched: int
    rules: int
    unused_rules: int
    """How many rules never answered."""
    owner: str
    state: str
    on_unmatched: str
    clock_ahead_s: float
    waiting: list[int]


class NamedExchange(BriefExchange):
    """An exchange in a list of exchanges of several sessions."""

    session: str
    """As in the list of sessions, both."""
    name: str


class SessionList(TypedDict):
    """All sessions."""

    object: Literal["list"]
    data: list[ShownSession]
    exchanges: NotRequired[list[NamedExchange]]
    """The newest of all sessions, oldest first."""
    news: NotRequired[str]
    """A place in the news of all sessions: all that is not in this list happens behind it."""


async def show(call: AdminCall) -> PlayedAnswer:
    """List all sessions by the digests of their tokens; the one that was changed last is last.

    With `exchanges`, also that many of the newest exchanges of all sessions, and `news`: with that as `since`,
    `/_emulator/live` goes on where this list ends.

    `/_emulator/sessions/DIGEST/...` is, for each other route about a session, the same for the session of that digest.
    """
    wanted = call.request.query_value("exchanges")
    # The place comes first: what happens meanwhile is in the list, or in the news, or in both.
    place = None if wanted is None else await begin_place(call.server.news)
    kept = await call.server.store.all()
    elsewhere = await call.server.waiting.list_numbers()
    if wanted is None or place is None:
        return await run_in_thread(partial(_answer_sessions, kept, call.server, elsewhere), LARGE)
    newest = partial(_answer_newest, kept, call.server, elsewhere, int(wanted), place)
    return await run_in_thread(newest, LARGE)


async def find_named(request: Request, server: Server) -> tuple[Request, SessionKey | None]:
    """Return the request as it would be with a token, and the session that its path names in place of one, if any.

    Raises `RequestRefused` if there is no such session.
    """
    digest, slash, rest = request.path.removeprefix(_BELOW).partition("/")
    if not slash or not names_session(request):
        return request, None
    keys = (session.key for session in await server.store.all())
    key = next((key for key in keys if (digest_of(key) or OF_NOBODY) == digest), None)
    if key is None:
        raise RequestRefused(_NO_SESSION)
    return replace(request, path=f"/_emulator/{rest}"), key


def names_session(request: Request) -> bool:
    """Whether a path names a session by its digest."""
    return request.path.startswith(_BELOW)


_NO_SESSION = Failure(
    status=404,
    type=INVALID,
    code="session_not_found",
    message=f"There is no session of this digest. GET {PATH} lists those that are kept.",
)


_WaitingElsewhere = Mapping[str, Sequence[int]]
"""The numbers of exchanges that wait in other processes, by the name of the session."""


def _answer_sessions(kept: tuple[Session, ...], server: Server, elsewhere: _WaitingElsewhere) -> PlayedAnswer:
    return PlayedAnswer(json_answer(SessionList(object="list", data=_list_sessions(kept, server, elsewhere))))


def _list_sessions(kept: tuple[Session, ...], server: Server, elsewhere: _WaitingElsewhere) -> list[ShownSession]:
    return [_show_session(each, server, elsewhere) for each in kept if each.key != ANONYMOUS or each.journal.recorded]


def _answer_newest(
    kept: tuple[Session, ...], server: Server, elsewhere: _WaitingElsewhere, wanted: int, place: str
) -> PlayedAnswer:
    newest_first = heapq.merge(*map(_go_back, kept), key=lambda pair: pair[0].at, reverse=True)
    newest = sorted(islice(newest_first, wanted), key=lambda pair: (pair[0].at, pair[0].number))
    prices = server.prices()

    def show_each() -> Iterator[NamedExchange]:
        for exchange, key in newest:
            shown = show_in_brief(exchange, key, prices)
            yield {**shown, "session": digest_of(key), "name": key.name}

    return long_json_answer(
        {
            "object": "list",
            "data": _list_sessions(kept, server, elsewhere),
            "exchanges": Many(show_each),
            "news": place,
        },
        holds=sum(size_in_brief(exchange) for exchange, _ in newest),
    )


def _go_back(session: Session) -> Iterator[tuple[Exchange, SessionKey]]:
    """Yield what is kept of a session, newest first."""
    journal = session.journal
    for number in range(journal.recorded, journal.first - 1, -1):
        if (exchange := journal.get(number)) is not None:
            yield exchange, session.key


def _show_session(session: Session, server: Server, elsewhere: Mapping[str, Sequence[int]]) -> ShownSession:
    rules = len(session.script.index.rules)
    waiting = [ask.exchange.number for ask in server.waiting.list_here(session.key)]
    return {
        "session": digest_of(session.key),
        "name": session.key.name,
        "recorded": session.journal.recorded,
        "first_kept": session.journal.first,
        "unmatched": session.journal.unmatched,
        "rules": rules,
        "unused_rules": rules - len(session.progress.used),
        "owner": session.script.owner,
        "state": session.progress.state,
        "on_unmatched": session.on_unmatched,
        "clock_ahead_s": session.clock_ahead,
        "waiting": sorted((*waiting, *elsewhere.get(name_thing(session.key), ()))),
    }
