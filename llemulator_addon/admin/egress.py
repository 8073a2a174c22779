"""`/_emulator/egress`: what became of the traffic, host by host."""

from llemulator_addon.admin.route import AdminCall, json_answer
from llemulator_addon.core.steps import Steps
from llemulator_addon.wire.redaction import redact_text


def show(call: AdminCall) -> Steps:
    """Show for each host how many requests were answered here, passed on, refused and forwarded to it as an upstream.

    `with_key` counts the requests among those passed on that carried a key that looks like OpenAI's.

    Of all tokens, since the start.
    """
    hosts = [
        {
            "host": redact_text(each.host, ""),
            "answered": each.answered,
            "passed": each.passed,
            "refused": each.refused,
            "forwarded": each.forwarded,
            "with_key": each.with_key,
        }
        for each in call.server.egress()
    ]
    return json_answer({"object": "list", "data": hosts})
