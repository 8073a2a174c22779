"""`new_connections`: opened a connection for every request."""

from collections.abc import Iterator
from itertools import pairwise

from llemulator_addon.core.steps import Cut
from llemulator_addon.verification.finding import Finding
from llemulator_addon.verification.verdicts.client_history import Attempt, ClientHistory, gap

_MANY = 5
_KEPT_OPEN = 4.0
"""Seconds. Clients close connections that were idle for longer: httpx and Node after five."""


def find_new_connections(asking: ClientHistory) -> Iterator[Finding]:
    """Look for clients of which each request came on a connection of its own, although the one before was free.

    Requests under way at the same time need several, and so does one that follows an answer that closed its connection.
    """
    attempts = asking.attempts
    free = [pair for pair in pairwise(attempts) if _was_free(*pair)]
    connections = {attempt.exchange.connection for attempt in attempts}
    if len(free) < _MANY or len(connections) < len(attempts):
        return
    yield Finding(
        name="new_connections",
        sentence=f"Each of {len(attempts)} requests came on a new connection, though {len(free)} times the one before "
        "was free; a client that is created again for each request pays for a handshake each time.",
        exchanges=tuple(attempt.number for attempt in attempts),
        evidence={"requests": len(attempts), "connections": len(connections)},
    )


def _was_free(before: Attempt, after: Attempt) -> bool:
    ending = before.exchange.ending
    return (
        ending is not None
        and ending.how == "whole"
        and before.headers.get("connection", "").lower() != "close"
        and not any(isinstance(step, Cut) for step in before.exchange.steps)
        and before.end is not None
        and before.end <= after.start
        and gap(before, after) <= _KEPT_OPEN
        and before.exchange.way == after.exchange.way
        and before.exchange.host == after.exchange.host
        and before.exchange.headers.get("user-agent") == after.exchange.headers.get("user-agent")
    )
