"""The sender: reads records from its standard input, and sends telemetry until that ends.

It yields to the server where both want the processor. The SDK's queues are bounded, and drop the rest.
"""

import logging
import os
import signal
import sys

from llemulator_addon import __version__
from llemulator_addon.adapters.logs import log_to_stderr
from llemulator_addon.adapters.telemetry.asking import read_wanted
from llemulator_addon.adapters.telemetry.record import read_records
from llemulator_addon.adapters.workers import which_worker

logger = logging.getLogger(__name__)

SECONDS_TO_END = 2.0
"""How long what waits may take to be sent, when the server ends."""
_NICE = 10


def main() -> None:
    """Take records until the standard input ends."""
    for number in (signal.SIGINT, signal.SIGTERM):
        # A terminal sends them to all its processes. This one ends when the server has ended.
        signal.signal(number, signal.SIG_IGN)
    os.nice(_NICE)
    log_to_stderr("info", "telemetry")
    asked = read_wanted(os.environ)
    from llemulator_addon.adapters.telemetry.exporting import open_pipelines  # noqa: PLC0415 - slow to import
    from llemulator_addon.adapters.telemetry.recording import Recorder  # noqa: PLC0415

    worker = which_worker(os.environ)
    pipelines = open_pipelines(asked, version=__version__, worker=None if worker is None else worker.number)
    recorder = Recorder(pipelines, asked.captures, __version__)
    for record in read_records(sys.stdin.buffer):
        try:
            recorder.take(record)
        except Exception:
            logger.exception("an exchange was left out")
    pipelines.close(SECONDS_TO_END)
    logging.shutdown()
    # Without waiting for threads that still try to send.
    os._exit(0)


if __name__ == "__main__":
    main()
