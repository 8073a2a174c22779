"""`/_emulator/requests/live`: exchanges as they come, as server-sent events.

An answer begins when there is something to tell, and ends with that; `EventSource` comes again by itself, with the
number of the last one in `Last-Event-ID`, so that none is missed (HTML standard, 9.2).
"""

from llemulator_addon.admin.exchange_json import show_in_brief
from llemulator_addon.admin.numbers import is_number
from llemulator_addon.admin.route import AdminCall, answer
from llemulator_addon.core.request import Request
from llemulator_addon.core.steps import Steps
from llemulator_addon.engine.session import Session
from llemulator_addon.wire.json_bytes import compact

PATH = "/_emulator/requests/live"
PRODUCES = "text/event-stream; charset=utf-8"

_AGAIN_AFTER = b"retry: 10\n\n"
"""Milliseconds."""


async def show(call: AdminCall) -> Steps:
    """Send exchanges as they come, each as an event, from `Last-Event-ID` or `since` on, else from now on."""
    session = await call.server.store.read(call.key)
    told_before = last_told(call.request, session)
    events = [
        b"id: %b\nevent: exchange\ndata: %b\n\n"
        % (event_id(session, exchange.number).encode(), compact(show_in_brief(exchange, call.token)))
        for exchange in session.journal
        if exchange.number > told_before
    ]
    return answer(_AGAIN_AFTER + b"".join(events), PRODUCES)


def event_id(session: Session, number: int) -> str:
    """Name an exchange so that none of the token's next session is taken for it."""
    return f"{number}@{session.life}"


def last_told(request: Request, session: Session) -> int:
    """Return the number of the last exchange that a client knows; of what was forgotten since it knows nothing."""
    given = request.headers.get("last-event-id") or request.query_value("since") or ""
    number, _, life = given.partition("@")
    recorded = session.journal.recorded
    if not is_number(number):
        return recorded
    is_of_another = bool(life) and life != str(session.life)
    return int(number) if int(number) <= recorded and not is_of_another else 0
