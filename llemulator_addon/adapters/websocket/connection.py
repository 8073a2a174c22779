"""One WebSocket connection, on whatever brings its bytes: messages in and out, signs of life, and the end.

A `WebSocketListener` speaks on it. Nothing stays of a connection that ended: its tasks are cancelled.
"""

import asyncio
import logging
import time
from collections.abc import Coroutine
from typing import Any, NamedTuple, Protocol

from llemulator_addon.adapters.bug_log import describe_briefly
from llemulator_addon.adapters.websocket.frames import Frames, ReceivedMessage

logger = logging.getLogger(__name__)

_SECONDS_TO_CLOSE = 2.0
"""How long a client has to answer a close frame."""
_PINGS = 3
"""How many pings a silent client gets before it counts as gone."""
_SENT_IN_A_TURN = 16
"""Messages that one connection may send at once before others have their turn."""
_MOST_UNTAKEN = 256 << 10
"""Bytes that a client may leave where they are before its pings get no answer."""


class WebSocketTimes(NamedTuple):
    """Seconds."""

    idle: float
    """How long a client may give no sign of life; it is asked for one before."""
    open: float
    """How long the connection may be open."""


class WebSocketLine(Protocol):
    """Brings bytes to the client."""

    async def send(self, frames: bytes) -> None:
        """Send."""
        ...

    @property
    def is_watched(self) -> bool:
        """Whether addons watch the connection."""
        ...

    async def show(self, text: str) -> None:
        """Show a message that was sent to the addons that watch the connection."""
        ...

    def holds(self) -> int:
        """Return how many bytes the client has not taken."""
        ...

    async def wait_until_taken(self) -> None:
        """Wait until the client took all. Raises OSError where it never will, TimeoutError where it takes too long."""
        ...

    def drop(self) -> None:
        """End the connection at once, without a word."""
        ...

    def reset(self) -> None:
        """End the connection with RST."""
        ...


class WebSocketListener(Protocol):
    """Speaks on a connection."""

    def hear(self, message: bytes) -> None:
        """Take a message."""
        ...

    async def say_too_old(self) -> None:
        """Say that the connection was open for too long. It is closed behind that."""
        ...

    def leave(self) -> None:
        """Let go of everything: the connection has ended. Called once."""
        ...


class WebSocketConnection:
    """Not a value: one connection, from its handshake to its end."""

    def __init__(self, frames: Frames, line: WebSocketLine, times: WebSocketTimes) -> None:
        self.frames = frames
        self.line = line
        self.turn = asyncio.Lock()
        """To be held from the first part of a message to its last."""
        self.messages_sent = 0
        self.bytes_sent = 0
        """Of the messages that the client took."""
        self.is_cut = False
        """Whether the script ended it."""
        self.began = time.monotonic()
        self._times = times
        self._heard_at = self.began
        self._tasks: set[asyncio.Task[None]] = set()
        self._listener: WebSocketListener | None = None
        self._said: list[str] = []
        """The parts of the message that is being sent, where addons watch."""
        self._sent_in_turn = 0
        """Messages that were sent since others had their turn."""

    def begin(self, listener: WebSocketListener) -> None:
        """Give messages to who listens, until the end."""
        self._listener = listener
        self.start(self._watch())

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Do some work that ends with the connection at the latest."""
        task = asyncio.get_running_loop().create_task(self._guard(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _guard(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except TimeoutError:
            logger.warning("dropped a WebSocket connection: its client does not take what it is sent")
            self.line.drop()
        except OSError as error:
            logger.debug("a WebSocket connection ended: %s", error)
        except Exception as error:  # noqa: BLE001 - whatever it was, the client must not wait for ever
            logger.error("a bug of llemulator; a WebSocket connection was closed for it:\n%s", describe_briefly(error))  # noqa: TRY400 - see `bugs`
            await self.close(1011, "a bug of llemulator")

    @property
    def seconds_open(self) -> float:
        """How long it has been open."""
        return time.monotonic() - self.began

    # In

    def receive(self, received: bytes, most_frames: int) -> list[ReceivedMessage]:
        """Read bytes; return the messages that end in them, as `Frames.receive` does."""
        self._heard_at = time.monotonic()
        return self.frames.receive(received, most_frames)

    def hear(self, message: ReceivedMessage) -> None:
        """Give a message to who listens."""
        if self._listener is None:
            return
        try:
            self._listener.hear(message.content)
        except Exception as error:  # noqa: BLE001 - the connection is closed for it, as for each other bug
            self.start(_raise(error))

    def react(self) -> bytes:
        """Return what is to be sent at once, because of what came: answers to pings, and to a close."""
        if not (outgoing := self.frames.take_outgoing()) and self.frames.closing is None:
            return b""
        if self.frames.closing is not None:
            self._leave()
            if not self.frames.is_over:
                _later(self._give_time())
        elif self.line.holds() > _MOST_UNTAKEN:
            return b""  # who reads nothing needs no pong (RFC 6455, 5.5.3)
        return outgoing

    def lose(self) -> None:
        """End: the client is gone. May be called again."""
        self.frames.lose()
        self._leave()

    def _leave(self) -> None:
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.leave()
        mine = asyncio.current_task()
        for task in tuple(self._tasks):
            if task is not mine:
                task.cancel()

    # Out

    async def say(self, text: str) -> None:
        """Send a message, when the one before is whole, and wait until it is taken."""
        async with self.turn:
            await self.say_part(text, ends=True)

    async def say_part(self, text: str, *, ends: bool) -> None:
        """Send a part of a message, and wait until it is taken. The caller holds `turn`."""
        content = text.encode()
        await self.line.send(self.frames.send(content, ends=ends))
        self._sent_in_turn += 1
        if self.line.holds():
            await self.line.wait_until_taken()
        elif self._sent_in_turn >= _SENT_IN_A_TURN:
            # Many messages may be due at once, and nothing else here waits for anything.
            self._sent_in_turn = 0
            await asyncio.sleep(0)
        self.bytes_sent += len(content)
        self.messages_sent += ends
        if self.line.is_watched:
            self._said.append(text)
            if ends:
                whole, self._said = "".join(self._said), []
                await self.line.show(whole)

    async def close(self, code: int, reason: str = "") -> None:
        """Close; the client gets some time to answer. May be called again."""
        if self.frames.closing is None:
            self.frames.close(code, reason)
            _later(self._give_time())
            await self.line.send(self.frames.take_outgoing())
        self._leave()

    async def _give_time(self) -> None:
        await asyncio.sleep(_SECONDS_TO_CLOSE)
        self.line.drop()

    # Signs of life

    async def _watch(self) -> None:
        until, pause = self.began + self._times.open, self._times.idle / _PINGS
        while (now := time.monotonic()) < until:
            silent = now - self._heard_at
            if silent >= self._times.idle:
                logger.debug("dropped a WebSocket connection: no sign of life")
                self.line.drop()
                return
            if silent >= pause:
                await self.line.send(self.frames.ping())
            await asyncio.sleep(min(pause, until - now))
        if self._listener is not None:
            await self._listener.say_too_old()
        await self.close(1001, "open for too long")


async def _raise(error: Exception) -> None:
    raise error


_late: set[asyncio.Task[None]] = set()


def _later(work: Coroutine[Any, Any, None]) -> None:
    """Do some work that goes on after the end."""
    task = asyncio.get_running_loop().create_task(work)
    _late.add(task)
    task.add_done_callback(_late.discard)
