"""`/_emulator/unclaimed`: requests that belong to nobody's test."""

from llemulator_addon.admin.route import AdminCall, json_answer
from llemulator_addon.core.steps import Steps
from llemulator_addon.wire.redaction import redact_texts


def show(call: AdminCall) -> Steps:
    """List the last requests without a token, or under one for which nobody loaded a script; not what they said.

    `since` is a number: those after it.
    """
    since = int(call.request.query_value("since") or 0)
    data = [redact_texts(each._asdict(), "") for each in call.server.unclaimed() if each.number > since]
    return json_answer({"object": "list", "data": data})
