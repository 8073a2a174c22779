"""Several processes serve one port: a supervisor starts them, replaces one that dies, and ends all.

Each has a socket of its own on the port (SO_REUSEPORT), and the system gives each connection to one of them. The
supervisor serves nothing. A worker ends when its supervisor is gone: its standard input is a pipe that ends then.
"""

import asyncio
import logging
import os
import signal
import socket
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from llemulator_addon.adapters.ending import GRACE

logger = logging.getLogger(__name__)

VARIABLE = "_LLEMULATOR_WORKER"
"""Tells a process which worker it is: its number, and how often it was started."""
FOLDER = "_LLEMULATOR_WORKERS"
"""Names a folder that all workers of a supervisor share."""
_SECONDS_BETWEEN_STARTS = 1.0
_COMMAND = (sys.executable, "-m", "llemulator_addon", "serve")


class CannotShare(Exception):
    """The port cannot be shared by several processes; says why."""


class WorkerFailed(Exception):
    """A worker ended because it cannot do its work, and has said why."""


@dataclass(frozen=True, slots=True)
class Worker:
    """Which worker this process is."""

    number: int
    starts: int
    folder: Path | None = None
    """Shared with the others."""

    @property
    def speaks(self) -> bool:
        """Whether it is the one that says for all of them how to use them."""
        return (self.number, self.starts) == (1, 1)


def which_worker(environment: Mapping[str, str]) -> Worker | None:
    """Return which worker this process is; None: it is no worker."""
    if not (text := environment.get(VARIABLE)):
        return None
    number, starts = map(int, text.split("."))
    folder = environment.get(FOLDER)
    return Worker(number, starts, Path(folder) if folder else None)


@contextmanager
def reserve_port(host: str, port: int) -> Iterator[int]:
    """Keep a port for the workers while the body runs, and yield its number. Raises CannotShare."""
    if not hasattr(socket, "SO_REUSEPORT"):
        raise CannotShare("--workers (LLEMULATOR_WORKERS): this system does not let processes share a port")
    try:
        shared = _bind(host, port)
    except OSError as error:
        where = f"cannot listen on {host}:{port}: {error.strerror}"
        raise CannotShare(f"{where}; choose another one with --port (PORT) or --host (HOST)") from None
    with shared:
        yield shared.getsockname()[1]


def _bind(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(
        host.strip("[]") or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    # First alone: another program with workers on this port would share it as well.
    with socket.socket(family, kind, protocol) as alone:
        alone.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        alone.bind(address)
    shared = socket.socket(family, kind, protocol)
    try:
        shared.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        shared.bind(address)
    except OSError:
        shared.close()
        raise
    return shared


@contextmanager
def share_folder() -> Iterator[Mapping[str, str]]:
    """Make the folder that workers share while the body runs, and yield the variables that name it to them."""
    try:
        made = TemporaryDirectory(prefix="llemulator-workers-", ignore_cleanup_errors=True)
    except OSError as error:
        logger.warning("no temporary folder (%s): each worker's metrics are its own; TMPDIR names one", error)
        yield {}
        return
    with made as folder:
        yield {FOLDER: folder}


def share_port() -> None:
    """Let the servers that this event loop makes share their ports with those of other processes."""
    loop = asyncio.get_running_loop()
    create = loop.create_server

    async def create_shared(*arguments: object, **options: object) -> object:
        return await create(*arguments, **{**options, "reuse_port": True})  # type: ignore[call-overload]

    loop.create_server = create_shared  # type: ignore[method-assign,assignment]


def end_with_supervisor() -> None:
    """End this process when its supervisor has ended."""
    loop, pipe = asyncio.get_running_loop(), sys.stdin.fileno()

    def look() -> None:
        loop.remove_reader(pipe)
        os.kill(os.getpid(), signal.SIGTERM)

    loop.add_reader(pipe, look)


@dataclass
class Supervisor:
    """Keeps a number of workers running, until a signal comes or one cannot do its work."""

    count: int
    environment: Mapping[str, str]
    """Of the workers: their settings."""
    options: Sequence[str] = ()
    """More options of their command."""
    draining: float = 0.0
    """Seconds for which workers answer requests after a signal, at most."""
    _running: dict[int, asyncio.subprocess.Process] = field(default_factory=dict)
    _ending: asyncio.Event = field(default_factory=asyncio.Event)
    _has_failed: bool = False

    async def run(self) -> None:
        """Run until SIGINT or SIGTERM. Raises WorkerFailed."""
        loop = asyncio.get_running_loop()
        for each in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(each, self._end)
        async with asyncio.TaskGroup() as group:
            for number in range(1, self.count + 1):
                group.create_task(self._keep(number))
        if self._has_failed:
            raise WorkerFailed

    async def _keep(self, number: int) -> None:
        starts = 0
        while not self._ending.is_set():
            starts += 1
            began = asyncio.get_running_loop().time()
            process = await asyncio.create_subprocess_exec(
                *_COMMAND,
                *self.options,
                env={**self.environment, VARIABLE: f"{number}.{starts}"},
                stdin=asyncio.subprocess.PIPE,
                # A signal of the terminal comes to the supervisor alone, and from it to all.
                start_new_session=True,
            )
            self._running[number] = process
            if self._ending.is_set():
                process.terminate()
            status = await process.wait()
            del self._running[number]
            if status > 0 and not self._ending.is_set():
                self._has_failed = True
                self._end()
            if not self._ending.is_set():
                logger.error("worker %d ended by %s and is replaced", number, _describe(status))
                await asyncio.sleep(began + _SECONDS_BETWEEN_STARTS - asyncio.get_running_loop().time())

    def _end(self) -> None:
        """End all workers; a second signal, or one that does not end in time, is answered with SIGKILL."""
        number: int = signal.SIGKILL if self._ending.is_set() else signal.SIGTERM
        self._ending.set()
        for process in self._running.values():
            process.send_signal(number)
        if number == signal.SIGTERM:
            asyncio.get_running_loop().call_later(GRACE + 1 + self.draining, self._end)


def _describe(status: int) -> str:
    return signal.Signals(-status).name if status < 0 else "itself"
