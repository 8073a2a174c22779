"""One `llemulator` for one process of pytest, started when the first test needs it."""

import os
import re
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from queue import Empty, Queue
from typing import IO

from llemulator_addon.adapters.hosts import choose_hosts
from llemulator_addon.adapters.run.environment import Environment, ProxyRoute, environment
from llemulator_addon.adapters.run.files import write_files
from llemulator_addon.adapters.settings import settings_from
from llemulator_addon.adapters.telemetry.asking import drop_service

_SECONDS_TO_START = 300.0
"""Only for one that hangs: the end of the process is seen at once."""
_SECONDS_TO_STOP = 10.0
_KEY = "OPENAI_API_KEY"
_ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")


class NoProxy(Exception):
    """The proxy did not start. The text is its output."""


class Proxy:
    """A running proxy."""

    def __init__(self, options: Iterable[str] = ()) -> None:
        """Start it on a free port, with new certificates; raises NoProxy."""
        self._folder = tempfile.TemporaryDirectory(prefix="llemulator-", ignore_cleanup_errors=True)
        folder = Path(self._folder.name)
        command = [sys.executable, "-m", "llemulator_addon", "--port", "0", "--certs", self._folder.name, *options]
        self._process = subprocess.Popen(  # noqa: S603 - our own command
            command,
            # OpenTelemetry's variables are the tests' own, and so is the name of the service.
            env=drop_service(os.environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._said: list[str] = []
        self._lines: Queue[str] = Queue()
        output = self._process.stdout
        if output is None:
            raise NoProxy("it has no output")
        self._reader = threading.Thread(target=self._read, args=(output,), name="llemulator", daemon=True)
        self._reader.start()
        self.url = self._url()
        # The server inherits this environment, and so answers the same hosts.
        settings = settings_from(environment=os.environ)
        self._hosts = choose_hosts(settings.hosts, settings.allow)
        self._files = write_files(
            folder,
            ca=folder / "ca.pem",
            bundle=folder / "bundle.pem",
            truststore=folder / "trust.p12",
            environment=os.environ,
        )

    def environment(self, token: str, inherited: Mapping[str, str]) -> Environment:
        """Return the variables that route a program through the proxy, with this token as its API key."""
        route = ProxyRoute(url=self.url, files=self._files, hosts=self._hosts, key=token)
        return environment(route, {name: value for name, value in inherited.items() if name != _KEY})

    @property
    def said(self) -> str:
        """Its output."""
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
        """Read its address from its output."""
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
