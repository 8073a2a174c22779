"""`failure`: the request fails before its rule answers."""

from dataclasses import dataclass
from typing import Annotated, override

from pydantic import Field

from llemulator_addon.script.fault import Admission, AdmissionRequest, Fault, Memory
from llemulator_addon.script.pacing import LONGEST_WAIT
from llemulator_addon.script.replies.failure import FailurePart


class FailureFaultPart(FailurePart):
    """A failure as `reply.failure` has it; how likely it is, and for how long after the first request it goes on."""

    probability: Annotated[float, Field(ge=0, le=1)] = 1.0
    for_seconds: Annotated[float, Field(gt=0, le=LONGEST_WAIT)] | None = None


@dataclass(frozen=True, slots=True)
class FailureFault(Fault):
    """The request fails. The rule is not used up by that: a client that tries again gets its answer.

    With `for_seconds` an outage begins with the first request, and ends that many seconds later by the session's clock.
    """

    wanted: FailureFaultPart

    @override
    def admit(self, arrival: AdmissionRequest, memory: Memory | None) -> Admission:
        """Draw, and look at the clock."""
        # Where the clock went back behind the beginning, it goes on no longer than it was to.
        began = min(memory, arrival.at) if isinstance(memory, float) else arrival.at
        over = self.wanted.for_seconds is not None and arrival.at >= began + self.wanted.for_seconds
        fails = not over and arrival.stamp.fraction(arrival.label) < self.wanted.probability
        return Admission(refused=self.wanted.failure() if fails else None, memory=began)
