"""The words of `faults`: to add one is one file and one line here.

The argument's type is that of the field `wanted`. Faults act in the order in which a script lists them.
"""

from collections.abc import Callable, Mapping
from typing import Any

from llemulator_addon.script.fault import Fault
from llemulator_addon.script.faults.connect import ConnectFault
from llemulator_addon.script.faults.cut_after import CutAfterFault
from llemulator_addon.script.faults.duplicate_event import DuplicateEventFault
from llemulator_addon.script.faults.error_event import ErrorEventFault
from llemulator_addon.script.faults.extra_event import ExtraEventFault
from llemulator_addon.script.faults.failure import FailureFault
from llemulator_addon.script.faults.http2 import Http2Fault
from llemulator_addon.script.faults.latency_ms import LatencyFault
from llemulator_addon.script.faults.malformed_event import MalformedEventFault
from llemulator_addon.script.faults.rate_limit import BucketLevels, RateLimitFault
from llemulator_addon.script.faults.split_bytes import SplitBytesFault
from llemulator_addon.script.faults.stall import StallFault
from llemulator_addon.script.faults.tls import TlsFault

FAULTS: dict[str, Callable[[Any], Fault]] = {
    "latency_ms": LatencyFault,
    "failure": FailureFault,
    "rate_limit": RateLimitFault,
    "cut_after": CutAfterFault,
    "stall": StallFault,
    "malformed_event": MalformedEventFault,
    "duplicate_event": DuplicateEventFault,
    "extra_event": ExtraEventFault,
    "error_event": ErrorEventFault,
    "split_bytes": SplitBytesFault,
    "connect": ConnectFault,
    "tls": TlsFault,
    "http2": Http2Fault,
}

MEMORIES: tuple[type, ...] = (BucketLevels,)
"""The classes of what faults remember (`Admission.memory`). A store that writes sessions knows them from here."""


def name_fault(fault: Fault) -> str:
    """Return the word of a fault."""
    return _NAMES[type(fault)]


def changes_answers(fault: Fault) -> bool:
    """Whether a fault changes answers, and does not only refuse requests."""
    return type(fault).rewrite is not Fault.rewrite


_NAMES: Mapping[Callable[[Any], Fault], str] = {made: name for name, made in FAULTS.items()}
