"""Whether a client takes what it is sent. Nobody's memory should fill with what nobody reads.

A body leaves in portions, and the next one when the client's socket, and with HTTP/2 its windows too, took all that was
before it.
"""

import asyncio
import socket
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from mitmproxy import ctx
from mitmproxy.connection import Client
from mitmproxy.proxy import commands

from llemulator_addon.adapters.mitmproxy.internals.turns import come_to_turn
from llemulator_addon.core.steps import Send

PORTION = 64 << 10
"""Bytes. As much as one read of a fast client takes; a thousand clients that read nothing make 64 MiB of it."""

SECONDS_TO_TAKE = 300.0
"""How long a client may leave a portion where it is. Web servers wait a minute (nginx's `send_timeout`); here somebody
may look at the client in a debugger."""


_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
"""`SO_LINGER` with a time of zero: closing the socket sends RST."""


def portions(sends: Iterable[Send]) -> Iterator[tuple[bytes, int]]:
    """Put small pieces together that need not be alone, and cut large ones.

    With each portion comes how many pieces end in it.
    """
    together: list[bytes] = []
    size = 0
    is_open = True
    """Whether more may be put to what is together."""
    for piece, alone in ((send.piece, send.alone) for send in sends):
        if together and (alone or not is_open or size + len(piece) > PORTION):
            yield b"".join(together), len(together)
            together, size = [], 0
        is_open = not alone
        if len(piece) <= PORTION:
            together.append(piece)
            size += len(piece)
            continue
        for start in range(0, len(piece), PORTION):
            yield piece[start : start + PORTION], int(start + PORTION >= len(piece))
    if together:
        yield b"".join(together), len(together)


class Windows(Protocol):
    """The streams of an HTTP/2 connection, each with a window that its client opens."""

    def holds(self, stream: int) -> bool:
        """Whether something of a stream waits for its window."""
        ...

    def wait_until_empty(self, stream: int) -> asyncio.Future[bool]:
        """Return what is done once nothing waits any more: whether it was sent, and not dropped with the stream."""
        ...


class Outlet:
    """Where the bytes for one client leave."""

    def __init__(self, client: Client) -> None:
        self._stopped = False
        self._writer: Any = _writer_of(client)
        # Networks that mitmproxy makes itself (WireGuard, local capture) have none; nothing is known of what they took.
        self._transport: Any = getattr(self._writer, "transport", None)
        if self._transport is not None:
            # So that `drain` returns when all was taken, and not when a part was.
            self._transport.set_write_buffer_limits(high=0)

    def is_closed(self) -> bool:
        """Whether nothing more can be sent."""
        return self._transport is not None and self._transport.is_closing()

    def holds(self) -> bool:
        """Whether something waits for the socket to take it."""
        return self.count_held() > 0

    def count_held(self) -> int:
        """Return how many bytes wait for the socket to take them."""
        return 0 if self._transport is None else self._transport.get_write_buffer_size()

    async def wait_until_taken(self) -> None:
        """Wait until the socket took everything. Raises OSError where it never will."""
        await self._writer.drain()

    def stop_reading(self) -> None:
        """Leave with the client what it still sends, until `read_on`. May be called again."""
        if self._transport is not None and self._transport.is_reading():
            self._stopped = True
            self._transport.pause_reading()

    def read_on(self) -> None:
        """Read again, where `stop_reading` stopped it."""
        if self._stopped and not self._transport.is_closing():
            self._transport.resume_reading()
        self._stopped = False

    def drop(self) -> None:
        """Close the connection, whatever waits for the client to take it."""
        if self._transport is not None:
            self._transport.abort()

    def reset(self) -> None:
        """Close the connection with RST."""
        connection = self._transport and self._transport.get_extra_info("socket")
        if connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
            self.drop()

    def close_in_the_end(self) -> None:
        """See to it that a connection that is being closed is gone some time later, whatever its client takes."""
        if self.holds():
            asyncio.get_running_loop().call_later(SECONDS_TO_TAKE, _abort_if_closing, self._transport)


class Taking:
    """The wait of one stream until its client took what was sent."""

    def __init__(self, outlet: Outlet, windows: Windows | None, stream: int) -> None:
        self._outlet = outlet
        self._windows = windows
        self._stream = stream
        self._task: asyncio.Task[object] | None = None
        self._is_left = False
        self.refused: str | None = None
        """Why the client did not take it."""
        self.timed_out = False

    async def wait(self) -> None:
        """Wait. Raises nothing, and ends when the stream is left."""
        self._task = asyncio.current_task()
        try:
            async with asyncio.timeout(SECONDS_TO_TAKE):
                await self._wait()
        except TimeoutError:
            self.refused, self.timed_out = f"the client took nothing for {SECONDS_TO_TAKE:g} seconds", True
        except OSError:
            self.refused = "the client disconnected"
            await come_to_turn()
        except asyncio.CancelledError:
            if not self._is_left:
                raise  # the program ends
            if self._task is not None:
                self._task.uncancel()
            self.refused = "the client left"
        finally:
            self._task = None

    def leave(self) -> None:
        """Wait no longer: the client is gone. May be called again."""
        if not self._is_left:
            self._is_left = True
            self._outlet.close_in_the_end()
            if self._task is not None:
                self._task.cancel()

    async def _wait(self) -> None:
        windows = self._windows
        if windows is not None and windows.holds(self._stream) and not await windows.wait_until_empty(self._stream):
            self.refused = "the stream was reset"
        else:
            await self._outlet.wait_until_taken()


@dataclass
class LlemulatorTakenHook(commands.StartHook):
    """Waits until a client took what was sent. Only the stream that sent it waits."""

    taking: Taking


def close_what_is_open(client: Client) -> None:
    """Close the connection of a client that mitmproxy is through with.

    It does not always: where it ends a connection while what came on it waits for its turn, it forgets the socket.
    """
    writer: Any = _writer_of(client)
    if writer is not None and not writer.is_closing():
        writer.close()


def _writer_of(client: Client) -> object:
    server = ctx.master.addons.get("proxyserver")
    connection = server and server.connections.get(client.id)
    transport = connection and connection.transports.get(client)
    return transport and transport.writer


def _abort_if_closing(transport: asyncio.WriteTransport) -> None:
    if transport.is_closing():
        transport.abort()
