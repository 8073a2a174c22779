"""`/healthz` and `/readyz`: for probes, without a token."""

from llemulator_addon.admin.route import AdminCall, json_answer
from llemulator_addon.core.steps import Steps
from llemulator_addon.store.port import StoreFailed


def live(_: AdminCall) -> Steps:
    """Answer as long as the program runs."""
    return json_answer({"status": "ok"})


def also_live(_: AdminCall) -> Steps:
    """Answer as `/healthz` does: some probes look here, and for `ok`."""
    return json_answer({"status": "ok", "ok": True})


async def ready(call: AdminCall) -> Steps:
    """Answer 200 once the certificate is there, and while the store of sessions works, until the process is to end.

    The default script was read before anything listened.
    """
    if call.server.draining.has_begun:
        return json_answer({"status": "draining", "missing": []}, 503)
    if call.server.ca_certificate is None:
        return json_answer({"status": "starting", "missing": ["certificate"]}, 503)
    try:
        await call.server.store.check()
    except StoreFailed as failed:
        return json_answer({"status": "unready", "missing": ["store"], "reason": str(failed)}, 503)
    return json_answer({"status": "ready"})
