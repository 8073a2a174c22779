"""Accepts connections in place of asyncio's servers: after a burst, the newest and the oldest are served in turn.

Price: it takes the sockets from where mitmproxy keeps asyncio's servers, and calls mitmproxy's own `handle_stream`.
"""

import asyncio
import os
import socket
from collections import deque
from collections.abc import Iterable, Iterator

from mitmproxy.proxy.mode_servers import AsyncioServerInstance, ServerInstance
from mitmproxy.proxy.mode_specs import ProxyMode

_WAITING_AT_MOST = 1024
"""Connections that the system keeps for us, and as many that are accepted and not yet served."""
_BEGUN_AT_ONCE = 8
"""In one round of the event loop; those who are connected are served between two rounds."""
_SECONDS_TO_RETRY = 1.0


class NewestAndOldest[T]:
    """A queue from whose two ends items are taken in turn.

    So who comes after a burst need not wait for all of it, and who came first is not forgotten.
    """

    def __init__(self) -> None:
        """Nothing waits."""
        self._waiting: deque[T] = deque()
        self._takes_newest = True

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, item: T) -> None:
        """Add the newest one."""
        self._waiting.append(item)

    def take(self, count: int) -> Iterator[T]:
        """Take at most that many."""
        for _ in range(min(count, len(self._waiting))):
            yield self._waiting.pop() if self._takes_newest else self._waiting.popleft()
            self._takes_newest = not self._takes_newest


def accept_in_place_of(instances: Iterable[ServerInstance[ProxyMode]]) -> list["Acceptor"]:
    """Accept the connections of mitmproxy's servers from now on. Each acceptor is closed before its server is.

    If mitmproxy keeps its servers elsewhere, this does nothing, and who comes after a burst waits for all of it.
    """
    return [
        Acceptor(listener.fileno(), instance)
        for instance in instances
        if isinstance(instance, AsyncioServerInstance)
        for server in getattr(instance, "_servers", ())
        if isinstance(server, asyncio.Server)
        for listener in server.sockets
    ]


class Acceptor:
    """Accepts the connections of one listening socket, as long as that is open."""

    def __init__(self, descriptor: int, instance: AsyncioServerInstance[ProxyMode]) -> None:
        """Accept from a listening socket of asyncio's, which accepts nothing from it any more."""
        self._loop = asyncio.get_running_loop()
        self._loop.remove_reader(descriptor)
        self._listener = socket.socket(fileno=os.dup(descriptor))
        self._instance = instance
        self._accepted = NewestAndOldest[socket.socket]()
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_beginning = False
        # One that finds no place with the system is tried again by the client a second later.
        self._listener.listen(_WAITING_AT_MOST)
        self._resume()

    def close(self) -> None:
        """Accept no more, and let go of those that are not served."""
        self._loop.remove_reader(self._listener.fileno())
        self._listener.close()
        for connection in self._accepted.take(len(self._accepted)):
            connection.close()

    def _accept(self) -> None:
        while len(self._accepted) < _WAITING_AT_MOST:
            try:
                connection, _ = self._listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                break
            except OSError as error:
                self._pause(error)
                break
            connection.settimeout(0)
            self._accepted.add(connection)
        if not self._is_beginning:
            self._begin()

    def _pause(self, error: OSError) -> None:
        """Try again later: the socket is ready all the time, and nothing can be accepted."""
        self._loop.call_exception_handler({"message": "no connection can be accepted", "exception": error})
        self._loop.remove_reader(self._listener.fileno())
        self._loop.call_later(_SECONDS_TO_RETRY, self._resume)

    def _resume(self) -> None:
        if self._listener.fileno() != -1:
            self._loop.add_reader(self._listener.fileno(), self._accept)

    def _begin(self) -> None:
        for connection in self._accepted.take(_BEGUN_AT_ONCE):
            task = self._loop.create_task(self._serve(connection))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        self._is_beginning = bool(self._accepted)
        if self._is_beginning:
            self._loop.call_soon(self._begin)

    async def _serve(self, connection: socket.socket) -> None:
        try:
            connection.getpeername()
        except OSError:  # the client left meanwhile
            connection.close()
            return
        reader = asyncio.StreamReader(loop=self._loop)
        await self._loop.connect_accepted_socket(
            lambda: asyncio.StreamReaderProtocol(reader, self._instance.handle_stream, loop=self._loop), connection
        )
