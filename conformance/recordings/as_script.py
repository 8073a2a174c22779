"""A script that makes llemulator say what a recorded answer says."""

from typing import Any

from conformance.recordings.recorded import Recorded, events_of
from llemulator_addon.script.recorded import reply_of


def as_script(recorded: Recorded) -> dict[str, Any]:
    """Return the script of one rule; the same request then gets the recorded answer, synthesized."""
    events = list(events_of(recorded.body)) if recorded.streams and recorded.path == "/v1/responses" else []
    reply = reply_of(recorded.answer, events=events)
    return {"reset": True, "models": [recorded.request["model"]], "rules": [{"reply": reply}]}
