"""`/_emulator/requests/live`: exchanges as they come, as server-sent events.

An answer begins when there is something to tell, and ends with that; `EventSource` comes again by itself, with the
number of the last one in `Last-Event-ID`, so that none is missed (HTML standard, 9.2).
"""

from llemulator_addon.admin.numbers import is_number
from llemulator_addon.admin.route import AdminCall, answer
from llemulator_addon.admin.shown import in_brief
from llemulator_addon.core.request import Request
from llemulator_addon.core.steps import Steps
from llemulator_addon.engine.journal import Journal
from llemulator_addon.wire.jsons import compact

PATH = "/_emulator/requests/live"

_AGAIN_AFTER = b"retry: 10\n\n"
"""Milliseconds."""


def show(call: AdminCall) -> Steps:
    """Send exchanges as they come, each as an event, from `Last-Event-ID` or `since` on, else from now on."""
    journal = call.server.store.read(call.token).journal
    told_before = last_told(call.request, journal)
    events = [
        b"id: %d\nevent: exchange\ndata: %b\n\n" % (exchange.number, compact(in_brief(exchange, call.token)))
        for exchange in journal
        if exchange.number > told_before
    ]
    return answer(_AGAIN_AFTER + b"".join(events), "text/event-stream; charset=utf-8")


def last_told(request: Request, journal: Journal) -> int:
    """Return the number of the last exchange that a client knows; of what was forgotten since it knows nothing."""
    given = request.headers.get("last-event-id") or request.query_value("since") or ""
    if not is_number(given):
        return journal.recorded
    return int(given) if int(given) <= journal.recorded else 0
