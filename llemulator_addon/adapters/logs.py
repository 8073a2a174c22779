"""The log of our own command."""

import logging
import os
import threading
import time
from collections import deque
from contextlib import suppress
from typing import override

from llemulator_addon.adapters.settings_table import LogLevel
from llemulator_addon.adapters.terminal import printable
from llemulator_addon.wire.redaction import redact_text

_STDERR = 2
_BYTES_AT_MOST = 1 << 20
"""Lines that wait to be written; a line that finds no room is dropped."""
_SECONDS_TO_WRITE = 1.0
"""How long an end waits for what is not written yet."""


def log_to_stderr(level: LogLevel, process: int | str | None = None) -> None:
    """Log our own lines from a level on, and of others only what went wrong.

    They name the process, if there are several. mitmproxy quotes what it received in some of its lines below that.
    """
    written = Log(_STDERR)
    name = "llemulator" if process is None else f"llemulator[{process}]"
    written.setFormatter(_Shown(f"{name}: %(levelname)s: %(message)s"))
    logging.basicConfig(level=logging.ERROR, handlers=[written])
    logging.getLogger("llemulator_addon").setLevel(level.upper())
    # Where there is no listening we say so ourselves.
    logging.getLogger("mitmproxy.addons.proxyserver").setLevel(logging.CRITICAL)


class Log(logging.Handler):
    """Writes lines to a file descriptor from a thread of its own, so that nobody waits for their reader.

    What waits is bounded in bytes; lines beyond are dropped, and counted in a line of the log. `flush`, which is called
    at the end, waits for a second at most.
    """

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._lines: deque[bytes] = deque()
        self._bytes = 0
        self._dropped = 0
        self._changed = threading.Condition()
        self._writer: threading.Thread | None = None

    @override
    def emit(self, record: logging.LogRecord) -> None:
        """Have a line written; returns at once."""
        try:
            line = f"{self.format(record)}\n".encode("utf-8", "backslashreplace")
        except Exception:  # noqa: BLE001 - as the handlers of `logging` do
            self.handleError(record)
            return
        with self._changed:
            if self._bytes + len(line) > _BYTES_AT_MOST:
                self._dropped += 1
                return
            self._tell_of_dropped()
            self._add(line)
            if self._writer is None:
                # Not before there is something to write: a process that forks has no thread then.
                self._writer = threading.Thread(target=self._write, name="log", daemon=True)
                self._writer.start()

    @override
    def flush(self) -> None:
        """Wait until all is written, for a second at most."""
        deadline = time.monotonic() + _SECONDS_TO_WRITE
        with self._changed:
            while self._bytes and (left := deadline - time.monotonic()) > 0:
                self._changed.wait(left)

    def _add(self, line: bytes) -> None:
        self._lines.append(line)
        self._bytes += len(line)
        self._changed.notify_all()

    def _tell_of_dropped(self) -> None:
        if self._dropped:
            self._add(b"llemulator: WARNING: %d lines were dropped: nobody read the log fast enough\n" % self._dropped)
            self._dropped = 0

    def _write(self) -> None:
        while True:
            with self._changed:
                while not self._lines:
                    self._changed.wait()
                line = self._lines.popleft()
            self._put(line)
            with self._changed:
                # It counted until it was written.
                self._bytes -= len(line)
                if not self._lines:
                    self._tell_of_dropped()
                self._changed.notify_all()

    def _put(self, line: bytes) -> None:
        # Not by `sys.stderr`: a thread that waits in it would keep Python from ending.
        with suppress(OSError):
            while line:
                line = line[os.write(self._descriptor, line) :]


class _Shown(logging.Formatter):
    """Without secrets, and without what would act on a terminal: lines quote what came from outside."""

    @override
    def format(self, record: logging.LogRecord) -> str:
        return printable(redact_text(super().format(record), ""), lines=True)
