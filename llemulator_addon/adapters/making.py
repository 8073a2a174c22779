"""The rest of an answer that is made while it is sent, in parts so small that others do not wait for them."""

import asyncio
import logging
import time
from collections.abc import Iterator

from llemulator_addon.adapters.bug_log import describe_briefly
from llemulator_addon.core.steps import Cut, Head, Make, Send, Step, Steps, Wait
from llemulator_addon.live.threads import LARGE, run_in_thread

logger = logging.getLogger(__name__)

_SECONDS = 0.002
"""How long one part is made; after each there is another round of the event loop, in which at most one is made."""
_BYTES = 64 << 10
"""How large it is, about."""


class Making:
    """A `Rest` whose steps are made. Nothing is made before the client has taken what was before it."""

    def __init__(self, make: Make, turn: asyncio.Lock, *, is_slow: bool = False) -> None:
        """Take what makes steps, and a lock that is held while some are made; slow steps are made in a thread."""
        self._steps: Iterator[Step] = make()
        self._turn = turn
        self._is_slow = is_slow
        self._next: Steps = ()

    async def more(self) -> None:
        """Make the next part."""
        if self._is_slow:
            await run_in_thread(self._make, LARGE)
            return
        async with self._turn:
            await asyncio.sleep(0)
            self._make()

    def take(self) -> Steps:
        """Return what was made, once; nothing: that was all."""
        steps, self._next = self._next, ()
        return steps

    def leave(self) -> None:
        """Make no more."""
        self._steps = iter(())

    def _make(self) -> None:
        try:
            self._next = tuple(_part(self._steps))
        except Exception as error:  # noqa: BLE001 - whatever it was, the client must not take this for the end
            logger.error("an answer could not be made on:\n%s", describe_briefly(error))  # noqa: TRY400 - see `bugs`
            self._next = (Cut(),)
            self.leave()


def to_head(steps: Iterator[Step]) -> Iterator[Step]:
    """Take the head, and what is before it."""
    for step in steps:
        yield step
        if isinstance(step, Head):
            return


def _part(steps: Iterator[Step]) -> Iterator[Step]:
    until, size = time.monotonic() + _SECONDS, 0
    for step in steps:
        yield step
        if isinstance(step, Send):
            size += len(step.piece)
        if isinstance(step, Wait | Cut) or size >= _BYTES or time.monotonic() >= until:
            return
