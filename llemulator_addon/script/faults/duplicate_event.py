"""`duplicate_event`: an event that comes twice."""

from dataclasses import dataclass
from typing import override

from llemulator_addon.core.steps import Steps
from llemulator_addon.script.fault import Scene
from llemulator_addon.script.faults.sends import AtEventFault


@dataclass(frozen=True, slots=True)
class DuplicateEventFault(AtEventFault):
    """An event is sent twice, byte for byte."""

    @override
    def rewrite_event(self, steps: Steps, position: int, scene: Scene) -> Steps:
        """Send it again behind itself."""
        return (*steps[: position + 1], *steps[position:])
