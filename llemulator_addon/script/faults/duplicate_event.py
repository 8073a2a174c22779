"""`duplicate_event`: an event that comes twice."""

from dataclasses import dataclass
from typing import override

from llemulator_addon.core.steps import Steps
from llemulator_addon.script.fault import Fault, Scene
from llemulator_addon.script.faults.malformed_event import AtEventPart
from llemulator_addon.script.faults.sends import index_after_send


@dataclass(frozen=True, slots=True)
class DuplicateEventFault(Fault):
    """An event is sent twice, byte for byte. Answers in one piece are not."""

    wanted: AtEventPart

    @property
    @override
    def reach(self) -> int:
        """Up to there."""
        return self.wanted.at

    @override
    def rewrite(self, steps: Steps, scene: Scene) -> Steps:
        """Send it again behind itself."""
        behind = index_after_send(steps, self.wanted.at) if scene.events else None
        return steps if behind is None else (*steps[:behind], steps[behind - 1], *steps[behind:])
