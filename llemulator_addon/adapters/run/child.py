"""A command run in this one's place: same terminal, same standard streams, same signals, same exit status."""

import asyncio
import os
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from types import FrameType

from llemulator_addon.adapters.ending import SAME, end_by

_PASSED_ON = (signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGINT, signal.SIGQUIT)
_FROM_KEYS = (signal.SIGINT, signal.SIGQUIT)
"""The signals that a terminal sends to all in its foreground, so also to the command."""
_ENDING = (signal.SIGTERM, signal.SIGINT)
"""Of these, one that comes while another has not been passed on yet ends this program too."""
_KILLED = 128
"""A shell's status for what a signal ended is this and the signal's number."""


async def status_of(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run a command to its end and return its exit status. Raises OSError where it cannot be started."""
    relay = _Relay(asyncio.get_running_loop())
    with _hear(relay):
        child = await asyncio.create_subprocess_exec(*command, env=environment)
        relay.lead_to(child)
        status = await child.wait()
    return status if status >= 0 else _KILLED - status


class _Relay:
    """Passes signals on; what comes before the command is there waits for it."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._child: asyncio.subprocess.Process | None = None
        self._waiting: list[signal.Signals] = []
        self._unheard: float | None = None

    def lead_to(self, child: asyncio.subprocess.Process) -> None:
        """Name the command."""
        self._child = child
        for number in self._waiting:
            self._send(child, number)

    def catch(self, number: int, frame: FrameType | None) -> None:
        """Let the loop pass a signal on; where it has not passed on the one before, end the command and this program.

        Python calls it between two instructions, even where the loop is kept busy by other code.
        """
        del frame
        now = time.monotonic()
        if number in _ENDING and self._unheard is not None and now - self._unheard >= SAME:
            if self._child is not None:
                self._send(self._child, signal.Signals(number))
            end_by(number)
        self._unheard = now if self._unheard is None else self._unheard
        self._loop.call_soon_threadsafe(self._hear, signal.Signals(number))

    def _hear(self, number: signal.Signals) -> None:
        self._unheard = None
        self.take(number)

    def take(self, number: signal.Signals) -> None:
        """Pass a signal on, unless the terminal has sent it to the command itself."""
        if self._child is None:
            self._waiting.append(number)
        elif number not in _FROM_KEYS or not _is_in_foreground():
            self._send(self._child, number)

    def _send(self, child: asyncio.subprocess.Process, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            child.send_signal(number)


@contextmanager
def _hear(relay: _Relay) -> Iterator[None]:
    """Let signals go to the relay. Signals that are ignored here (`nohup`) stay ignored, for the command too."""
    loop = asyncio.get_running_loop()
    heard = [number for number in _PASSED_ON if signal.getsignal(number) is not signal.SIG_IGN]
    for number in heard:
        # This makes the system wake the loop, whichever thread it gives the signal to.
        loop.add_signal_handler(number, lambda: None)
        signal.signal(number, relay.catch)
    try:
        yield
    finally:
        for number in heard:
            loop.remove_signal_handler(number)


def _is_in_foreground() -> bool:
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)
