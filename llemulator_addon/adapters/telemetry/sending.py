"""Gives exchanges that ended, and lines of the log, to the sender.

Nobody waits for that: a record that finds no room is dropped, and counted.
"""

import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import override

import llemulator_addon
from llemulator_addon.adapters.clock import now
from llemulator_addon.adapters.telemetry.asking import Captures, WantedTelemetry, read_wanted
from llemulator_addon.adapters.telemetry.record import Line, TelemetryRecord, record_end, write_record
from llemulator_addon.admin.dispatch import is_admin
from llemulator_addon.core.answer_tokens import AnswerTokens
from llemulator_addon.core.outcome import Ask, Ending
from llemulator_addon.core.request import Request
from llemulator_addon.core.session_key import ANONYMOUS, ExchangeId
from llemulator_addon.core.steps import Send, Steps
from llemulator_addon.engine.journal import Exchange, Journal

logger = logging.getLogger(__name__)

BYTES_AT_MOST = 32 << 20
"""Of what waits to be handed over."""
SECONDS_TO_END = 4.0
"""How long the end of the server waits for the sender, which ends by itself. All of the end has more (`GRACE`).

A receiver that takes nothing holds it for 2 seconds only. The rest is for a sender that is slow on a busy machine.
"""
_SECONDS_TOGETHER = 0.05
"""Records that come within this time are handed over together."""
_SECONDS_BETWEEN_STARTS = 5.0
_SECONDS_BETWEEN_WARNINGS = 60.0
_BYTES_OF_A_LINE = 300
_LIMITS = ("OTEL_BSP_MAX_QUEUE_SIZE", "OTEL_BLRP_MAX_QUEUE_SIZE")
_MOST_WITH_MESSAGES = "512"
_COMMAND = (sys.executable, "-P", "-m", "llemulator_addon.adapters.telemetry")
_REQUEST_LOG = "llemulator_addon.adapters.request_log"


@contextmanager
def sending(environment: Mapping[str, str]) -> Iterator["EndWatcher | None"]:
    """Yield the watcher that sends what OpenTelemetry's variables ask for; None if that is nothing, or cannot be done.

    At the end, what waits is sent, for a bounded time.
    """
    asked = read_wanted(environment)
    for problem in asked.problems:
        logger.warning(problem)
    if not asked.targets:
        yield None
        return
    if _is_missing(asked):
        logger.warning(
            "OTEL_EXPORTER_OTLP_…ENDPOINT is set, and nothing is sent: that needs OpenTelemetry's libraries. "
            "Install them with: pip install 'llemulator[otel]'"
        )
        yield None
        return
    has_lines = "logs" in asked.targets
    channel = Channel(_COMMAND, make_environment(environment, asked.captures))
    handler, ours = LogLines(channel.add), logging.getLogger("llemulator_addon")
    if has_lines:
        ours.addHandler(handler)
    try:
        yield EndWatcher(channel.add, has_lines=has_lines)
    finally:
        ours.removeHandler(handler)
        channel.close()


def _is_missing(asked: WantedTelemetry) -> bool:
    """Whether a library is missing. Looks for them without importing them."""
    exporters = {"grpc": "grpc", "http/protobuf": "http"}
    names = {exporters[target.protocol] for target in asked.targets.values()}
    wanted = ("opentelemetry.sdk", *(f"opentelemetry.exporter.otlp.proto.{name}" for name in names))
    try:
        return any(find_spec(name) is None for name in wanted)
    except ImportError:
        return True


def make_environment(environment: Mapping[str, str], captures: Captures = "nothing") -> dict[str, str]:
    """Return the environment of the process: without proxies, because what it sends must not come back here."""
    kept = {name: text for name, text in environment.items() if not name.lower().endswith("_proxy")}
    # Stock mitmdump finds this package by a path of its own.
    root = str(Path(llemulator_addon.__file__).parent.parent)
    paths = os.pathsep.join(filter(None, (root, kept.get("PYTHONPATH"))))
    # The queues of the SDK are bounded in spans, not in bytes; those with messages are large.
    limits = {} if captures == "nothing" else dict.fromkeys(_LIMITS, _MOST_WITH_MESSAGES)
    return {"GRPC_VERBOSITY": "NONE", **limits, **kept, "PYTHONPATH": paths}


MakeRecord = Callable[[], TelemetryRecord]
"""Makes a record, later and in another thread."""
AddRecord = Callable[[int, MakeRecord], None]
"""Takes what is to be handed over, and the bytes of memory that it takes meanwhile, about."""


class EndWatcher:
    """A `Watcher` that hands over each exchange, which costs the event loop a call or two."""

    def __init__(self, add: AddRecord, *, has_lines: bool = False, clock: Callable[[], float] = now) -> None:
        """Take where to hand over, and whether lines of the log are wanted. `clock` is that of `Request.at`."""
        self._add, self._has_lines, self._clock = add, has_lines, clock
        self._asked: set[ExchangeId] = set()
        """Requests for which a person was asked."""

    def waits(self, ask: Ask) -> None:
        """Note that a person is asked."""
        self._asked.add(ask.exchange)

    def note_end(
        self, named: ExchangeId, exchange: Exchange | None, ending: Ending, tokens: AnswerTokens | None
    ) -> None:
        """Hand over a request whose answer has ended; nothing where its session was forgotten meanwhile."""
        was_asked = named in self._asked
        self._asked.discard(named)
        if exchange is not None:
            self._hand_over(named, exchange, ending, tokens, was_asked=was_asked)

    def note_unrecorded(self, request: Request, steps: Steps) -> None:
        """Hand over a request that could not be decided; none of an admin route."""
        if is_admin(request):
            return
        (exchange,) = Journal().record(request, steps)
        sends = [len(step.piece) for step in steps if isinstance(step, Send)]
        ending = Ending(how="whole", bytes_sent=sum(sends), sends=len(sends), seconds=0.0)
        self._hand_over(ExchangeId(ANONYMOUS, 0, 0), exchange._replace(number=0), ending, None, was_asked=False)

    def _hand_over(
        self, named: ExchangeId, exchange: Exchange, ending: Ending, tokens: AnswerTokens | None, *, was_asked: bool
    ) -> None:
        make = partial(
            record_end,
            named,
            exchange,
            ending,
            tokens,
            ended=self._clock(),
            # The clock of requests never jumps; the application's spans have the system's.
            ahead=time.time() - now() if self._clock is now else 0.0,
            was_asked=was_asked,
            has_line=self._has_lines and logging.getLogger(_REQUEST_LOG).isEnabledFor(logging.INFO),
        )
        self._add(exchange.size, make)


def _write(make: MakeRecord) -> bytes:
    """Write a record; nothing if that fails, so that one exchange does not end the telemetry of all others."""
    try:
        return write_record(make())
    except Exception:
        logger.exception("a record of telemetry was left out")
        return b""


class LogLines(logging.Handler):
    """Hands over lines of the log; those of requests come with their spans."""

    def __init__(self, add: AddRecord) -> None:
        super().__init__()
        self._add = add

    @override
    def emit(self, record: logging.LogRecord) -> None:
        """Hand over a line; returns at once."""
        if record.name == _REQUEST_LOG and record.levelno == logging.INFO:
            return
        try:
            line = Line(record.created, record.levelno, record.levelname, record.name, self.format(record))
        except Exception:  # noqa: BLE001 - as the handlers of `logging` do
            self.handleError(record)
            return
        self._add(_BYTES_OF_A_LINE + len(line.text), lambda: line)


class Channel:
    """The sender, a process of its own, and a thread that writes to it."""

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str], *, bytes_at_most: int = BYTES_AT_MOST
    ) -> None:
        """Start the process."""
        self._command, self._environment, self._bytes_at_most = tuple(command), dict(environment), bytes_at_most
        self._changed = threading.Condition()
        self._waiting: list[tuple[int, MakeRecord]] = []
        self._bytes = self._dropped = 0
        self._warned_at = -_SECONDS_BETWEEN_WARNINGS
        self._closing = threading.Event()
        self._process = self._start()
        self._thread = threading.Thread(target=self._work, name="telemetry", daemon=True)
        self._thread.start()

    def add(self, size: int, make: MakeRecord) -> None:
        """Have a record handed over, or drop it where there is no room. Any thread may call this."""
        with self._changed:
            if self._bytes + size > self._bytes_at_most:
                self._dropped += 1
                return
            self._waiting.append((size, make))
            self._bytes += size
            if len(self._waiting) == 1:
                self._changed.notify()

    def count_waiting(self) -> int:
        """Return how many records wait to be handed over."""
        with self._changed:
            return len(self._waiting)

    def close(self, seconds: float = SECONDS_TO_END) -> None:
        """Hand over what waits, and wait until the process has sent it, but no longer than this.

        Then a process that has it all is left to end by itself, and one that did not take it is killed.
        """
        self._closing.set()
        with self._changed:
            self._changed.notify()
        self._thread.join(seconds)
        pipe = self._process.stdin
        if self._thread.is_alive() and not (pipe is not None and pipe.closed):
            self._process.kill()
            self._thread.join(1.0)

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603 - our own command
            self._command, env=self._environment, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
        )

    def _work(self) -> None:
        while True:
            with suppress(OSError):  # it has ended by itself
                self._hand_over()
            with suppress(OSError):
                if self._process.stdin is not None:
                    self._process.stdin.close()
            status = self._process.wait()
            if self._closing.is_set():
                return
            logger.error("the process that sends telemetry ended with %d, and is started again", status)
            if self._closing.wait(_SECONDS_BETWEEN_STARTS):
                return
            self._process = self._start()

    def _hand_over(self) -> None:
        """Write records until the end. Raises OSError when the process has ended."""
        pipe = self._process.stdin
        assert pipe is not None  # noqa: S101 - it was asked for
        while True:
            with self._changed:
                while not self._waiting and not self._closing.is_set():
                    self._changed.wait()
            self._closing.wait(_SECONDS_TOGETHER)
            with self._changed:
                batch, self._waiting = self._waiting, []
                dropped = self._dropped
            self._warn_of_dropped(dropped)
            try:
                for _, make in batch:
                    pipe.write(_write(make))
                pipe.flush()
            finally:
                with self._changed:
                    # They counted until they were written.
                    self._bytes -= sum(size for size, _ in batch)
            if not batch and self._closing.is_set():
                return

    def _warn_of_dropped(self, dropped: int) -> None:
        if dropped and time.monotonic() - self._warned_at >= _SECONDS_BETWEEN_WARNINGS:
            self._warned_at = time.monotonic()
            with self._changed:
                self._dropped -= dropped
            logger.warning(
                "%d spans and lines for OpenTelemetry were dropped: they came faster than they are taken",
                dropped,
            )
