"""`gave_up_early`: never tried again what OpenAI's SDKs would have."""

from collections.abc import Iterator

from llemulator_addon.verification.finding import Finding, cite
from llemulator_addon.verification.verdicts.client_history import Attempt, ClientHistory

_LONGEST = 60.0
"""Seconds. A client may rather give up than wait longer."""
_CONFLICT = 409
_FOR_GOOD = frozenset(("insufficient_quota", "billing_hard_limit_reached"))
"""Codes of errors that have a status which is worth a retry, and do not pass by themselves."""


def find_early_surrender(asking: ClientHistory) -> Iterator[Finding]:
    """Look for requests that failed for a passing reason and were never sent again."""
    for attempts in asking.given_up:
        if len(attempts) == 1 and _was_passing(attempts[0]):
            (only,) = attempts
            got = f"got {only.exchange.status}" if only.outcome == "refused" else "lost its connection"
            yield Finding(
                name="gave_up_early",
                sentence=f"{cite(only.exchange)} {got}, which passes, and was never sent again.",
                exchanges=(only.number,),
                evidence={"status": only.exchange.status, "retry_after": only.wait},
            )


def _was_passing(attempt: Attempt) -> bool:
    return (
        attempt.worth_a_retry
        and attempt.told is None
        and attempt.exchange.status != _CONFLICT
        and (attempt.wait or 0.0) <= _LONGEST
        and attempt.code not in _FOR_GOOD
    )
