"""`no_read_timeout`: waited on a silent connection without a limit."""

from collections.abc import Iterator

from llemulator_addon.core.steps import Cut, Head, Send, Wait
from llemulator_addon.verification.finding import Finding, cite
from llemulator_addon.verification.verdicts.client_history import Attempt, ClientHistory

_LONGEST = 60.0
"""Seconds of silence that a client which announces no time-out may take."""
_LATE = 5.0
"""Seconds after which a time-out that was announced is taken for none."""


def find_missing_read_timeout(asking: ClientHistory) -> Iterator[Finding]:
    """Look for clients that took silence for longer than they said, or for longer than a minute.

    OpenAI's SDKs announce how long they wait: 600 s, unless they were told otherwise.
    """
    for attempt in asking.attempts:
        announced = attempt.client.read_timeout
        most = _LONGEST if announced is None else announced + _LATE
        if (silence := _longest_silence(attempt, asking.now)) > most:
            said = "announces no time-out" if announced is None else f"announces a time-out of {announced:g} s"
            yield Finding(
                name="no_read_timeout",
                sentence=f"{cite(attempt.exchange)} waited through {silence:.0f} s of silence, and its client {said}.",
                exchanges=(attempt.number,),
                evidence={"silence": round(silence, 3), "announced": announced},
            )


def _longest_silence(attempt: Attempt, now: float) -> float:
    """Return the longest time in which nothing came while the client was there, in seconds."""
    there = (attempt.end if attempt.end is not None else now) - attempt.start
    passed = since = longest = 0.0
    for step in attempt.exchange.steps:
        match step:
            case Wait(seconds):
                passed += seconds
            case Head() | Send():
                longest, since = max(longest, min(passed, there) - since), min(passed, there)
            case Cut():
                break
    return max(longest, min(passed, there) - since)
