"""`event`: the event of Realtime that asked for an answer."""

from dataclasses import dataclass
from typing import Literal, override

from llemulator_addon.script.pattern import Candidate, Pattern

AskingEvent = Literal[
    "response.create",
    "conversation.item.create",
    "input_audio_buffer.speech_stopped",
    "input_audio_buffer.timeout_triggered",
]


@dataclass(frozen=True, slots=True)
class EventPattern(Pattern):
    """The event of Realtime after which the model answers: of the client, or of what the session heard."""

    wanted: AskingEvent

    @override
    def holds(self, asked: Candidate) -> bool:
        """Compare the names."""
        return _find_event(asked) == self.wanted

    @override
    def difference(self, asked: Candidate) -> str:
        """Say which event it was."""
        found = _find_event(asked)
        return f"event is {self.wanted}, " + (f"this one is {found}" if found else "the request is none of Realtime")


def _find_event(asked: Candidate) -> object:
    return asked.prompt.body.get("event") if asked.prompt.endpoint == "realtime" else None
