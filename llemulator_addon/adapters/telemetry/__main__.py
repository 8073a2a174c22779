"""The sender: reads records from its standard input, and sends telemetry until that ends.

It yields to the server where both want the processor. The SDK's queues are bounded, and drop the rest.
"""

import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, override

from llemulator_addon import __version__
from llemulator_addon.adapters.logs import log_to_stderr
from llemulator_addon.adapters.telemetry.asking import read_wanted
from llemulator_addon.adapters.telemetry.record import read_records
from llemulator_addon.adapters.workers import which_worker

if TYPE_CHECKING:
    from llemulator_addon.adapters.telemetry.recording import Recorder

logger = logging.getLogger(__name__)

SECONDS_TO_END = 2.0
"""How long what waits may take to be sent, when the server ends."""
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
    os.nice(_NICE)
    log_to_stderr("info", "telemetry")
    logging.getLogger("opentelemetry").setLevel(logging.WARNING)
    for handler in logging.getLogger().handlers:
        handler.addFilter(Seldom())
    recorder = _open_recorder()
    for record in read_records(sys.stdin.buffer):
        if recorder is None:
            continue
        try:
            recorder.take(record)
        except Exception:
            logger.exception("an exchange was left out")
    if recorder is not None:
        recorder.close(SECONDS_TO_END)
    logging.shutdown()
    # Without waiting for threads that still try to send.
    os._exit(0)


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
