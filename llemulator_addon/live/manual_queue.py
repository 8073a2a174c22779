"""`manual`: who waits for a person's answer."""

import asyncio
from asyncio import Future, get_running_loop
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from llemulator_addon.core.outcome import Ask
from llemulator_addon.core.session_key import ExchangeId, SessionKey
from llemulator_addon.core.steps import PlayedAnswer
from llemulator_addon.store.link import Held, Lease, Link, name_thing


@dataclass(slots=True, eq=False)
class _WaitingAsk:
    ask: Ask
    told: Future[PlayedAnswer]
    held: Held | None = None


class Waiting:
    """Requests that wait, by session. Not a value: it belongs to the event loop, and holds only what waits now.

    Each is answered in its own process. The others know of it by a lease, and ask that process.
    """

    def __init__(self, link: Link, write: Callable[[Ask], str]) -> None:
        """`write` makes the text by which other processes know a request that waits."""
        self._link = link
        self._write = write
        self._claimed: set[ExchangeId] = set()
        self._asked: dict[SessionKey, dict[int, _WaitingAsk]] = {}

    async def wait(self, ask: Ask, begin: Callable[[], None]) -> PlayedAnswer | None:
        """Wait for the answer; None: nobody gave one in time. Cancelled, it leaves no trace. Raises `StoreFailed`.

        `begin` is called once everybody can see that it waits.
        """
        key = ask.exchange.session
        asked = _WaitingAsk(ask, get_running_loop().create_future())
        self._asked.setdefault(key, {})[ask.exchange.number] = asked
        try:
            label = f"{ask.exchange.life} {ask.exchange.number}"
            asked.held = await self._link.hold("waiting", name_thing(key), label, partial(self._write, ask))
            begin()
            async with asyncio.timeout(ask.manual_timeout):
                return await asked.told
        except TimeoutError:
            return None
        finally:
            self._claimed.discard(ask.exchange)
            self._forget(key, asked)

    def list_here(self, key: SessionKey) -> tuple[Ask, ...]:
        """Return what waits in a session in this process, what came first first."""
        asked = self._asked.get(key, {}).values()
        return tuple(each.ask for each in asked if not each.told.done() and each.ask.exchange not in self._claimed)

    async def list_elsewhere(self, key: SessionKey) -> Sequence[Lease]:
        """Return what waits in a session in other processes."""
        return await self._link.list_leases("waiting", name_thing(key))

    async def list_numbers(self) -> Mapping[str, Sequence[int]]:
        """Return the numbers of all requests that wait in other processes, by the name of the session as a thing."""
        found: dict[str, list[int]] = {}
        for lease in await self._link.list_leases("waiting"):
            found.setdefault(lease.of, []).append(exchange_of(lease)[1])
        return found

    def count(self) -> int:
        """Return how many wait here, in all sessions."""
        return sum(map(len, self._asked.values()))

    def get(self, key: SessionKey, number: int) -> Ask | None:
        """Return the request of a number, if it waits here."""
        return next((ask for ask in self.list_here(key) if ask.exchange.number == number), None)

    @contextmanager
    def claim(self, ask: Ask) -> Iterator[None]:
        """Let nobody else answer a request meanwhile; it waits on if the body fails."""
        self._claimed.add(ask.exchange)
        try:
            yield
        finally:
            self._claimed.discard(ask.exchange)

    async def answer(self, ask: Ask, answer: PlayedAnswer) -> bool:
        """Give an answer; whether somebody waited for it. After that no process lists the request any more."""
        asked = self._asked.get(ask.exchange.session, {}).get(ask.exchange.number)
        if asked is None or asked.ask is not ask or asked.told.done():
            return False
        asked.told.set_result(answer)
        self._let_go(asked)
        await self._link.settle()
        return True

    def _forget(self, key: SessionKey, asked: _WaitingAsk) -> None:
        self._let_go(asked)
        others = self._asked.get(key, {})
        # After a reset numbers begin anew: another request may have this one's.
        if others.get(asked.ask.exchange.number) is asked:
            del others[asked.ask.exchange.number]
        if not others:
            self._asked.pop(key, None)

    def _let_go(self, asked: _WaitingAsk) -> None:
        if asked.held is not None:
            self._link.let_go(asked.held)
            asked.held = None


def exchange_of(lease: Lease) -> tuple[int, int]:
    """Return the life of the session in which a request waits elsewhere, and the number of its exchange."""
    life, number = map(int, lease.label.split())
    return life, number
