"""Responses on a WebSocket connection: plays the answers to the requests that its messages are."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Literal, NamedTuple, Protocol, assert_never

from llemulator_addon.adapters.clock import now
from llemulator_addon.adapters.websocket.connection import WebSocketConnection
from llemulator_addon.core.outcome import Ending
from llemulator_addon.core.request import Request
from llemulator_addon.core.rest import Rest
from llemulator_addon.core.steps import Cut, Head, Send, SendMessage, Step, Steps, TalkStep, Wait
from llemulator_addon.live.threads import LARGE, run_in_thread
from llemulator_addon.wire import errors
from llemulator_addon.wire.limits import values_in
from llemulator_addon.wire.responses.messages import Retelling
from llemulator_addon.wire.responses.talk import Begin, Doing, Say, Talk, finish, hear, read_event, spell_error, too_old

_LARGE = 256 << 10
"""Bytes of a message that are read in no time."""


class BegunAnswer(NamedTuple):
    """An answer as it begins."""

    steps: Steps
    rest: Rest | None
    end: Callable[[Ending], None]
    """Takes note of how it ended; only the first call counts."""


class TalkQuestions(Protocol):
    """The questions of a talk to the code that decides about requests."""

    async def begin(self, request: Request) -> BegunAnswer:
        """Decide about a request."""
        ...

    def hold(self, size: int) -> None:
        """Count the bytes of requests that wait or are decided about."""
        ...

    def leave(self) -> None:
        """Let go of what was kept for the connection alone."""
        ...


class ResponsesTalk:
    """Not a value: listens to one connection."""

    def __init__(self, talk: Talk, connection: WebSocketConnection, answering: TalkQuestions, most_values: int) -> None:
        self._talk = talk
        self._connection = connection
        self._answering = answering
        self._most_values = most_values
        self._heard: asyncio.Queue[bytes] = asyncio.Queue()
        self._held = 0
        """Bytes of the messages that are not decided about."""
        self._playing: set[_TalkPlaying] = set()
        connection.start(self._listen())

    def hear(self, message: bytes) -> None:
        """Take a message."""
        self._hold(_size(message))
        self._heard.put_nowait(message)

    async def say_too_old(self) -> None:
        """Say that the connection was open for too long."""
        await self._connection.say(spell_error(too_old()))

    def leave(self) -> None:
        """Let go of everything."""
        for playing in tuple(self._playing):
            playing.end("client_left")
        self._hold(-self._held)
        self._answering.leave()

    def _hold(self, more: int) -> None:
        self._held += more
        self._answering.hold(self._held)

    async def _listen(self) -> None:
        while True:
            message = await self._heard.get()
            refusal, event = await self._read(message)
            doings: tuple[Doing, ...] = ()
            if refusal is None:
                self._talk, doings = hear(self._talk, message, event, now())
            else:
                doings = (Say(refusal),)
            if any(isinstance(doing, Say) for doing in doings):
                self._hold(-_size(message))  # it made no request
            await self._do(doings)

    async def _read(self, message: bytes) -> tuple[str | None, object]:
        """Read a message, or refuse it. A large one has a bound on its values, and is read in a thread."""
        if len(message) <= _LARGE:
            return None, read_event(message)
        for values in values_in(message):
            if values > self._most_values:
                return spell_error(errors.too_many_values(self._most_values)), None
            await asyncio.sleep(0)
        return None, await run_in_thread(partial(read_event, message), LARGE)

    async def _do(self, doings: tuple[Doing, ...]) -> None:
        for doing in doings:
            match doing:
                case Say(text):
                    await self._connection.say(text)
                case Begin(request, stream_id):
                    self._connection.start(self._answer(request, stream_id))
                case _:
                    assert_never(doing)

    async def _answer(self, request: Request, stream_id: str | None) -> None:
        begun = await self._answering.begin(request)
        self._hold(-_size(request.body))
        if not await self._play(begun, stream_id):
            return
        self._talk, doings = finish(self._talk, stream_id)
        await self._do(doings)

    async def _play(self, begun: BegunAnswer, stream_id: str | None) -> bool:
        """Play an answer; whether it was played to its end."""
        retelling = Retelling(stream_id)
        playing = _TalkPlaying(begun, self._connection)
        self._playing.add(playing)
        try:
            async for step in _steps_of(begun):
                for each in retelling.retell(step):
                    if not await playing.play(each):
                        return False
                playing.note(step)
            for each in retelling.end():
                await playing.play(each)
            playing.end("whole")
        finally:
            self._playing.discard(playing)
            playing.end("cut")
        return True


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


def _size(message: bytes) -> int:
    return len(message) + _BYTES_OF_A_MESSAGE


_BYTES_OF_A_MESSAGE = 512
"""Memory of a message that waits, in addition to its bytes."""


class _TalkPlaying:
    """How far the playing of one answer is. WebSocketTimes are in seconds of the monotonic clock."""

    def __init__(self, begun: BegunAnswer, connection: WebSocketConnection) -> None:
        self._begun = begun
        self._connection = connection
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
            case Cut(how):
                self.end("cut")
                await self._cut(how)
                return False
            case _:
                assert_never(step)
        return True

    async def _say(self, text: str, *, ends: bool) -> None:
        if not self._has_turn:
            await self._connection.turn.acquire()
            self._has_turn = True
        await self._connection.say_part(text, ends=ends)
        if ends:
            self._give_turn()

    async def _cut(self, how: Literal["close", "reset", "goaway"]) -> None:
        match how:
            case "close":
                self._connection.line.drop()
            case "reset":
                self._connection.line.reset()
            case "goaway":
                await self._connection.close(_GOING_AWAY, "cut by the script")
            case _:
                assert_never(how)

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


_GOING_AWAY = 1001
