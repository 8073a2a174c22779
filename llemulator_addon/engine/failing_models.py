"""Model names with built-in behaviour: they need no script, are always valid, and use up no rule."""

from dataclasses import dataclass

from llemulator_addon.core.reply import Failure
from llemulator_addon.core.steps import Cut, Steps, Wait
from llemulator_addon.script.pacing import LONGEST_WAIT
from llemulator_addon.script.replies.failure import usual


@dataclass(frozen=True, slots=True)
class Silence:
    """Nothing is ever answered."""

    def steps(self) -> Steps:
        """Return a day of silence: longer than any client waits, and then the connection is let go."""
        return (Wait(LONGEST_WAIT), Cut())


ACTING: dict[str, Failure | Silence] = {
    "credit-error": usual(402),
    "rate-limit-error": usual(429),
    "server-error": usual(500),
    "overloaded-error": usual(503),
    "auth-error": usual(401),
    "timeout-error": Silence(),
}
"""On every endpoint in which a model answers."""
