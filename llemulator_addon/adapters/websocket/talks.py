"""A talk on a WebSocket connection: plays the answers to the requests that its messages are."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from typing import Literal, NamedTuple, Protocol, assert_never

from llemulator_addon.adapters.clock import now
from llemulator_addon.adapters.websocket.connection import WebSocketConnection
from llemulator_addon.core.outcome import Ending
from llemulator_addon.core.request import Request
from llemulator_addon.core.rest import Rest
from llemulator_addon.core.steps import Cut, Head, Send, SendMessage, Step, Steps, TalkStep, Wait
from llemulator_addon.core.talk import TalkMessage
from llemulator_addon.live.threads import LARGE, run_in_thread
from llemulator_addon.wire import errors
from llemulator_addon.wire.limits import values_in
from llemulator_addon.wire.responses.talk import BYTES_OF_A_MESSAGE
from llemulator_addon.wire.retelling import Retelling
from llemulator_addon.wire.talks import Begin, Close, Doings, Say, Stop, Talk, Wake, read_event

_NOTED_TOGETHER = 50
"""Messages: to note each alone would cost as much as to send it."""
_NOTED_BYTES = 64 << 10
"""Bytes of messages that wait to be noted."""
_SECONDS_UNNOTED = 0.25
"""How long a message that asks for nothing may wait until the journal has it."""
_LARGE = 256 << 10
"""Bytes of a message that are read in no time."""


class BegunAnswer(NamedTuple):
    """An answer as it begins."""

    steps: Steps
    rest: Rest | None
    end: Callable[[Ending], None]
    """Takes note of how it ended; only the first call counts."""
    exchange: int = 0
    """Its number in the journal; 0 where it is not there."""


class TalkQuestions(Protocol):
    """The questions of a talk to the code that decides about requests."""

    async def begin(self, request: Request) -> BegunAnswer:
        """Decide about a request."""
        ...

    def hold(self, size: int) -> None:
        """Count the bytes of requests that wait or are decided about."""
        ...

    def note(self, messages: Sequence[TalkMessage]) -> None:
        """Take note of messages that came or were sent; `begin` notes which of them began an exchange."""
        ...

    def leave(self) -> None:
        """Let go of what was kept for the connection alone."""
        ...


class TalkListener:
    """Not a value: listens to one connection, and does what its talk says."""

    def __init__(self, talk: Talk, connection: WebSocketConnection, answering: TalkQuestions, most_values: int) -> None:
        self._talk = talk
        self._connection = connection
        self._answering = answering
        self._most_values = most_values
        self._heard: asyncio.Queue[bytes | Doings] = asyncio.Queue()
        """Messages, and what is to be done because of one that was heard at once."""
        self._is_idle = False
        """Whether nothing else is to be done first, so that a message may be heard at once."""
        self._held = 0
        """Bytes that were counted last."""
        self._undecided = 0
        """Bytes of the messages that are not heard, and of requests that are not decided about."""
        self._lanes: dict[str | None, _Lane] = {}
        self._unnoted: list[TalkMessage] = []
        """Those that the journal does not have yet."""
        self._unnoted_bytes = 0
        self._noting: asyncio.TimerHandle | None = None
        connection.start(self._listen())

    def hear(self, message: bytes) -> None:
        """Take a message. Most ask for nothing, such as a piece of sound; then no task is needed for it."""
        if not self._is_idle or len(message) > _LARGE:
            self._hold(_size(message))
            self._heard.put_nowait(message)
            self._is_idle = False
        elif doings := self._hear(message, read_event(message), self._note_heard(message)):
            self._heard.put_nowait(doings)
            self._is_idle = False
        else:
            self._note_later()

    def _note_heard(self, message: bytes) -> float:
        """Take note of a message; return when it came."""
        came_at = now()
        self._note(TalkMessage(came_at, by_client=True, content=message, size=len(message)))
        return came_at

    def _hear(self, message: bytes, event: object, came_at: float) -> Doings:
        self._talk, doings = self._talk.hear(message, event, came_at)
        self._hold(0)
        return doings

    async def say_too_old(self) -> None:
        """Say that the connection was open for too long."""
        await self._say(self._talk.spell_too_old())

    def leave(self) -> None:
        """Let go of everything."""
        for lane in tuple(self._lanes.values()):
            lane.end("client_left")
        self._answering.hold(0)
        self._flush()
        self._answering.leave()

    def _hold(self, more: int) -> None:
        self._undecided += more
        if (held := self._undecided + self._talk.held) != self._held:
            self._held = held
            self._answering.hold(held)

    def _release(self, lane: "_Lane") -> None:
        size, lane.undecided = lane.undecided, 0
        self._hold(-size)

    async def _listen(self) -> None:
        self._talk, doings = self._talk.begin(now())
        await self._do(doings)
        while True:
            self._is_idle = self._heard.empty()
            heard = await self._heard.get()
            self._is_idle = False
            if isinstance(heard, bytes):
                heard = await self._hear_in_turn(heard)
            self._flush()
            await self._do(heard)
            self._flush()

    async def _hear_in_turn(self, message: bytes) -> Doings:
        came_at = self._note_heard(message)
        self._flush()
        refusal, event = await self._read(message)
        doings = (Say(refusal),) if refusal is not None else self._hear(message, event, came_at)
        self._hold(-_size(message))
        return doings

    async def _read(self, message: bytes) -> tuple[str | None, object]:
        """Read a message, or refuse it. A large one has a bound on its values, and is read in a thread."""
        if len(message) <= _LARGE:
            return None, read_event(message)
        for values in values_in(message):
            if values > self._most_values:
                return self._talk.spell_refusal(errors.too_many_values(self._most_values)), None
            await asyncio.sleep(0)
        return None, await run_in_thread(partial(read_event, message), LARGE)

    async def _do(self, doings: Doings) -> None:
        for doing in doings:
            match doing:
                case Say(text):
                    await self._say(text)
                case Begin():
                    lane = self._lanes[doing.lane] = _Lane(_size(doing.request.body))
                    self._hold(lane.undecided)
                    lane.task = self._connection.start(self._answer(doing, lane))
                case Stop(name):
                    if (stopped := self._lanes.pop(name, None)) is not None:
                        self._release(stopped)
                        await stopped.stop()
                case Wake(seconds, mark):
                    self._connection.start(self._wake(seconds, mark))
                case Close(code, reason):
                    await self._connection.close(code, reason)
                case _:
                    assert_never(doing)

    async def _say(self, text: str) -> None:
        await self._connection.say(text)
        self._note(_make_sent(text))

    def _note(self, message: TalkMessage) -> None:
        self._unnoted.append(message)
        self._unnoted_bytes += len(message.content)
        if len(self._unnoted) >= _NOTED_TOGETHER or self._unnoted_bytes >= _NOTED_BYTES:
            self._flush()

    def _note_later(self) -> None:
        if self._noting is None and self._unnoted:
            self._noting = asyncio.get_running_loop().call_later(_SECONDS_UNNOTED, self._flush)

    def _flush(self) -> None:
        if self._noting is not None:
            self._noting.cancel()
            self._noting = None
        messages, self._unnoted, self._unnoted_bytes = self._unnoted, [], 0
        if messages:
            self._answering.note(messages)

    async def _wake(self, seconds: float, mark: int) -> None:
        await asyncio.sleep(seconds)
        self._talk, doings = self._talk.wake(mark, now())
        await self._do(doings)

    async def _answer(self, asked: Begin, lane: "_Lane") -> None:
        begun = await self._answering.begin(asked.request)
        self._release(lane)
        if not await self._play(begun, asked, lane):
            return
        if self._lanes.get(asked.lane) is lane:
            del self._lanes[asked.lane]
        self._talk, doings = self._talk.finish(asked.lane, now())
        await self._do(doings)

    async def _play(self, begun: BegunAnswer, asked: Begin, lane: "_Lane") -> bool:
        """Play an answer; whether it was played to its end."""
        retelling = Retelling(self._talk, asked.lane)
        playing = lane.playing = _TalkPlaying(begun, self._connection, is_silent=asked.is_silent)
        try:
            async for step in _steps_of(begun):
                for each in retelling.retell(step):
                    whole = self._gather(each, asked.lane, lane)
                    if not await playing.play(each):
                        return False
                    self._note_answer(whole, begun, asked)
                playing.note(step)
            for each in retelling.end():
                whole = self._gather(each, asked.lane, lane)
                await playing.play(each)
                self._note_answer(whole, begun, asked)
            playing.end("whole")
        finally:
            playing.end("cut")
            self._flush()
        return True

    def _gather(self, step: TalkStep, name: str | None, lane: "_Lane") -> str | None:
        """Return the message that ends with a step."""
        if not isinstance(step, SendMessage):
            return None
        if not step.ends:
            lane.said.append(step.text)
            return None
        whole, lane.said = "".join((*lane.said, step.text)) if lane.said else step.text, []
        self._talk = self._talk.note(name, whole)
        return whole

    def _note_answer(self, whole: str | None, begun: BegunAnswer, asked: Begin) -> None:
        if whole is not None and not asked.is_silent:
            self._note(_make_sent(whole, begun.exchange))


class _Lane:
    """Not a value: a request that is being answered."""

    def __init__(self, undecided: int) -> None:
        self.undecided = undecided
        """Bytes of the request until it is decided about."""
        self.task: asyncio.Task[None] | None = None
        self.playing: _TalkPlaying | None = None
        self.said: list[str] = []
        """The parts of the message that is under way."""

    def end(self, how: Literal["client_left"]) -> None:
        """Note the end."""
        if self.playing is not None:
            self.playing.end(how)

    async def stop(self) -> None:
        """Go on no further: the client does not want the rest."""
        if self.task is not None:
            self.task.cancel()
        if self.playing is not None:
            await self.playing.break_off()
        self.end("client_left")


async def _steps_of(begun: BegunAnswer) -> AsyncIterator[Step]:
    for step in begun.steps:
        yield step
    if begun.rest is None:
        return
    while True:
        await begun.rest.more()
        if not (steps := begun.rest.take()):
            return
        for step in steps:
            yield step


def _make_sent(text: str, exchange: int = 0) -> TalkMessage:
    content = text.encode()
    return TalkMessage(now(), by_client=False, content=content, size=len(content), exchange=exchange)


def _size(message: bytes) -> int:
    return len(message) + BYTES_OF_A_MESSAGE


class _TalkPlaying:
    """How far the playing of one answer is. WebSocketTimes are in seconds of the monotonic clock."""

    def __init__(self, begun: BegunAnswer, connection: WebSocketConnection, *, is_silent: bool) -> None:
        self._begun = begun
        self._connection = connection
        self._is_silent = is_silent
        self._due = time.monotonic()
        self._headed: float | None = None
        self._bytes_sent = 0
        self._left: list[float] = []
        self._has_turn = False
        self._is_over = False

    def note(self, step: Step) -> None:
        """Note a step that was played."""
        match step:
            case Head():
                self._headed = time.monotonic()
            case Send(piece):
                self._bytes_sent += len(piece)
                self._left.append(self._since_head())
            case Wait() | Cut():
                pass
            case _:
                assert_never(step)

    async def play(self, step: TalkStep) -> bool:
        """Play a step; whether more may follow."""
        match step:
            case SendMessage(text, ends):
                await self._say(text, ends=ends)
            case Wait(seconds):
                self._due += seconds
                await asyncio.sleep(max(0.0, self._due - time.monotonic()))
            case Cut():
                self.end("cut")
                await self._cut(step)
                return False
            case _:
                assert_never(step)
        return True

    async def break_off(self) -> None:
        """End the message that is under way, if one is."""
        if self._has_turn:
            await self._connection.say_part("", ends=True)

    async def _say(self, text: str, *, ends: bool) -> None:
        if self._is_silent:
            return
        if not self._has_turn:
            await self._connection.turn.acquire()
            self._has_turn = True
        await self._connection.say_part(text, ends=ends)
        if ends:
            self._give_turn()

    async def _cut(self, cut: Cut) -> None:
        self._connection.is_cut = True
        match cut.how:
            case "close":
                self._connection.line.drop()
            case "reset":
                self._connection.line.reset()
            case "goaway":
                await self._connection.close(cut.close_code, "cut by the script")
            case _:
                assert_never(cut.how)

    def end(self, how: Literal["whole", "cut", "client_left"]) -> None:
        """Note the end; only the first counts."""
        if self._is_over:
            return
        self._is_over = True
        if self._begun.rest is not None:
            self._begun.rest.leave()
        self._give_turn()
        self._begun.end(
            Ending(
                how=how,
                bytes_sent=self._bytes_sent,
                sends=len(self._left),
                seconds=self._since_head(),
                left=tuple(self._left),
            )
        )

    def _give_turn(self) -> None:
        if self._has_turn:
            self._has_turn = False
            self._connection.turn.release()

    def _since_head(self) -> float:
        return 0.0 if self._headed is None else time.monotonic() - self._headed
