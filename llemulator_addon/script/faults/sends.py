"""The sends among the steps of an answer, and faults that act on one event of a stream."""

from dataclasses import dataclass
from typing import Annotated, override

from pydantic import Field

from llemulator_addon.core.steps import Send, Steps
from llemulator_addon.script.fault import Fault, Scene
from llemulator_addon.script.model import ScriptPart


def index_after_send(steps: Steps, count: int) -> int | None:
    """Return the index just after the `count`-th send, or None if there are fewer. For 0: that of the first send."""
    if count == 0:
        return next((position for position, step in enumerate(steps) if isinstance(step, Send)), len(steps))
    seen = 0
    for position, step in enumerate(steps):
        seen += isinstance(step, Send)
        if seen == count:
            return position + 1
    return None


def sends(steps: Steps) -> tuple[Send, ...]:
    """Return the sends."""
    return tuple(step for step in steps if isinstance(step, Send))


class AtEventPart(ScriptPart):
    """Which event, counted from 1."""

    at: Annotated[int, Field(ge=1)]


@dataclass(frozen=True, slots=True)
class AtEventFault(Fault):
    """A fault of one event of a stream. Answers in one piece stay whole, and so do streams with fewer events."""

    wanted: AtEventPart

    @property
    @override
    def reach(self) -> int:
        """Up to there."""
        return self.wanted.at

    @override
    def rewrite(self, steps: Steps, scene: Scene) -> Steps:
        """Rewrite the event, if there is one."""
        behind = index_after_send(steps, self.wanted.at) if scene.events else None
        return steps if behind is None else self.rewrite_event(steps, behind - 1, scene)

    def rewrite_event(self, steps: Steps, position: int, scene: Scene) -> Steps:
        """Return the steps with another event at a position, or others in its place."""
        del position, scene
        return steps
