"""The sender: reads records from its standard input, and sends telemetry until that ends.

It yields to the server where both want the processor, but neither while it starts nor at the end, for which the server
waits. The SDK's queues are bounded, and drop the rest.
"""

import logging
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, BinaryIO, override

from llemulator_addon import __version__
from llemulator_addon.adapters.logs import log_to_stderr
from llemulator_addon.adapters.telemetry.asking import read_wanted
from llemulator_addon.adapters.telemetry.record import TelemetryRecord, read_records
from llemulator_addon.adapters.workers import which_worker

if TYPE_CHECKING:
    from llemulator_addon.adapters.telemetry.recording import Recorder

logger = logging.getLogger(__name__)

SECONDS_TO_END = 2.0
"""How long what waits may take to be sent, when the server has ended and all its records are read."""
_SECONDS_AT_MOST = 60
"""How long all of the end may take."""
_NICE = 15
_SECONDS_BETWEEN_LINES = 60.0


class Seldom(logging.Filter):
    """Lets each kind of line through once a minute: a receiver that is down is the same news at each try."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._said: dict[tuple[str, str], float] = {}

    @override
    def filter(self, record: logging.LogRecord) -> bool:
        kind, at = (record.name, str(record.msg)), self._clock()
        if at - self._said.get(kind, -_SECONDS_BETWEEN_LINES) < _SECONDS_BETWEEN_LINES:
            return False
        self._said[kind] = at
        if record.name.startswith("opentelemetry"):
            # Where in the SDK it happened says nothing to a user.
            record.exc_info = record.exc_text = None
        return True


def main() -> None:
    """Take records until the standard input ends."""
    for number in (signal.SIGINT, signal.SIGTERM):
        # A terminal sends them to all its processes. This one ends when the server has ended.
        signal.signal(number, signal.SIG_IGN)
    log_to_stderr("info", "telemetry")
    logging.getLogger("opentelemetry").setLevel(logging.WARNING)
    for handler in logging.getLogger().handlers:
        handler.addFilter(Seldom())
    recorder = _open_recorder()
    reader = RecordReader(sys.stdin.buffer, _leave_out if recorder is None else recorder.take)
    make_nice(thread for thread in threading.enumerate() if thread is not threading.main_thread())
    reader.begin()
    reader.wait_for_end()
    # Nobody is left to end a process that hangs.
    signal.alarm(_SECONDS_AT_MOST)
    reader.finish()
    if recorder is not None:
        recorder.flush(SECONDS_TO_END)
    logging.shutdown()
    # Without waiting for threads that still try to send.
    os._exit(0)


class RecordReader:
    """Takes the records of a pipe in a thread, and in the end those that are left in the caller's."""

    def __init__(self, source: BinaryIO, take: Callable[[TelemetryRecord], None]) -> None:
        """Start the thread, which waits."""
        self._source, self._records, self._take = source, read_records(source), take
        self._has_begun, self.is_finishing = threading.Event(), threading.Event()
        self.thread = threading.Thread(target=self._take_until_end, daemon=True)
        self.thread.start()

    def begin(self) -> None:
        """Let the thread begin."""
        self._has_begun.set()

    def wait_for_end(self) -> None:
        """Wait until nobody writes to the pipe. Does not wait where a system may tell that only when all is read."""
        if sys.platform == "linux":
            poll = select.poll()
            # A hang-up is told without being asked for.
            poll.register(self._source, 0)
            poll.poll()

    def finish(self) -> None:
        """Take all that is left."""
        if sys.platform == "linux":
            self.is_finishing.set()
        self.thread.join()
        for record in self._records:
            self._take_one(record)

    def _take_until_end(self) -> None:
        self._has_begun.wait()
        for record in self._records:
            self._take_one(record)
            if self.is_finishing.is_set():
                return

    def _take_one(self, record: TelemetryRecord) -> None:
        try:
            self._take(record)
        except Exception:
            logger.exception("an exchange was left out")


def make_nice(threads: Iterable[threading.Thread]) -> None:
    """Give threads a low priority; the whole process where the system knows none of single threads.

    It cannot be taken back without a privilege.
    """
    if sys.platform != "linux":
        os.nice(_NICE)
        return
    nice = os.getpriority(os.PRIO_PROCESS, 0) + _NICE
    for thread in threads:
        with suppress(ProcessLookupError):  # it has ended
            os.setpriority(os.PRIO_PROCESS, thread.native_id or 0, nice)


def _leave_out(record: TelemetryRecord) -> None:
    del record


def _open_recorder() -> "Recorder | None":
    """Return what takes the records; None, with a line of the log, if the SDK cannot do what the variables say."""
    worker, wanted = which_worker(os.environ), read_wanted(os.environ)
    try:
        from llemulator_addon.adapters.telemetry.recording import Recorder, open_pipelines  # noqa: PLC0415 - it is slow

        pipelines = open_pipelines(wanted, version=__version__, worker=None if worker is None else worker.number)
    except Exception as error:  # noqa: BLE001 - a file of a certificate, a name of a propagator, and what comes
        logger.error("no telemetry is sent: %s", error)  # noqa: TRY400 - the text is for the user
        return None
    return Recorder(pipelines, wanted.captures, __version__)


if __name__ == "__main__":
    main()
