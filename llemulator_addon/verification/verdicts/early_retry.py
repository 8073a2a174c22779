"""`early_retry`: did not wait as long as the answer said."""

from collections.abc import Iterator

from llemulator_addon.verification.finding import Finding, cite
from llemulator_addon.verification.verdicts.client_history import ClientHistory, gap

_LONGEST = 60.0
"""Seconds. OpenAI's SDKs ignore a longer time: those of 1.x and JavaScript then use their own backoff."""

_TOLERANCE = 0.05
"""Seconds, and share: clocks and timers are not exact."""


def find_early_retries(asking: ClientHistory) -> Iterator[Finding]:
    """Look for attempts that came before `retry-after-ms` or `retry-after` had passed."""
    for before, after in asking.retries:
        wait, waited = before.wait, gap(before, after)
        if before.outcome == "refused" and wait is not None and 0 < wait <= _LONGEST and waited < _least(wait):
            header = "retry-after-ms" if "retry-after-ms" in before.headers else "retry-after"
            yield Finding(
                name="early_retry",
                sentence=f"{cite(before.exchange)} was told by {header} to wait {wait:g} s, and came again as request "
                f"{after.number} after {waited:.2f} s.",
                exchanges=(before.number, after.number),
                evidence={"told": wait, "waited": round(waited, 3)},
            )


def _least(wait: float) -> float:
    return wait * (1 - _TOLERANCE) - _TOLERANCE
