"""A command run in this one's place: same terminal, same standard streams, same signals, same exit status."""

import asyncio
import os
import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

_PASSED_ON = (signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGINT, signal.SIGQUIT)
_FROM_KEYS = (signal.SIGINT, signal.SIGQUIT)
"""What a terminal sends to all in its foreground, so also to the command."""
_KILLED = 128
"""A shell's status for what a signal ended is this and the signal's number."""


async def status_of(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run a command to its end and return its exit status. Raises OSError where it cannot be started."""
    relay = _Relay()
    with _heard(relay):
        child = await asyncio.create_subprocess_exec(*command, env=environment)
        relay.lead_to(child)
        status = await child.wait()
    return status if status >= 0 else _KILLED - status


class _Relay:
    """Passes signals on; what comes before the command is there waits for it."""

    def __init__(self) -> None:
        self._child: asyncio.subprocess.Process | None = None
        self._waiting: list[signal.Signals] = []

    def lead_to(self, child: asyncio.subprocess.Process) -> None:
        """Name the command."""
        self._child = child
        for number in self._waiting:
            self._send(child, number)

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
def _heard(relay: _Relay) -> Iterator[None]:
    """Let signals go to the relay. What is ignored here, as below `nohup`, stays so, for the command too."""
    loop = asyncio.get_running_loop()
    heard = [number for number in _PASSED_ON if signal.getsignal(number) is not signal.SIG_IGN]
    for number in heard:
        loop.add_signal_handler(number, relay.take, number)
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
