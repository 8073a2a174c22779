"""An attack on a server, measured: another client meanwhile, the server's memory, and what the attacker was answered.

The attack runs in a process of its own, which is ended when its time is up. A server that takes too much, or that an
attack has stopped for good, is killed; the next attack meets a new one.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from conformance.attacks.attack import SECONDS, SECONDS_VARIABLE
from conformance.attacks.bystander import Waits, asking
from conformance.server import Server, running

MOST_MEBIBYTES = 384
"""What Kubernetes gives in our manifests."""
MOST_MORE_SECONDS = 0.1
"""How much longer another client may wait, at its 99th percentile."""

_KILLED_ABOVE_MEBIBYTES = 2048
_TIMES_ITS_SECONDS = 3
"""After so many times as long as it should take, an attack is ended."""
_SECONDS_OF_PEACE = 1.0
_SECONDS_AT_LEAST = 1.0
_SECONDS_TO_PREPARE = 60


class NotPrepared(RuntimeError):
    """What an attack needs beforehand was refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What an attack came to."""

    seconds: float
    """From its begin until it left."""
    statuses: tuple[int, ...]
    """What it was answered."""
    waits_before: Waits
    waits: Waits
    mebibytes_before: float
    mebibytes_most: float
    mebibytes_after: float
    killed: str | None = None
    """Why the server had to be killed."""

    @property
    def more_seconds(self) -> float:
        """How much longer another client waited at its 99th percentile."""
        return self.waits.percentile(0.99) - self.waits_before.percentile(0.99)


@dataclass(slots=True)
class Arena:
    """One server for all attacks, as long as it lives."""

    options: tuple[str, ...] = ()
    seconds: float = SECONDS
    """How long each attack goes on at most."""
    mebibytes_most: float = 0.0
    """The most that it has taken."""
    _open: ExitStack = field(default_factory=ExitStack)
    _server: Server | None = None

    def attack(self, name: str, *, peace: float = _SECONDS_OF_PEACE) -> Seen:
        """Let an attack of the table go on, and return what came of it.

        Before, another client asks in peace for some seconds. Raises NotPrepared.
        """
        server = self._alive()
        with asking(server.port) as before:
            time.sleep(peace)
        seen = _attacked(server, name, before, self.seconds)
        self.mebibytes_most = max(self.mebibytes_most, seen.mebibytes_most)
        if seen.killed:
            self._bury()
        return seen

    def _alive(self) -> Server:
        if self._server is None:
            self._server = self._open.enter_context(running(*self.options))
            # The first answer of a server takes longer than any later one.
            _wait_for_first_answer(self._server)
        return self._server

    def _bury(self) -> None:
        self._server = None
        # It does not end well.
        with suppress(RuntimeError, subprocess.TimeoutExpired):
            self._open.close()
        self._open = ExitStack()

    def close(self) -> None:
        """End the server. Raises if it does not end well."""
        self._open.close()


@contextmanager
def arena(*options: str, seconds: float = SECONDS) -> Iterator[Arena]:
    """Have a server, with these options, for as long as this is open; each attack goes on for so long at most."""
    with contextlib.closing(Arena(options, seconds)) as each:
        yield each


def _wait_for_first_answer(server: Server) -> None:
    with asking(server.port) as waits:
        deadline = time.monotonic() + SECONDS
        while not waits.answers and time.monotonic() < deadline:
            time.sleep(0.05)


def _attacked(server: Server, name: str, before: Waits, at_most: float) -> Seen:
    status = Path("/proc", str(server.pid), "status")
    attacker = _Attacker.prepared(name, server.port, at_most)
    mebibytes_before = _mebibytes(status, "VmRSS")
    _forget_most(server.pid)
    killed = None
    with asking(server.port) as waits:
        began = time.monotonic()
        attacker.begin()
        seconds = 0.0
        at_least = min(_SECONDS_AT_LEAST, at_most / 4)
        while attacker.goes_on() or time.monotonic() < began + at_least:
            seconds = time.monotonic() - began if attacker.goes_on() else seconds
            if _mebibytes(status, "VmRSS") > _KILLED_ABOVE_MEBIBYTES:
                killed = f"it took more than {_KILLED_ABOVE_MEBIBYTES} MiB"
            elif seconds > max(_TIMES_ITS_SECONDS * at_most, SECONDS):
                killed = f"the attack was not over after {seconds:.0f} s"
            if killed:
                break
            time.sleep(0.02)
    most, after = _mebibytes(status, "VmHWM"), _mebibytes(status, "VmRSS")
    if not killed and not _rests(server):
        killed = f"it was at work {SECONDS:.0f} s after the attacker had left"
    if killed:
        os.kill(server.pid, signal.SIGKILL)
    return Seen(
        seconds=seconds,
        statuses=attacker.statuses(),
        waits_before=before,
        waits=waits,
        mebibytes_before=mebibytes_before,
        mebibytes_most=most,
        mebibytes_after=after,
        killed=killed,
    )


@dataclass(frozen=True, slots=True)
class _Attacker:
    process: subprocess.Popen[str]

    @classmethod
    def prepared(cls, name: str, port: int, seconds: float) -> "_Attacker":
        """Start the process, and wait until it has prepared what it sends."""
        command = [sys.executable, "-m", "conformance.attacks.attacker", name, str(port)]
        env = {**os.environ, SECONDS_VARIABLE: str(seconds)}
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env)
        assert process.stdout
        if process.stdout.readline() != "prepared\n":
            process.kill()
            raise NotPrepared(f"{name} could not be prepared")
        return cls(process)

    def begin(self) -> None:
        assert self.process.stdin
        self.process.stdin.write("begin\n")
        self.process.stdin.flush()

    def goes_on(self) -> bool:
        return self.process.poll() is None

    def statuses(self) -> tuple[int, ...]:
        """Return what it was answered; nothing where it had to be ended."""
        if self.goes_on():
            self.process.kill()
        said, _ = self.process.communicate()
        return tuple(json.loads(said)) if said else ()


def _rests(server: Server) -> bool:
    """Wait until the server has nothing left to do of an attack; whether that is so in time."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        with asking(server.port) as waits:
            time.sleep(_SECONDS_OF_PEACE / 4)
        if not waits.error and waits.seconds and waits.longest < _SECONDS_OF_PEACE / 4:
            return True
    return False


def _forget_most(pid: int) -> None:
    """Have the kernel count the most memory from now on (proc(5), clear_refs)."""
    Path("/proc", str(pid), "clear_refs").write_text("5")


def _mebibytes(status: Path, name: str) -> float:
    return int(status.read_text("ascii").partition(f"{name}:")[2].split()[0]) / 1024
