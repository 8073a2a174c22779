"""One `llemulator` for one process of pytest, started when the first test needs it."""

import re
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterable
from pathlib import Path
from queue import Empty, Queue
from typing import IO

_SECONDS_TO_START = 60.0
_SECONDS_TO_STOP = 10.0
_ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")


class NoProxy(Exception):
    """The proxy did not start. The text is what it said."""


class Proxy:
    """A running proxy."""

    def __init__(self, options: Iterable[str] = ()) -> None:
        """Start it on a free port, with certificates of its own; raises NoProxy."""
        self._folder = tempfile.TemporaryDirectory(prefix="llemulator-", ignore_cleanup_errors=True)
        self.certs = Path(self._folder.name)
        command = [sys.executable, "-m", "llemulator_addon", "--port", "0", "--certs", self._folder.name, *options]
        self._process = subprocess.Popen(  # noqa: S603 - our own command
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self._said: list[str] = []
        self._lines: Queue[str] = Queue()
        output = self._process.stdout
        if output is None:
            raise NoProxy("it has no output")
        self._reader = threading.Thread(target=self._read, args=(output,), name="llemulator", daemon=True)
        self._reader.start()
        self.url = self._url()

    @property
    def said(self) -> str:
        """What it has printed."""
        return "".join(self._said)

    def stop(self) -> None:
        """End it, and remove its certificates."""
        self._process.terminate()
        try:
            self._process.wait(_SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join(_SECONDS_TO_STOP)
        self._folder.cleanup()

    def _url(self) -> str:
        """Read where it listens from what it prints for its user."""
        waited = 0.0
        while waited < _SECONDS_TO_START:
            try:
                line = self._lines.get(timeout=0.1)
            except Empty:
                waited += 0.1
                if self._process.poll() is not None and self._lines.empty():
                    break
                continue
            if found := _ADDRESS.search(line):
                return found[0]
        self.stop()
        raise NoProxy(f"llemulator did not start:\n{self.said}")

    def _read(self, output: IO[str]) -> None:
        with output:
            for line in output:
                self._said.append(line)
                self._lines.put(line)
