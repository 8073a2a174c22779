"""`serialize`: the requests of a token wait for each other's answers to leave."""

from asyncio import CancelledError, Future, get_running_loop
from collections import deque
from dataclasses import dataclass, field


@dataclass(slots=True)
class _Queue:
    """The requests of one token. Somebody has the turn as long as it exists."""

    exchange: str | None = None
    """The answer that has not left yet; None while it is being decided."""
    waiting: "deque[Future[None]]" = field(default_factory=deque)


class Turns:
    """Whose turn it is, by token. Not a value: it belongs to the event loop, and holds only who is waiting now."""

    def __init__(self) -> None:
        self._queues: dict[str, _Queue] = {}

    async def come(self, token: str) -> None:
        """Wait for one's turn, in the order of arrival. Cancelled, it leaves the queue without a trace."""
        if (queue := self._queues.get(token)) is None:
            self._queues[token] = _Queue()
            return
        called: Future[None] = get_running_loop().create_future()
        queue.waiting.append(called)
        try:
            await called
        except CancelledError:
            if called.done() and not called.cancelled():
                self._next(token, queue)
            raise

    def answer(self, token: str, exchange: str | None) -> None:
        """Note the answer that whoever has the turn got."""
        if (queue := self._queues.get(token)) is not None:
            queue.exchange = exchange

    def leave(self, token: str, exchange: str | None) -> None:
        """End a turn whose answer has left; an answer that was given without a turn ends none."""
        queue = self._queues.get(token)
        if queue is not None and queue.exchange == exchange:
            self._next(token, queue)

    def _next(self, token: str, queue: _Queue) -> None:
        queue.exchange = None
        while queue.waiting:
            called = queue.waiting.popleft()
            if not called.done():
                called.set_result(None)
                return
        del self._queues[token]
