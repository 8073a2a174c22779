"""`stall`: silence in the middle of an answer."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, override

from pydantic import Field

from llemulator_addon.core.steps import Cut, Step, Steps, Wait
from llemulator_addon.script.fault import Fault, Scene
from llemulator_addon.script.faults.sends import index_after_send
from llemulator_addon.script.keepalive import fill_silences
from llemulator_addon.script.model import ScriptPart
from llemulator_addon.script.pacing import LONGEST_WAIT


class StallPart(ScriptPart):
    """The number of sends before the pause, and its length: it never ends, unless `seconds` is given."""

    after_sends: Annotated[int, Field(ge=0)]
    seconds: Annotated[float, Field(gt=0, le=LONGEST_WAIT)] | None = None
    keepalive: bool = False


@dataclass(frozen=True, slots=True)
class StallFault(Fault):
    """After that many sends nothing comes, and the connection stays open; with `seconds`, it goes on after them."""

    wanted: StallPart

    @property
    @override
    def reach(self) -> int:
        """Up to there."""
        return self.wanted.after_sends

    @override
    def rewrite(self, steps: Steps, scene: Scene) -> Steps:
        """Wait behind the sends."""
        return tuple(fill_silences(self._stop(steps))) if self.wanted.keepalive else self._stop(steps)

    @override
    def rewrite_made(self, steps: Iterator[Step], scene: Scene) -> Iterator[Step]:
        """Do the same to an answer that is made while it is sent, whose later events count on."""
        if not self.wanted.keepalive:
            return Fault.rewrite_made(self, steps, scene)  # `super` does not know a class with slots
        silent = StallFault(self.wanted.model_copy(update={"keepalive": False}))
        return fill_silences(Fault.rewrite_made(silent, steps, scene))

    def _stop(self, steps: Steps) -> Steps:
        """Wait there. Without an end it is a day: no client waits so long, and nothing stays open for good."""
        position = index_after_send(steps, self.wanted.after_sends)
        if position is None:
            return steps
        if self.wanted.seconds is None:
            return (*steps[:position], Wait(LONGEST_WAIT), Cut())
        return (*steps[:position], Wait(self.wanted.seconds), *steps[position:])
