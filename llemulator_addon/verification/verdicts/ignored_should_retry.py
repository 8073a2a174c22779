"""`ignored_should_retry`: did the opposite of what `x-should-retry` says."""

from collections.abc import Iterator

from llemulator_addon.verification.finding import Finding, cite
from llemulator_addon.verification.verdicts.client_history import ClientHistory

_LONGEST = 60.0
"""Seconds. A client may rather give up than wait longer."""


def find_ignored_should_retry(asking: ClientHistory) -> Iterator[Finding]:
    """Look for retries after `false`, and for requests that were given up at once after `true`."""
    for before, after in asking.retries:
        if before.outcome == "refused" and before.told is False:
            yield Finding(
                name="ignored_should_retry",
                sentence=f"{cite(before.exchange)} got x-should-retry: false with its {before.exchange.status}, and "
                f"was sent again as request {after.number}.",
                exchanges=(before.number, after.number),
                evidence={"x-should-retry": False},
            )
    for attempts in asking.given_up:
        last = attempts[-1]
        if last.outcome == "refused" and last.told is True and (last.wait or 0.0) <= _LONGEST:
            yield Finding(
                name="ignored_should_retry",
                sentence=f"{cite(last.exchange)} got x-should-retry: true with its {last.exchange.status}, and was "
                "never sent again.",
                exchanges=(last.number,),
                evidence={"x-should-retry": True},
            )
