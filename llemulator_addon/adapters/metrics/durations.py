"""How many durations fall below each bound."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import NamedTuple

_MOST_PENDING = 1_000
"""Durations after which they are put below their bounds."""

TO_FIRST_TOKEN = (
    *(0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75),
    *(1.0, 2.5, 5.0, 7.5, 10.0, 20.0, 40.0, 80.0, 160.0, 640.0),
)
BETWEEN_TOKENS = (
    *(0.001, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75),
    *(1.0, 2.5, 5.0, 7.5, 10.0, 20.0, 40.0, 80.0),
)
WHOLE = (
    *(0.005, 0.01, 0.025, 0.05, 0.1, 0.3, 0.5, 0.8),
    *(1.0, 1.5, 2.0, 2.5, 5.0, 10.0, 15.0, 20.0, 30.0, 40.0, 50.0, 60.0, 120.0, 240.0, 480.0, 960.0),
)
"""Seconds: the bounds that vLLM has, and smaller ones, because nothing is computed here."""


class Histogram(NamedTuple):
    """Durations, sorted by the bounds of their kind."""

    counts: tuple[int, ...]
    """Of those up to each bound and above the one before; the last has no bound."""
    total: float
    """Their sum, in seconds."""


class Durations:
    """Durations of one kind. Taken as they are, and put below their bounds when somebody asks or there are many."""

    __slots__ = ("_counts", "_pending", "_total", "bounds")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._total = 0.0
        self._pending: list[float] = []

    def add(self, seconds: float) -> None:
        """Take one more."""
        self._pending.append(seconds)
        if len(self._pending) >= _MOST_PENDING:
            self._fold()

    def add_many(self, seconds: Iterable[float]) -> None:
        """Take more."""
        self._pending.extend(seconds)
        if len(self._pending) >= _MOST_PENDING:
            self._fold()

    def add_zeros(self, number: int) -> None:
        """Take some that took no time."""
        self._counts[0] += number

    def read(self) -> Histogram:
        """Return them all."""
        self._fold()
        return Histogram(tuple(self._counts), self._total)

    def _fold(self) -> None:
        pending, before = self._pending, 0
        pending.sort()
        for place, bound in enumerate(self.bounds):
            after = bisect_right(pending, bound, before)
            self._counts[place] += after - before
            before = after
        self._counts[-1] += len(pending) - before
        self._total += sum(pending)
        pending.clear()


def add_histograms(histograms: Sequence[Histogram]) -> Histogram:
    """Add histograms that have the same bounds."""
    return Histogram(
        tuple(map(sum, zip(*(each.counts for each in histograms), strict=True))), sum(each.total for each in histograms)
    )
