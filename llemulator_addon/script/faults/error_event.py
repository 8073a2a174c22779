"""`error_event`: a stream that fails in the middle."""

from dataclasses import dataclass
from typing import override

from llemulator_addon.core.reply import Failure
from llemulator_addon.core.steps import Send, Steps
from llemulator_addon.script.fault import Scene
from llemulator_addon.script.faults.sends import AtEventFault, AtEventPart, sends
from llemulator_addon.script.replies.failure import usual, usual_of_code


class ErrorEventPart(AtEventPart):
    """In place of which event it comes, and what it says; unless given, what OpenAI says when a server fails."""

    message: str | None = None
    type: str | None = None
    code: str | None = None
    param: str | None = None

    def failure(self) -> Failure:
        """Return the failure."""
        known = usual_of_code(self.code) or usual_of_code(self.type) or usual(500)
        return Failure(
            status=known.status,
            message=self.message or known.message,
            type=self.type or known.type,
            code=self.code or "server_error",
            param=self.param,
        )


@dataclass(frozen=True, slots=True)
class ErrorEventFault(AtEventFault):
    """In place of an event comes an error, in the endpoint's own form, and the stream ends."""

    wanted: ErrorEventPart

    @override
    def rewrite_event(self, steps: Steps, position: int, scene: Scene) -> Steps:
        """End with the error."""
        before = steps[:position]
        sent = tuple(send.piece for send in sends(before))
        return (*before, *map(Send, scene.break_off(sent, self.wanted.failure())))
