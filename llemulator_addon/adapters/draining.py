"""The end of a process that shares its work with others: `/readyz` says it first, and requests are still answered.

A load balancer needs some seconds to learn of it. So the process ends when no request has come for a while and
none is being answered, or when its time is over.
"""

import asyncio
import logging
from typing import Protocol

from llemulator_addon.live.draining import Draining

logger = logging.getLogger(__name__)

QUIET = 5.0
"""Seconds without a request after which no other one is expected."""
_SECONDS_BETWEEN_LOOKS = 0.1


class Drained(Protocol):
    """The traffic of a process that is about to end."""

    draining: Draining
    answered: int
    """Requests so far, without those of probes."""

    def is_idle(self) -> bool:
        """Whether no request is being answered."""
        ...


class Quiet:
    """Finds out when nothing more is to be expected."""

    def __init__(self, now: float, answered: int, limit: float, quiet: float = QUIET) -> None:
        """Begin at a time, with the number of requests until then; `limit` is in seconds from now."""
        self._end = now + limit
        self._quiet = min(quiet, limit)
        self._since, self._answered = now, answered

    def is_over(self, now: float, answered: int, *, is_idle: bool) -> bool:
        """Whether the process may end: for a while nothing was asked, or all of the time is over."""
        if answered != self._answered or not is_idle:
            self._since, self._answered = now, answered
        return now - self._since >= self._quiet or now >= self._end


async def drain(traffic: Drained, seconds: float) -> None:
    """Return when the process may end. Connections end with their next answer meanwhile."""
    traffic.draining.has_begun = True
    logger.info("ending: requests are answered until none comes for %g seconds, %g at most", QUIET, seconds)
    clock = asyncio.get_running_loop().time
    quiet = Quiet(clock(), traffic.answered, seconds)
    while not quiet.is_over(clock(), traffic.answered, is_idle=traffic.is_idle()):  # noqa: ASYNC110 - time is no event
        await asyncio.sleep(_SECONDS_BETWEEN_LOOKS)
