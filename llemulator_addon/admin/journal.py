"""`/_emulator/requests`: the journal of a token."""

from dataclasses import asdict

from llemulator_addon.admin.route import AdminCall, json_answer
from llemulator_addon.core.steps import Steps


def exchanges(call: AdminCall) -> Steps:
    """List the exchanges that are kept, oldest first; `unmatched=true` lists those that no rule answered."""
    journal = call.server.store.read(call.token).journal
    only_unmatched = call.request.query_value("unmatched") == "true"
    listed = [asdict(exchange) for exchange in journal if exchange.unmatched is not None or not only_unmatched]
    return json_answer({"object": "list", "data": listed, "total": journal.recorded})
