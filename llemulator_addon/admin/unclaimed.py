"""`/_emulator/unclaimed`: requests that belong to nobody's test."""

from llemulator_addon.admin.route import AdminCall, json_answer
from llemulator_addon.core.steps import Steps


def show(call: AdminCall) -> Steps:
    """List the last requests without a token, or under one for which nobody loaded a script; not what they said."""
    return json_answer({"object": "list", "data": [each._asdict() for each in call.server.unclaimed()]})
