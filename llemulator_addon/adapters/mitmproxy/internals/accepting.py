"""Accepts connections in place of asyncio's servers: in a burst, those with different keys are served in turn.

mitmproxy needs about a millisecond for each connection before it reads the request. So the key is read here, without
taking it from the socket, from the first bytes of the request. With TLS there is no key in them. Connections without a
key take turns by their first line.

Price: it takes the sockets from where mitmproxy keeps asyncio's servers, and calls mitmproxy's own `handle_stream`.
"""

import asyncio
import os
import re
import socket
from collections.abc import Iterable

from mitmproxy.proxy.mode_servers import AsyncioServerInstance, ServerInstance
from mitmproxy.proxy.mode_specs import ProxyMode

from llemulator_addon.live.fair_queue import FairQueue

_WAITING_AT_MOST = 1024
"""Connections that the system keeps for us, and as many that are accepted and not yet served."""
_BEGUN_AT_ONCE = 8
"""In one round of the event loop; those who are connected are served between two rounds."""
_SECONDS_TO_RETRY = 1.0
_LOOKED_AT = 2048
"""Bytes of a request."""
_KEY = re.compile(rb"\n(?:authorization|api-key): *([^\r\n]+)", re.IGNORECASE)


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
        self._accepted = FairQueue[socket.socket]()
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_beginning = False
        # One that finds no place with the system is tried again by the client a second later.
        self._listener.listen(_WAITING_AT_MOST)
        self._resume()

    def close(self) -> None:
        """Accept no more, and let go of those that are not served."""
        self._loop.remove_reader(self._listener.fileno())
        self._listener.close()
        while self._accepted:
            self._accepted.take().close()

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
            self._accepted.add(_name_owner(connection), connection)
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
        for _ in range(min(_BEGUN_AT_ONCE, len(self._accepted))):
            task = self._loop.create_task(self._serve(self._accepted.take()))
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


def _name_owner(connection: socket.socket) -> str:
    """Return the key of the request that a client begins with, or else its first line, as far as it is there."""
    try:
        beginning = connection.recv(_LOOKED_AT, socket.MSG_PEEK)
    except OSError:  # there is nothing yet, or the client left
        beginning = b""
    key = _KEY.search(beginning)
    return (key[1] if key else beginning.partition(b"\r\n")[0]).decode("latin-1")
