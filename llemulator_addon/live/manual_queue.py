"""`manual`: who waits for a person's answer."""

import asyncio
from asyncio import Future, get_running_loop
from collections.abc import Iterator
from contextlib import contextmanager

from llemulator_addon.core.outcome import Ask
from llemulator_addon.core.session_key import ExchangeId, SessionKey
from llemulator_addon.core.steps import PlayedAnswer


class Waiting:
    """Requests that wait, by session. Not a value: it belongs to the event loop, and holds only what waits now."""

    def __init__(self) -> None:
        self._claimed: set[ExchangeId] = set()
        self._asked: dict[SessionKey, dict[int, tuple[Ask, Future[PlayedAnswer]]]] = {}

    async def wait(self, key: SessionKey, ask: Ask) -> PlayedAnswer | None:
        """Wait for the answer; None: nobody gave one in time. Cancelled, it leaves no trace."""
        told: Future[PlayedAnswer] = get_running_loop().create_future()
        self._asked.setdefault(key, {})[ask.exchange.number] = (ask, told)
        try:
            async with asyncio.timeout(ask.manual_timeout):
                return await told
        except TimeoutError:
            return None
        finally:
            self._claimed.discard(ask.exchange)
            self._forget(key, ask)

    def list_for(self, key: SessionKey) -> tuple[Ask, ...]:
        """Return what waits in a session, what came first first."""
        asked = self._asked.get(key, {}).values()
        return tuple(ask for ask, told in asked if not told.done() and ask.exchange not in self._claimed)

    def count(self) -> int:
        """Return how many wait, in all sessions."""
        return sum(map(len, self._asked.values()))

    def get(self, key: SessionKey, number: int) -> Ask | None:
        """Return the request of a number, if it waits."""
        return next((ask for ask in self.list_for(key) if ask.exchange.number == number), None)

    @contextmanager
    def claim(self, ask: Ask) -> Iterator[None]:
        """Let nobody else answer a request meanwhile; it waits on if the body fails."""
        self._claimed.add(ask.exchange)
        try:
            yield
        finally:
            self._claimed.discard(ask.exchange)

    def answer(self, ask: Ask, answer: PlayedAnswer) -> bool:
        """Give an answer; whether somebody waited for it."""
        known, told = self._asked.get(ask.exchange.session, {}).get(ask.exchange.number, (None, None))
        if known is not ask or told is None or told.done():
            return False
        told.set_result(answer)
        return True

    def _forget(self, key: SessionKey, ask: Ask) -> None:
        asked = self._asked.get(key, {})
        # After a reset numbers begin anew: another request may have this one's.
        if asked.get(ask.exchange.number, (None,))[0] is ask:
            del asked[ask.exchange.number]
        if not asked:
            self._asked.pop(key, None)
