"""`ignored_error_event`: went on after an error in the middle of a stream."""

from collections.abc import Iterator

from llemulator_addon.verification import delivered
from llemulator_addon.verification.finding import Finding, cite
from llemulator_addon.verification.talk_messages import OVER_WEBSOCKET
from llemulator_addon.verification.verdicts.client_history import Attempt, ClientHistory
from llemulator_addon.verification.verdicts.continuation import collect_said, goes_on_with, is_error

_LISTENED = 1.0
"""Seconds. Who ends at the error is gone by then."""


def find_ignored_error_events(asking: ClientHistory) -> Iterator[Finding]:
    """Look for clients that read on long after an error, or use what came before it as a whole answer."""
    for attempt in asking.attempts:
        if (place := _place_of_error(attempt)) is None:
            continue
        later = goes_on_with(asking, attempt, collect_said(attempt))
        listened = _measure_listening(attempt, place)
        if later is None and listened < _LISTENED:
            continue
        went_on = f"request {later.number} goes on with what came before it" if later else _read_on(listened)
        yield Finding(
            name="ignored_error_event",
            sentence=f"The stream of {cite(attempt.exchange)} said in its event {place + 1} that it failed, and "
            f"{went_on}.",
            exchanges=(attempt.number, *((later.number,) if later else ())),
            evidence={"event": place + 1, "read_on": round(listened, 3)},
        )


def _read_on(seconds: float) -> str:
    return f"the client read on for {seconds:.1f} s"


def _place_of_error(attempt: Attempt) -> int | None:
    events = delivered.events(attempt.exchange)
    return next((place for place, event in enumerate(events) if is_error(event.name, event.value)), None)


def _measure_listening(attempt: Attempt, place: int) -> float:
    """Return how long after the error the client still took events."""
    if attempt.exchange.http_version == OVER_WEBSOCKET:
        return 0.0  # other answers come on the same connection
    events = delivered.events(attempt.exchange)
    at, last = events[place].left, events[-1].left
    return 0.0 if at is None or last is None else last - at
