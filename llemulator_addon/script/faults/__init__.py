"""The words of `faults`: to add one is one file and one line here.

The argument's type is that of the field `wanted`. Faults act in the order in which a script lists them.
"""

from collections.abc import Callable
from typing import Any

from llemulator_addon.script.fault import Fault
from llemulator_addon.script.faults.connect import Connect
from llemulator_addon.script.faults.cut_after import CutAfter
from llemulator_addon.script.faults.duplicate_event import DuplicateEvent
from llemulator_addon.script.faults.error_event import ErrorEvent
from llemulator_addon.script.faults.failure import FailureFault
from llemulator_addon.script.faults.http2 import Http2
from llemulator_addon.script.faults.latency_ms import LatencyMs
from llemulator_addon.script.faults.malformed_event import MalformedEvent
from llemulator_addon.script.faults.rate_limit import RateLimit
from llemulator_addon.script.faults.stall import Stall
from llemulator_addon.script.faults.tls import Tls

FAULTS: dict[str, Callable[[Any], Fault]] = {
    "latency_ms": LatencyMs,
    "failure": FailureFault,
    "rate_limit": RateLimit,
    "cut_after": CutAfter,
    "stall": Stall,
    "malformed_event": MalformedEvent,
    "duplicate_event": DuplicateEvent,
    "error_event": ErrorEvent,
    "connect": Connect,
    "tls": Tls,
    "http2": Http2,
}
