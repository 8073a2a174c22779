"""`malformed_event`: an event that cannot be read."""

from dataclasses import dataclass
from typing import override

from llemulator_addon.core.steps import Send, Steps
from llemulator_addon.script.fault import Scene
from llemulator_addon.script.faults.sends import AtEventFault


@dataclass(frozen=True, slots=True)
class MalformedEventFault(AtEventFault):
    """The JSON of an event breaks off in the middle; the events around it are whole."""

    @override
    def rewrite_event(self, steps: Steps, position: int, scene: Scene) -> Steps:
        """Break it off."""
        return (*steps[:position], _broken(steps[position]), *steps[position + 1 :])


def _broken(step: object) -> Send:
    piece = step.piece.rstrip(b"\n") if isinstance(step, Send) else b""
    start = piece.find(b"data: ") + len(b"data: ")
    return Send(piece[: (start + len(piece)) // 2] + b"\n\n")
