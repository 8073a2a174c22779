"""`/metrics`: the counts since the start, and the present, as Prometheus reads them."""

from functools import partial

from llemulator_addon.admin.route import AdminCall, answer
from llemulator_addon.core.gauges import Gauges, SessionGauges
from llemulator_addon.core.session_key import ANONYMOUS
from llemulator_addon.core.steps import Steps
from llemulator_addon.engine.session import Session
from llemulator_addon.live.threads import LARGE, run_in_thread
from llemulator_addon.store.port import StoreFailed

PATH = "/metrics"
PRODUCES = "text/plain; version=0.0.4; charset=utf-8"


async def show(call: AdminCall) -> Steps:
    """Show the metrics of all tokens, for Prometheus. Without a store that can be read, those of sessions are left out.

    In the format that `Accept` asks for: Prometheus text, or OpenMetrics.
    """
    server = call.server
    try:
        kept = await server.store.all()
    except StoreFailed:
        sessions = None
    else:
        sessions = await run_in_thread(partial(_measure, kept), LARGE)
    now = Gauges(
        sessions=sessions,
        waiting_for_person=server.waiting.count(),
        waiting_size=server.room.taken,
        egress=tuple(server.egress()),
        version=server.version,
        model_servers=server.model_servers.measure(),
    )
    accept = call.request.headers.get("accept", "")
    return answer(*await server.write_metrics(now, accept))


def _measure(kept: tuple[Session, ...]) -> SessionGauges:
    own = [each for each in kept if each.script.owner == "token"]
    return SessionGauges(
        sessions=sum(each.key != ANONYMOUS for each in kept),
        sessions_size=sum(each.size for each in kept),
        journals_size=sum(each.journal.size for each in kept),
        stored_size=sum(each.resources.size for each in kept),
        unused_rules=sum(len(each.script.index.rules) - len(each.progress.used) for each in own),
    )
