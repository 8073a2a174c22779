"""`retry_storm`: tried the same again and again in a short time."""

from collections.abc import Iterator
from itertools import pairwise

from llemulator_addon.verification.finding import Finding, cite
from llemulator_addon.verification.verdicts.client_history import Attempt, ClientHistory, gap

_MANY = 6
_SHORT = 10.0
"""Seconds. With OpenAI's own backoff (0.5 s, doubled each time, less a quarter at most) the sixth comes later."""


def find_retry_storms(asking: ClientHistory) -> Iterator[Finding]:
    """Look for many attempts of one request within a short time that the server did not ask for."""
    for attempts in asking.requests:
        unasked = [attempts[0], *(after for before, after in pairwise(attempts) if not _was_asked(before, after))]
        for first, last in zip(unasked, unasked[_MANY - 1 :], strict=False):
            if last.start - first.start < _SHORT:
                yield Finding(
                    name="retry_storm",
                    sentence=f"{cite(first.exchange)} was tried {len(attempts)} times, {_MANY} of them within "
                    f"{last.start - first.start:.2f} s.",
                    exchanges=tuple(attempt.number for attempt in attempts),
                    evidence={"attempts": len(attempts), "starts": [round(each.start, 3) for each in attempts]},
                )
                break


def _was_asked(before: Attempt, after: Attempt) -> bool:
    """Whether the answer had said when to come again, and the client did."""
    return before.outcome == "refused" and before.wait is not None and gap(before, after) >= before.wait
