"""`no_backoff`: tried again at once, or always after the same time."""

from collections.abc import Iterator
from itertools import pairwise

from llemulator_addon.verification.finding import Finding, cite
from llemulator_addon.verification.verdicts.client_history import Attempt, ClientHistory, gap

_AT_ONCE = 0.2
"""Seconds. OpenAI's SDKs wait 0.375 s at least."""
_GAPS = 3
_GROWTH = 1.2
_FIRST_LONG_ENOUGH = 5.0
"""Seconds. Who begins with so long a wait need not make it longer."""


def find_missing_backoff(asking: ClientHistory) -> Iterator[Finding]:
    """Look for retries that come at once, or three times without a growing wait, where the server named no time."""
    for attempts in asking.requests:
        gaps = [gap(before, after) for before, after in pairwise(attempts) if _is_judged(asking, before)]
        if (how := describe_pauses(gaps)) is not None:
            yield Finding(
                name="no_backoff",
                sentence=f"{cite(attempts[0].exchange)} was tried {len(attempts)} times {how}: it waited "
                f"{', '.join(f'{each:.2f}' for each in gaps)} s.",
                exchanges=tuple(attempt.number for attempt in attempts),
                evidence={"waited": [round(each, 3) for each in gaps]},
            )


def _is_judged(asking: ClientHistory, before: Attempt) -> bool:
    """Whether the wait after an attempt was the client's own choice.

    A request that was lost on a connection which served before may be sent again at once: HTTP clients do so by
    themselves when a server has closed a connection that it kept open (RFC 9110, 9.2.2).
    """
    if before.outcome == "lost":
        return not asking.is_reused(before)
    return before.outcome == "refused" and before.worth_a_retry and before.wait is None


def describe_pauses(gaps: list[float], *, at_once: int = 1) -> str | None:
    """Describe what is wrong with pauses, in seconds; None: nothing. `at_once` of them without any length are wrong."""
    if sum(each < _AT_ONCE for each in gaps) >= at_once:
        return "without a pause"
    if len(gaps) >= _GAPS and gaps[-1] < gaps[0] * _GROWTH and gaps[0] < _FIRST_LONG_ENOUGH:
        return "without longer pauses"
    return None
