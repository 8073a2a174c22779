"""A fair share of the event loop for each token: one that asks much at once does not hold up the others."""

import asyncio

from llemulator_addon.live.fair_queue import FairQueue

_AT_ONCE = 2
"""How many requests begin in one round of the event loop; between two rounds connections are read and written."""


class FairShare:
    """Lets a number of requests begin in each round of the event loop. Where more come, tokens take turns."""

    def __init__(self) -> None:
        """Nothing has begun."""
        self._waiting = FairQueue[asyncio.Future[None]]()
        self._left = 0
        """How many may still begin in this round."""
        self._is_counting = False

    async def begin(self, owner: str) -> None:
        """Wait until a request of a token may begin. One that finds room in its round waits for nothing."""
        if not self._is_counting:
            self._count_round()
        if self._left and not self._waiting:
            self._left -= 1
            return
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.add(owner, place)
        await place

    def _count_round(self) -> None:
        self._left, self._is_counting = _AT_ONCE, True
        asyncio.get_running_loop().call_soon(self._next_round)

    def _next_round(self) -> None:
        self._is_counting = False
        if not self._waiting:
            return
        self._count_round()
        while self._left and self._waiting:
            place = self._waiting.take()
            if not place.done():  # whoever waited was not cancelled
                place.set_result(None)
                self._left -= 1
