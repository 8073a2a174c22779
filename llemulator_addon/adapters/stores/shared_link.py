"""The link of a process that shares a store, on whatever keeps the rows.

A process that holds something, listens or has asked shows every few seconds that it lives, and waits for what others
send. Otherwise it does nothing.
"""

import asyncio
import logging
import secrets
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Hashable, Sequence
from contextlib import suppress
from functools import partial
from itertools import count
from typing import Any

from llemulator_addon.adapters.bug_log import describe_briefly
from llemulator_addon.adapters.stores.backend import (
    MESSAGES_SIZE,
    NOTICE_AT_MOST,
    NOTICES_KEPT,
    LinkBackend,
    Renewed,
    ToldNotice,
)
from llemulator_addon.live.threads import LARGE, run_in_thread
from llemulator_addon.store.link import AnswerQuestion, HearNotice, Held, Lease, LeaseKind, LinkFull
from llemulator_addon.store.port import StoreFailed

logger = logging.getLogger(__name__)

LIFE = 9.0
"""Seconds that leases last after their process has died."""
_PATIENCE = 20.0
"""Seconds that somebody waits for the answer of another process: a busy machine may take several for it."""
_AGAIN_AFTER = 0.5
"""Seconds between attempts while the store fails."""
_KNOWN_FOR = 1.0
"""Seconds for which it is taken as known whether others listen."""
_AT_ONCE = 200
"""Notices that leave together."""
_LISTENS_ON = 30.0
"""Seconds for which a process listens on after its last reader: who was cut comes again."""
_ANSWERED_KEPT = 1000
_LOST = ""
"""The notice that some were lost: they were too many, or too large."""
_WAKE = "wake"
"""The message to oneself that ends a wait, so that the next one is for notices too."""


class SharedLink:
    """The link of one process. Not a value: it belongs to the event loop."""

    def __init__(self, backend: LinkBackend, life: float = LIFE) -> None:
        """Take what keeps leases, and how many seconds they last after their process."""
        self._backend = backend
        self._life = life
        self._name = secrets.token_hex(8)
        self._numbers = count(1)
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._once: set[asyncio.Task[None]] = set()
        self._was_used = False
        self._held: dict[str, Held] = {}
        self._ended: dict[str, None] = {}
        """The names of leases that are to be ended in the store."""
        self._place = ""
        self._answer: AnswerQuestion | None = None
        self._asked: dict[str, asyncio.Future[str | None]] = {}
        self._answered: OrderedDict[str, None] = OrderedDict()
        self._answering = 0
        """Bytes of the questions that have no answer yet."""
        self._hear: HearNotice | None = None
        self._listening = asyncio.Lock()
        self._stopping: asyncio.TimerHandle | None = None
        self._last_told = 0
        self._listeners = 0
        self._known_at = 0.0
        self._pending: dict[Hashable, str] = {}

    # Leases -----------------------------------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """The name of this process."""
        return self._name

    @property
    def is_shared(self) -> bool:
        """There may always be others."""
        return True

    async def hold(self, kind: LeaseKind, of: str, label: str = "", write: Callable[[], str] = str) -> Held:
        """Hold a lease."""
        text = "" if write is str else await run_in_thread(write, LARGE)
        held = Held(f"{self._name}-{next(self._numbers)}", kind, of, label, text)
        # The message that it is the oldest may come before the answer of the store.
        self._held[held.name] = held
        self._keep_going()
        holding = asyncio.create_task(self._hold(held))
        try:
            await asyncio.shield(holding)
        except BaseException:
            # Perhaps the store has it all the same, or is about to.
            holding.add_done_callback(partial(self._end_late, held))
            self.let_go(held)
            raise
        return held

    def _end_late(self, held: Held, holding: asyncio.Task[None]) -> None:
        if not holding.cancelled() and holding.exception() is None:
            self.let_go(held)

    async def _hold(self, held: Held) -> None:
        if await self._backend.hold(self._name, self._life, held):
            held.note_first()

    def let_go(self, held: Held) -> None:
        """End a lease."""
        self._held.pop(held.name, None)
        self._ended[held.name] = None
        self._start("end", self._end_leases)

    async def settle(self) -> None:
        """Wait until what was let go is gone, or the store has failed."""
        if (ending := self._tasks.get("end")) is not None:
            await asyncio.wait((ending,))

    async def list_leases(self, kind: LeaseKind, of: str | None = None) -> Sequence[Lease]:
        """Return the leases of others."""
        return [lease for _, lease in await self._backend.list_leases(kind, of) if lease.process != self._name]

    async def _end_leases(self) -> None:
        while self._ended:
            names = list(self._ended)
            await self._backend.let_go(names)
            for name in names:
                self._ended.pop(name, None)

    async def _hold_again(self) -> None:
        """Hold all again that have ended, because the store was away for too long, or forgot them."""
        for held in list(self._held.values()):
            await self._hold(held)

    async def _look_for_turns(self) -> None:
        """Find out which turns have come, if the messages about it were lost."""
        if all(held.is_first or held.kind != "turn" for held in self._held.values()):
            return
        seen = set()
        for name, lease in await self._backend.list_leases("turn", None):
            if lease.of not in seen and (held := self._held.get(name)) is not None:
                held.note_first()
            seen.add(lease.of)

    # Questions --------------------------------------------------------------------------------------------------------

    async def ask(self, process: str, question: str) -> str | None:
        """Ask another process."""
        name = f"{self._name}-{next(self._numbers)}"
        self._asked[name] = asyncio.get_running_loop().create_future()
        self._keep_going()
        try:
            async with asyncio.timeout(_PATIENCE):
                if not await self._backend.send(process, f"ask {name} {self._name} {question}"):
                    raise LinkFull
                return await self._asked[name]
        except TimeoutError:
            return None
        finally:
            del self._asked[name]

    def answer_with(self, answer: AnswerQuestion) -> None:
        """Choose what answers the questions of others."""
        self._answer = answer

    async def _answer_question(self, name: str, asker: str, question: str) -> None:
        answer, size = "", len(question.encode())
        # Without room it is answered at once, with nothing.
        if self._answer is not None and self._answering + size <= MESSAGES_SIZE:
            self._answering += size
            try:
                answer = await self._answer(question)
            except Exception as error:  # noqa: BLE001 - a bug ends no more than the answer
                logger.error("another process gets no answer:\n%s", describe_briefly(error))  # noqa: TRY400 - it says all
            finally:
                self._answering -= size
        with suppress(StoreFailed):
            await self._backend.send(asker, f"reply {name} {answer}")

    # News -------------------------------------------------------------------------------------------------------------

    @property
    def is_heard(self) -> bool:
        """Whether another process listens. It is known from each change of a session, and else asked now and then."""
        now = asyncio.get_running_loop().time()
        if now - self._known_at > _KNOWN_FOR:
            self._known_at = now
            self._start("look", self._look_for_listeners)
        return self._listeners > (self._hear is not None)

    def note_listeners(self, number: int) -> None:
        """Take note how many processes listen, this one included."""
        self._listeners = number
        self._known_at = asyncio.get_running_loop().time()

    async def _look_for_listeners(self) -> None:
        self.note_listeners(await self._backend.count_listeners())

    def tell(self, notice: str, replaces: Hashable = None) -> None:
        """Tell those who listen."""
        name = next(self._numbers) if replaces is None else replaces
        self._pending.pop(name, None)
        self._pending[name] = notice if len(notice.encode()) <= NOTICE_AT_MOST else _LOST
        if len(self._pending) > NOTICES_KEPT:
            self._lose_pending()
        self._start("tell", self._tell_pending)

    def _lose_pending(self) -> None:
        self._pending = {0: _LOST}

    async def _tell_pending(self) -> None:
        while self._pending:
            names = list(self._pending)[:_AT_ONCE]
            notices = [self._pending.pop(name) for name in names]
            try:
                await self._backend.tell(self._name, notices)
            except StoreFailed:
                self._lose_pending()
                await asyncio.sleep(_AGAIN_AFTER)

    async def listen(self, hear: HearNotice) -> None:
        """Hear what others tell."""
        async with self._listening:
            self._listen_on()
            if self._hear is None:
                renewed = await self._backend.renew(self._name, self._life, listens=True)
                self._last_told = renewed.last_told
                self.note_listeners(renewed.listeners)
            self._hear = hear
            if "receive" in self._tasks:
                await self._backend.send(self._name, _WAKE)
        self._keep_going()

    def stop_listening(self) -> None:
        """Hear no more in a while."""
        if self._stopping is None:
            self._stopping = asyncio.get_running_loop().call_later(_LISTENS_ON, self._stop_now)

    def _stop_now(self) -> None:
        self._stopping, hear, self._hear = None, self._hear, None
        if hear is not None:
            hear(None)

    def _listen_on(self) -> None:
        if self._stopping is not None:
            self._stopping.cancel()
            self._stopping = None

    # What goes on -----------------------------------------------------------------------------------------------------

    @property
    def _is_busy(self) -> bool:
        return bool(self._held or self._ended or self._asked or self._hear)

    def _keep_going(self) -> None:
        self._was_used = True
        self._start("live", self._live)
        self._start("receive", self._receive)

    def _start(self, name: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Begin a work, unless it is going on. While the store fails, what goes on forever tries again by itself."""
        if name not in self._tasks:
            self._tasks[name] = asyncio.create_task(self._work(name, work))

    async def _work(self, name: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        try:
            with suppress(StoreFailed):
                await work()
        finally:
            del self._tasks[name]

    async def _live(self) -> None:
        while self._is_busy:
            await asyncio.sleep(self._life / 3)
            while self._is_busy:
                try:
                    await self._renew()
                except StoreFailed:
                    await asyncio.sleep(min(_AGAIN_AFTER, self._life / 3))
                else:
                    break

    async def _renew(self) -> None:
        listens = self._hear is not None
        renewed = await self._backend.renew(self._name, self._life, listens=listens)
        self._note_renewed(renewed, listens=listens)
        if not renewed.is_known:
            await self._hold_again()
        await self._look_for_turns()
        await self._end_leases()

    def _note_renewed(self, renewed: Renewed, *, listens: bool) -> None:
        self.note_listeners(renewed.listeners)
        if self._hear is None or not listens:
            return
        if not renewed.is_known or renewed.last_told < self._last_told:
            # For a time nobody knew that this process listens.
            self._last_told = renewed.last_told
            self._hear(None)

    async def _receive(self) -> None:
        while self._is_busy:
            listens = self._hear is not None
            last_told = self._last_told if listens else None
            try:
                received = await self._backend.receive(self._name, self._place, last_told)
            except StoreFailed:
                await asyncio.sleep(_AGAIN_AFTER)
                continue
            self._place = received.place
            for message in received.messages:
                self._take(message)
            # Else it has begun to listen again meanwhile.
            if last_told == self._last_told:
                for notice in received.notices:
                    self._take_notice(notice)

    def _take_notice(self, notice: ToldNotice) -> None:
        is_next, self._last_told = notice.number == self._last_told + 1, notice.number
        if self._hear is None:
            return
        if not is_next or notice.text == _LOST:
            self._hear(None)
        if notice.text != _LOST and notice.process != self._name:
            self._hear(notice.text)

    def _take(self, message: str) -> None:
        match message.split(" ", 3):
            case ["wake"]:
                pass
            case ["first", name]:
                if (held := self._held.get(name)) is not None:
                    held.note_first()
            case ["ask", name, asker, question]:
                self._begin_answer(name, asker, question)
            case ["reply", name, *rest]:
                if (asked := self._asked.get(name)) is not None and not asked.done():
                    asked.set_result(" ".join(rest) or None)
            case _:
                logger.error("a message of another process is not known")

    def _begin_answer(self, name: str, asker: str, question: str) -> None:
        if name in self._answered:
            return  # it was sent twice, because a connection broke
        self._answered[name] = None
        if len(self._answered) > _ANSWERED_KEPT:
            self._answered.popitem(last=False)
        task = asyncio.create_task(self._answer_question(name, asker, question))
        self._once.add(task)
        task.add_done_callback(self._once.discard)

    async def close(self) -> None:
        """Give up all leases, as far as the store works."""
        self._listen_on()
        tasks = (*self._tasks.values(), *self._once)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._was_used:
            self._was_used = False
            with suppress(StoreFailed):
                await self._backend.leave(self._name)
