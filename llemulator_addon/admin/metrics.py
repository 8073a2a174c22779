"""`/metrics`: the counts since the start, and the present, as Prometheus reads them."""

from collections.abc import Callable

from llemulator_addon.admin.route import AdminCall, Server, answer
from llemulator_addon.core.gauges import Gauges
from llemulator_addon.core.reply import Failure
from llemulator_addon.core.steps import Steps
from llemulator_addon.live.threads import LARGE, run_in_thread
from llemulator_addon.store.port import StoreFailed
from llemulator_addon.wire.errors import RequestRefused

PATH = "/metrics"
PRODUCES = "text/plain; version=0.0.4; charset=utf-8"


async def show(call: AdminCall) -> Steps:
    """Show the metrics of all tokens, for Prometheus. Without a store that can be read, those of sessions are left out.

    In the format that `Accept` asks for: Prometheus text, or OpenMetrics. 404 with `--no-metrics`.
    """
    if (write := call.server.write_metrics) is None:
        raise RequestRefused(Failure(status=404, type="invalid_request_error", message="There are no metrics here."))
    return answer(*await write(call.request.headers.get("accept", "")))


async def measure(server: Server) -> Gauges:
    """Return the server as it is now."""
    try:
        sessions = await server.store.measure(_run)
    except StoreFailed:
        sessions = None
    return Gauges(
        sessions=sessions,
        waiting_for_person=server.waiting.count(),
        waiting_size=server.room.taken,
        version=server.version,
        model_servers=server.model_servers.measure(),
    )


async def _run[R](work: Callable[[], R], /) -> R:
    return await run_in_thread(work, LARGE)
