"""`malformed_event`: an event that cannot be read."""

from dataclasses import dataclass
from typing import Annotated, override

from pydantic import Field

from llemulator_addon.core.steps import Send, Steps
from llemulator_addon.script.fault import Fault, Scene
from llemulator_addon.script.faults.sends import index_after_send
from llemulator_addon.script.model import ScriptPart


class AtEventPart(ScriptPart):
    """Which event, counted from 1."""

    at: Annotated[int, Field(ge=1)]


@dataclass(frozen=True, slots=True)
class MalformedEventFault(Fault):
    """The JSON of an event breaks off in the middle; the events around it are whole.

    Answers in one piece stay whole.
    """

    wanted: AtEventPart

    @property
    @override
    def reach(self) -> int:
        """Up to there."""
        return self.wanted.at

    @override
    def rewrite(self, steps: Steps, scene: Scene) -> Steps:
        """Break it off."""
        behind = index_after_send(steps, self.wanted.at) if scene.events else None
        if behind is None:
            return steps
        return (*steps[: behind - 1], _broken(steps[behind - 1]), *steps[behind:])


def _broken(step: object) -> Send:
    piece = step.piece.rstrip(b"\n") if isinstance(step, Send) else b""
    start = piece.find(b"data: ") + len(b"data: ")
    return Send(piece[: (start + len(piece)) // 2] + b"\n\n")
