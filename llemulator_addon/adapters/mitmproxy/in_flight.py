"""Requests that wait, upstreams whose answers arrive, and answers that are not over."""

import asyncio
import logging
from collections.abc import Awaitable, Coroutine, Sequence
from typing import Any

from llemulator_addon.adapters.answerer import Answerer
from llemulator_addon.adapters.bug_log import describe_briefly
from llemulator_addon.adapters.forwarding import Arriving
from llemulator_addon.core.outcome import NOTHING_SENT, Ending
from llemulator_addon.core.session_key import ExchangeId
from llemulator_addon.core.steps import Steps
from llemulator_addon.core.talk import TalkMessage

logger = logging.getLogger(__name__)

_MOST_MESSAGES = 1_000
"""Of a connection that wait; the journal keeps no more either."""


class ClientLeft(Exception):
    """The client went away while its answer was waited for."""


class InFlight:
    """Keeps what is under way, by the ids of mitmproxy's flows and clients, and tells the answerer how it ended."""

    def __init__(self, answerer: Answerer) -> None:
        self._answerer = answerer
        self._open: dict[str, dict[str, ExchangeId]] = {}
        """The exchanges that are not over: by client, and by flow."""
        self._waited_for: dict[str, asyncio.Task[Any]] = {}
        self._arriving: dict[str, Arriving] = {}
        self._messages: dict[ExchangeId, list[TalkMessage]] = {}
        """Of WebSocket connections, those that wait while others are taken."""
        self._reports: set[asyncio.Task[None]] = set()
        """Those that the answerer has not taken yet."""

    def count(self) -> int:
        """Return how many answers are under way."""
        return sum(map(len, self._open.values()))

    def is_idle(self) -> bool:
        """Whether no answer is under way, or waited for, and every end was noted."""
        return not (self.count() or self._waited_for or self._reports)

    def open(self, client: str, flow: str, exchange: ExchangeId) -> None:
        """Remember the exchange of an answer until it ends."""
        self._open.setdefault(client, {})[flow] = exchange

    def receive(self, flow: str, answer: Arriving) -> None:
        """Remember an upstream's answer that arrives while it is played."""
        self._arriving[flow] = answer

    async def wait[R](self, flow: str, answer: Awaitable[R]) -> R:
        """Wait for something until the client leaves; raises ClientLeft."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - mitmproxy calls hooks in tasks
        self._waited_for[flow] = task
        try:
            return await answer
        except asyncio.CancelledError:
            if flow in self._waited_for:
                raise  # the program ends
            task.uncancel()
            raise ClientLeft from None
        finally:
            self._waited_for.pop(flow, None)

    def give_up(self, flow: str) -> None:
        """Stop waiting for the answer to a request, or for more of it, because its client is gone."""
        if (task := self._waited_for.pop(flow, None)) is not None:
            task.cancel()
        if (rest := self._arriving.get(flow)) is not None:
            rest.leave()

    def end(self, client: str, flow: str, ending: Ending) -> None:
        """Report how an answer ended, once."""
        if (exchanges := self._open.get(client)) and (exchange := exchanges.pop(flow, None)):
            self._end(flow, exchange, ending)

    def note_sent(self, client: str, flow: str, sends: int, bytes_sent: int) -> None:
        """Report how far an answer is."""
        if (exchanges := self._open.get(client)) and (exchange := exchanges.get(flow)):
            self._answerer.note_sent(exchange, sends, bytes_sent)

    def leave(self, client: str) -> None:
        """Report the end of whatever was still under way to a client, and forget it."""
        for flow, exchange in self._open.pop(client, {}).items():
            self._end(flow, exchange, NOTHING_SENT)

    def forget_talk(self, exchange: ExchangeId, talk: str) -> None:
        """Report the end of a WebSocket connection, for which something may be kept."""
        self._start(self._report_talk(exchange, talk))

    def note_messages(self, exchange: ExchangeId, messages: Sequence[TalkMessage]) -> None:
        """Report messages of a WebSocket connection; `exchange` is that of its handshake.

        Those that come while others are taken are reported together: a store may have to write them all each time.
        """
        if (waiting := self._messages.get(exchange)) is not None:
            waiting += messages
            del waiting[:-_MOST_MESSAGES]
            return
        self._messages[exchange] = list(messages)
        self._start(self._report_messages(exchange))

    async def note(self, exchange: ExchangeId, steps: Steps) -> None:
        """Report what an upstream answered, or what was answered in its place."""
        try:
            await self._answerer.came(exchange, steps)
        except Exception as error:  # noqa: BLE001 - as below
            logger.error("what an upstream answered was not noted:\n%s", describe_briefly(error))  # noqa: TRY400 - see `bugs`

    def _end(self, flow: str, exchange: ExchangeId, ending: Ending) -> None:
        rest = self._arriving.pop(flow, None)
        if rest is not None:
            rest.leave()
        self._start(self._report_end(exchange, ending, None if rest is None else tuple(rest.steps)))

    def _start(self, report: Coroutine[Any, Any, None]) -> None:
        """Start to report something. Where the answerer does not wait for anything, it is done at once."""
        task = asyncio.Task(report, loop=asyncio.get_running_loop(), eager_start=True)
        if not task.done():
            self._reports.add(task)
            task.add_done_callback(self._reports.discard)

    async def _report_messages(self, exchange: ExchangeId) -> None:
        try:
            while messages := self._messages[exchange]:
                self._messages[exchange] = []
                await self._answerer.note_messages(exchange, messages)
        except Exception as error:  # noqa: BLE001 - only the journal lacks them
            logger.error("messages of a connection were not noted:\n%s", describe_briefly(error))  # noqa: TRY400 - see `bugs`
        finally:
            del self._messages[exchange]

    async def _report_talk(self, exchange: ExchangeId, talk: str) -> None:
        try:
            await self._answerer.forget_talk(exchange, talk)
        except Exception as error:  # noqa: BLE001 - the connection has ended; only memory is not given back
            logger.error("what a connection kept was not forgotten:\n%s", describe_briefly(error))  # noqa: TRY400 - see `bugs`

    async def _report_end(self, exchange: ExchangeId, ending: Ending, arrived: Steps | None) -> None:
        if arrived is not None:
            await self.note(exchange, arrived)
        try:
            await self._answerer.note_end(exchange, ending)
        except Exception as error:  # noqa: BLE001 - the client has its answer already; only the journal lacks its end
            logger.error("the end of an answer was not noted:\n%s", describe_briefly(error))  # noqa: TRY400 - see `bugs`
