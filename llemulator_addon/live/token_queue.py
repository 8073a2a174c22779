"""`serialize`: the requests of a token wait for each other's answers to leave."""

from asyncio import CancelledError, Future, get_running_loop
from collections import deque
from dataclasses import dataclass, field

from llemulator_addon.core.session_key import ExchangeId, SessionKey


@dataclass(slots=True)
class _Queue:
    """The requests of one session. Somebody has the turn as long as it exists."""

    life: int
    """Of the session."""
    exchange: ExchangeId | None = None
    """The answer that has not left yet; None while it is being decided."""
    waiting: "deque[Future[bool]]" = field(default_factory=deque)


class Turns:
    """Whose turn it is, by session. Not a value: it belongs to the event loop, and holds only who is waiting now."""

    def __init__(self) -> None:
        self._queues: dict[SessionKey, _Queue] = {}

    async def come(self, key: SessionKey, life: int) -> bool:
        """Wait for one's turn in a session, in the order of arrival; False: the session was forgotten meanwhile.

        Cancelled, it leaves the queue without a trace.
        """
        if self.is_free(key, life):
            self.forget(key)
            self._queues[key] = _Queue(life)
            return True
        queue = self._queues[key]
        called: Future[bool] = get_running_loop().create_future()
        queue.waiting.append(called)
        try:
            return await called and self._queues.get(key) is queue
        except CancelledError:
            if called.done() and not called.cancelled():
                self._next(key, queue)
            raise

    def is_free(self, key: SessionKey, life: int) -> bool:
        """Whether who comes now has the turn at once."""
        queue = self._queues.get(key)
        return queue is None or queue.life != life

    def forget(self, key: SessionKey) -> None:
        """Forget a session: nobody waits for an answer of it any more."""
        queue = self._queues.pop(key, None)
        for called in queue.waiting if queue is not None else ():
            if not called.done():
                called.set_result(False)

    def answer(self, key: SessionKey, life: int, exchange: ExchangeId | None) -> None:
        """Note the answer of the request that has the turn in this life of the session."""
        queue = self._queues.get(key)
        if queue is not None and queue.life == life:
            queue.exchange = exchange

    def give_up(self, key: SessionKey, life: int) -> None:
        """End a turn for which there is no answer."""
        queue = self._queues.get(key)
        if queue is not None and queue.life == life:
            self._next(key, queue)

    def leave(self, key: SessionKey, exchange: ExchangeId) -> None:
        """End a turn whose answer has left; an answer that was given without a turn ends none."""
        queue = self._queues.get(key)
        if queue is not None and queue.exchange == exchange:
            self._next(key, queue)

    def _next(self, key: SessionKey, queue: _Queue) -> None:
        if self._queues.get(key) is not queue:
            return  # it was forgotten
        queue.exchange = None
        while queue.waiting:
            called = queue.waiting.popleft()
            if not called.done():
                called.set_result(True)
                return
        del self._queues[key]
