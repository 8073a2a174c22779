"""Sends the webhooks of sessions, and only to addresses that the user named."""

import asyncio
import importlib
import logging
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from llemulator_addon.core.session_key import SessionKey
from llemulator_addon.engine.due import DueNow
from llemulator_addon.wire.webhooks import Due, SendResult, is_named

logger = logging.getLogger(__name__)

_SECONDS = 10.0
"""Until an attempt is given up."""
_LONGEST_WAIT = 3_600.0


class DeliveryQueue(Protocol):
    """The deliveries of all sessions."""

    async def take_due(self, key: SessionKey, at: float) -> DueNow:
        """Return what is to be sent at a time, in seconds since the epoch."""
        ...

    async def end_attempt(self, key: SessionKey, number: int, attempt: SendResult, at: float) -> None:
        """Note the end of an attempt."""
        ...


class Deliveries:
    """Not a value: it belongs to the event loop. Each session with deliveries has a task until all are sent."""

    def __init__(self, queue: DeliveryQueue, named: Sequence[str], clock: Callable[[], float] = time.time) -> None:
        """Take the addresses that the user named."""
        self._queue, self._named, self._clock = queue, tuple(named), clock
        self._tasks: set[asyncio.Task[None]] = set()
        self._news: dict[SessionKey, asyncio.Event] = {}

    def look(self, key: SessionKey) -> None:
        """Look at a session, in which something may be due."""
        if (news := self._news.get(key)) is not None:
            news.set()
            return
        self._news[key] = asyncio.Event()
        task = asyncio.get_running_loop().create_task(self._work(key))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _work(self, key: SessionKey) -> None:
        news = self._news[key]
        try:
            while True:
                news.clear()
                due = await self._queue.take_due(key, self._clock())
                for each in due.attempts:
                    await self._queue.end_attempt(key, each.number, await self._send(each), self._clock())
                if due.attempts:
                    continue
                if due.wait is None and not news.is_set():
                    return
                await _wait(news, min(_LONGEST_WAIT, due.wait or 0.0))
        except Exception:
            logger.exception("webhooks of a session are not sent any more until its next request")
        finally:
            del self._news[key]

    async def _send(self, due: Due) -> SendResult:
        if not is_named(due.url, self._named):
            return SendResult(error="this address is not named")
        library = await asyncio.to_thread(importlib.import_module, "httpcore2")
        timeouts = dict.fromkeys(("connect", "read", "write", "pool"), _SECONDS)
        try:
            async with (
                asyncio.timeout(2 * _SECONDS),
                library.AsyncConnectionPool(max_keepalive_connections=0) as pool,
                pool.stream(
                    "POST", due.url, headers=list(due.headers), content=due.body, extensions={"timeout": timeouts}
                ) as response,
            ):
                # Redirects are not followed: they would go where nobody allowed it.
                return SendResult(status=int(response.status))
        except Exception as error:  # noqa: BLE001 - whatever it was, it is tried again
            return SendResult(error=type(error).__name__)


async def _wait(news: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(news.wait(), seconds)
    except TimeoutError:
        return
