"""A real `llemulator` process for whoever wants to talk to one: tests, benchmarks, examples of the documentation."""

import os
import re
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, Queue
from urllib.parse import urlsplit

_SECONDS = 300
"""Only for one that hangs: nothing here takes a tenth of it on a machine that is slow and busy."""

# What would lead a client past the proxy, or the server to other settings than those it was given.
_NOT_INHERITED = re.compile(
    r"(https?|all|no)_proxy|(OPENAI|LLEMULATOR|NODE)_.*|SSL_CERT_(FILE|DIR)|PORT|HOST|DEBUG", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server that answers."""

    port: int
    host: str = "127.0.0.1"
    ca: Path
    """The certificate to trust, alone."""
    certs: Path
    """The folder that it keeps its certificates in."""
    pid: int
    said: Sequence[str] = field(hash=False)
    """What it has printed; grows while it runs."""

    @property
    def origin(self) -> str:
        """Where it listens, as a URL."""
        return f"http://{self.host}:{self.port}"

    def through_proxy(self) -> dict[str, str]:
        """Return the variables that lead an unmodified client here with its own default base URL."""
        return {
            "HTTPS_PROXY": self.origin,
            "https_proxy": self.origin,
            "NODE_USE_ENV_PROXY": "1",
            "SSL_CERT_FILE": str(self.ca),
            "NODE_EXTRA_CA_CERTS": str(self.ca),
        }

    def below_run(self) -> dict[str, str]:
        """Return what `llemulator run` sets for Node: the program reads no proxy variable itself."""
        preload = Path(__file__).parents[1] / "llemulator_addon/adapters/run/preloads/node.cjs"
        return {
            "NODE_OPTIONS": f"--require {preload}",
            "NODE_EXTRA_CA_CERTS": str(self.ca),
            "LLEMULATOR_RUN_ADDRESS": urlsplit(self.origin).netloc,
            "LLEMULATOR_RUN_HOSTS": "*.openai.com",
        }

    def by_base_url(self) -> dict[str, str]:
        """Return the variables that name it as the API's base URL."""
        return {"OPENAI_BASE_URL": f"{self.origin}/v1"}


@contextmanager
def running(
    *options: str, env: Mapping[str, str] | None = None, command: str = "serve", python: str | None = None
) -> Iterator[Server]:
    """Run `llemulator`, or a command of it, on a free port with its own certificates.

    Raises if it does not start or does not end well.
    """
    with tempfile.TemporaryDirectory(prefix="llemulator-") as folder:
        # A client under test may live in an environment of its own, without llemulator.
        python = python or os.environ.get("CONFORMANCE_PYTHON", sys.executable)
        line = [python, "-m", "llemulator_addon", command, "--port", "0", "--certs", folder, *options]
        with _started(line, {**plain_environment(), **(env or {})}) as (process, port, said):
            ca = Path(folder, "ca-alone.pem")
            ca.write_bytes(_get(f"http://127.0.0.1:{port}/_emulator/ca.pem"))
            yield Server(port=port, ca=ca, certs=Path(folder), pid=process.pid, said=said)


@contextmanager
def attached(url: str) -> Iterator[Server]:
    """Use a server that runs already, at a URL such as `http://localhost:8080`."""
    parts = urlsplit(url)
    with tempfile.TemporaryDirectory(prefix="llemulator-") as folder:
        ca = Path(folder, "ca-alone.pem")
        ca.write_bytes(_get(f"{url.rstrip('/')}/_emulator/ca.pem"))
        host, port = parts.hostname or "127.0.0.1", parts.port or 80
        yield Server(host=host, port=port, ca=ca, certs=Path(folder), pid=0, said=())


def plain_environment() -> dict[str, str]:
    """Return our own environment without what would change how a client finds the API, or the server its settings."""
    return {name: value for name, value in os.environ.items() if not _NOT_INHERITED.fullmatch(name)}


@contextmanager
def _started(command: list[str], env: Mapping[str, str]) -> Iterator[tuple[subprocess.Popen[str], int, Sequence[str]]]:
    process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    lines: Queue[str] = Queue()
    said: list[str] = []
    reader = threading.Thread(target=_read, args=(process, lines, said), daemon=True)
    reader.start()
    try:
        port = _port(process, lines, said)
        _wait_until_ready(port)
        yield process, port, said
    except BaseException:
        process.kill()
        process.wait()
        raise
    process.terminate()
    try:
        status = process.wait(_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    finally:
        reader.join(_SECONDS)
    if status or "Traceback" in "".join(said):
        raise RuntimeError(f"llemulator ended with {status} after:\n{''.join(said)}")


def _read(process: subprocess.Popen[str], lines: Queue[str], said: list[str]) -> None:
    assert process.stdout
    with process.stdout as output:
        for line in output:
            said.append(line)
            lines.put(line)


def _port(process: subprocess.Popen[str], lines: Queue[str], said: list[str]) -> int:
    """Read the port from the line that the server prints for its user."""
    deadline = time.monotonic() + _SECONDS
    while time.monotonic() < deadline and (process.poll() is None or not lines.empty()):
        try:
            found = re.search(r"listens on http://127\.0\.0\.1:(\d+)", lines.get(timeout=0.1))
        except Empty:
            continue
        if found:
            return int(found[1])
    raise RuntimeError(f"llemulator named no port (exit {process.poll()}):\n{''.join(said)}")


def _wait_until_ready(port: int) -> None:
    deadline = time.monotonic() + _SECONDS
    while True:
        try:
            _get(f"http://127.0.0.1:{port}/readyz")
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return


def _get(url: str) -> bytes:
    # Not through a proxy that the environment names.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=_SECONDS) as answer:
        body: bytes = answer.read()
    return body
