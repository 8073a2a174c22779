"""The time at which requests come. No step of the system's clock, forwards or backwards, makes it jump.

Durations are differences of such times: how long a limit lasts, how long a client waited before it tried again.
"""

import time
from collections.abc import Callable


def _ticks() -> float:
    """Return the seconds of a clock that only goes forwards, and where it can while the machine sleeps too."""
    return time.clock_gettime(_CLOCK) if _CLOCK is not None else time.monotonic()


_CLOCK: int | None = getattr(time, "CLOCK_BOOTTIME", None)


class Clock:
    """Tells seconds since the epoch: the system's time when it was made, and what has passed since."""

    def __init__(self, time_of_day: Callable[[], float] = time.time, ticks: Callable[[], float] = _ticks) -> None:
        self._ticks = ticks
        self._ahead = time_of_day() - ticks()

    def now(self) -> float:
        """Return the time."""
        return self._ahead + self._ticks()


now = Clock().now
"""The one clock of this process."""
