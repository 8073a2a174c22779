"""`latency_ms`: the answer begins later."""

from dataclasses import dataclass
from typing import Annotated, override

from pydantic import Field

from llemulator_addon.core.steps import Steps, Wait
from llemulator_addon.script.fault import Fault, Scene
from llemulator_addon.script.pacing import LONGEST_WAIT


@dataclass(frozen=True, slots=True)
class LatencyFault(Fault):
    """Milliseconds that pass before the first byte of the answer, its head included."""

    wanted: Annotated[float, Field(ge=0, le=LONGEST_WAIT * 1000)]

    @override
    def rewrite(self, steps: Steps, scene: Scene) -> Steps:
        """Wait first."""
        return (Wait(self.wanted / 1000), *steps)
