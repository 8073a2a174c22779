"""`serialize`: the requests of a token wait for each other's answers to leave."""

from asyncio import CancelledError, Future, get_running_loop
from collections import deque
from dataclasses import dataclass, field


@dataclass(slots=True)
class _Queue:
    """The requests of one session. Somebody has the turn as long as it exists."""

    life: int
    """Of the session."""
    exchange: str | None = None
    """The answer that has not left yet; None while it is being decided."""
    waiting: "deque[Future[bool]]" = field(default_factory=deque)


class Turns:
    """Whose turn it is, by token. Not a value: it belongs to the event loop, and holds only who is waiting now."""

    def __init__(self) -> None:
        self._queues: dict[str, _Queue] = {}

    async def come(self, token: str, life: int) -> bool:
        """Wait for one's turn in a session, in the order of arrival; False: the session was forgotten meanwhile.

        Cancelled, it leaves the queue without a trace.
        """
        if self.is_free(token, life):
            self.forget(token)
            self._queues[token] = _Queue(life)
            return True
        queue = self._queues[token]
        called: Future[bool] = get_running_loop().create_future()
        queue.waiting.append(called)
        try:
            return await called and self._queues.get(token) is queue
        except CancelledError:
            if called.done() and not called.cancelled():
                self._next(token, queue)
            raise

    def is_free(self, token: str, life: int) -> bool:
        """Whether who comes now has the turn at once."""
        queue = self._queues.get(token)
        return queue is None or queue.life != life

    def forget(self, token: str) -> None:
        """Forget a session: nobody waits for an answer of it any more."""
        queue = self._queues.pop(token, None)
        for called in queue.waiting if queue is not None else ():
            if not called.done():
                called.set_result(False)

    def answer(self, token: str, exchange: str | None) -> None:
        """Note the answer of the request that has the turn."""
        if (queue := self._queues.get(token)) is not None:
            queue.exchange = exchange

    def leave(self, token: str, exchange: str | None) -> None:
        """End a turn whose answer has left; an answer that was given without a turn ends none."""
        queue = self._queues.get(token)
        if queue is not None and queue.exchange == exchange:
            self._next(token, queue)

    def _next(self, token: str, queue: _Queue) -> None:
        if self._queues.get(token) is not queue:
            return  # it was forgotten
        queue.exchange = None
        while queue.waiting:
            called = queue.waiting.popleft()
            if not called.done():
                called.set_result(True)
                return
        del self._queues[token]
