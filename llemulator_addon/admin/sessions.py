"""`/_emulator/sessions`: all sessions, and each by the digest of its token.

A person who looks at all of them knows no tokens. In a path a digest names the session in place of the token:
`/_emulator/sessions/DIGEST/requests` is `/_emulator/requests` of that session.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Literal, TypedDict

from llemulator_addon.admin.route import AdminCall, Server, json_answer
from llemulator_addon.core.reply import Failure
from llemulator_addon.core.request import Request
from llemulator_addon.core.session_key import ANONYMOUS, SessionKey
from llemulator_addon.core.steps import Steps
from llemulator_addon.core.unclaimed import digest_of
from llemulator_addon.engine.session import Session
from llemulator_addon.live.threads import LARGE, run_in_thread
from llemulator_addon.store.link import name_thing
from llemulator_addon.wire.errors import INVALID, RequestRefused

PATH = "/_emulator/sessions"
OF_NOBODY = "none"
"""In a path, in place of the digest of requests without a token."""
_BELOW = f"{PATH}/"


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


class SessionList(TypedDict):
    """All sessions."""

    object: Literal["list"]
    data: list[ShownSession]


async def show(call: AdminCall) -> Steps:
    """List all sessions by the digests of their tokens; the one that was changed last is last.

    `/_emulator/sessions/DIGEST/...` is, for each other route about a session, the same for the session of that digest.
    """
    kept = await call.server.store.all()
    elsewhere = await call.server.waiting.list_numbers()
    return await run_in_thread(partial(_list_sessions, kept, call.server, elsewhere), LARGE)


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


def _list_sessions(kept: tuple[Session, ...], server: Server, elsewhere: Mapping[str, Sequence[int]]) -> Steps:
    data = [_show_session(each, server, elsewhere) for each in kept if each.key != ANONYMOUS or each.journal.recorded]
    return json_answer(SessionList(object="list", data=data))


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
