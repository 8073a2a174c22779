"""The parts of a fault, and the values it is given."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from llemulator_addon.core.reply import Failure
from llemulator_addon.core.stamp import Stamp
from llemulator_addon.core.steps import Headers, Send, Step, Steps
from llemulator_addon.wire import errors

Memory = object
"""The memory of a fault from one request of the session to the next: a frozen value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdmissionRequest:
    """A request that a rule would answer."""

    at: float
    """Seconds since the epoch by the session's clock, which a test may advance."""
    model: str
    tokens: Callable[[], int]
    """Counts the tokens that the request asks for: its prompt's, and the most that the answer may have."""
    stamp: Stamp
    label: str
    """Under which this fault draws from the stamp."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """A fault's verdict on a request."""

    refused: Failure | None = None
    """None: it gets its answer."""
    memory: Memory | None = None
    headers: Headers = ()
    """Headers that the answer has from this fault."""


class Scene(NamedTuple):
    """Facts about the answer whose steps a fault rewrites."""

    events: bool
    """Whether each `Send` is a server-sent event."""
    break_off: Callable[[Sequence[bytes], Failure], tuple[bytes, ...]] = errors.break_off
    """`Endpoint.break_off` of the endpoint that answers."""
    stamp: Stamp = Stamp(0, 0)
    """Of the answer."""
    size: int = 0
    """Bytes of the body, about, of an answer that is made while it is sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionFault:
    """The fate of a connection before any request: its token is not known, so it may be any application's."""

    at: Literal["connect", "tls"]
    host: str = "*"
    """A glob."""
    status: int = 502
    """The answer to CONNECT."""
    tls: Literal["handshake_failure"] = "handshake_failure"


class Fault:
    """One word of `faults` with what the script gives it. A frozen value.

    It may refuse a request before its rule answers, or rewrite the steps of the answer; both are pure.
    """

    __slots__ = ()

    def admit(self, arrival: AdmissionRequest, memory: Memory | None) -> Admission:
        """Let a request through or refuse it; what it returns as memory is what it is given next time."""
        del arrival
        return Admission(memory=memory)

    def rewrite(self, steps: Steps, scene: Scene) -> Steps:
        """Return the steps as the fault makes them."""
        del scene
        return steps

    @property
    def reach(self) -> int:
        """How many sends of the answer it looks at; those behind them are left as they are, or left out."""
        return 0

    def rewrite_made(self, steps: Iterator[Step], scene: Scene) -> Iterator[Step]:
        """Do the same to an answer that is made while it is sent."""
        first, seen = list[Step](), 0
        for step in steps:
            first.append(step)
            seen += isinstance(step, Send)
            if seen > self.reach:
                break
        rewritten = self.rewrite(tuple(first), scene)
        yield from rewritten
        # The last one is not looked at: where it is left out, so is what comes behind it.
        if rewritten and rewritten[-1] is first[-1]:
            yield from steps

    def find_connection_fault(self) -> ConnectionFault | None:
        """Return what happens to connections; None for a fault of answers."""
        return None
