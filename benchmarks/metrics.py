"""The requests per second with metrics and without, of answers in one piece and of streams."""

import statistics
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.servers import Running, running

AT_LEAST = 0.97


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """The requests per second with metrics, and without."""

    name: str
    on: float
    off: float
    ratio: float


def measure(script: Path, rate: Callable[[Running, bool], float], rounds: int) -> tuple[Counted, ...]:
    """Let two servers take turns; the median of the turns' ratios counts. `rate` takes whether to ask for streams."""
    found = []
    with (
        running(("llemulator",), script) as on,
        running(("llemulator",), script, LLEMULATOR_NO_METRICS="true") as off,
    ):
        for name, stream in (("requests", False), ("streams", True)):
            turns = [(rate(on["llemulator"], stream), rate(off["llemulator"], stream)) for _ in range(rounds)]
            found.append(
                Counted(
                    name=name,
                    on=statistics.median(with_them for with_them, _ in turns),
                    off=statistics.median(without for _, without in turns),
                    ratio=statistics.median(with_them / without for with_them, without in turns),
                )
            )
    return tuple(found)
