"""`stall`: silence in the middle of an answer."""

from dataclasses import dataclass
from typing import Annotated, override

from pydantic import Field

from llemulator_addon.core.steps import Cut, Steps, Wait
from llemulator_addon.script.fault import Fault, Scene
from llemulator_addon.script.faults.sends import index_after_send
from llemulator_addon.script.model import ScriptPart
from llemulator_addon.script.pacing import LONGEST_WAIT


class StallPart(ScriptPart):
    """After how many sends, and for how long: for ever, unless `seconds` says when it goes on."""

    after_sends: Annotated[int, Field(ge=0)]
    seconds: Annotated[float, Field(gt=0, le=LONGEST_WAIT)] | None = None


@dataclass(frozen=True, slots=True)
class StallFault(Fault):
    """After so many sends nothing more comes, while the connection stays open; with `seconds` it goes on after them."""

    wanted: StallPart

    @property
    @override
    def reach(self) -> int:
        """Up to there."""
        return self.wanted.after_sends

    @override
    def rewrite(self, steps: Steps, scene: Scene) -> Steps:
        """Wait behind the sends. For ever is a day: no client waits so long, and nothing stays open for good."""
        position = index_after_send(steps, self.wanted.after_sends)
        if position is None:
            return steps
        if self.wanted.seconds is None:
            return (*steps[:position], Wait(LONGEST_WAIT), Cut())
        return (*steps[:position], Wait(self.wanted.seconds), *steps[position:])
