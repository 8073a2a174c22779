"""The programs that are compared, each as its user would start it."""

import http.client
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from conformance.server import plain_environment

_REPOSITORY = Path(__file__).parents[1]
_SECONDS_TO_START = 120
_FIRST_PORT, _PORTS = 20_000, 12_000
"""Below those that Linux (from 32768) and macOS (from 49152) give to programs which name none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A program that answers."""

    port: int
    pid: int
    seconds_to_first_answer: float

    def resident_mebibytes(self) -> float:
        """Return how much memory it holds."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20

    def cpu_seconds(self) -> float:
        """Return how long it has used a processor."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def mitmdump(port: int, certs: str, *addons: str) -> list[str]:
    """Return the command for mitmdump on a port, with a folder for its certificates."""
    name = shutil.which("mitmdump", path=str(Path(sys.executable).parent)) or "mitmdump"
    scripts = [word for addon in addons for word in ("-s", addon)]
    return [name, "--quiet", "--listen-host", "127.0.0.1", "-p", str(port), "--set", f"confdir={certs}", *scripts]


SERVERS: dict[str, Callable[[int, str], list[str]]] = {
    "mitmdump with a constant": lambda port, certs: mitmdump(port, certs, str(Path(__file__).with_name("constant.py"))),
    "mitmdump with llemulator": lambda port, certs: mitmdump(
        port, certs, str(_REPOSITORY / "llemulator_addon/addon.py")
    ),
    "llemulator": lambda port, _: [sys.executable, "-m", "llemulator_addon", "--port", str(port)],
}
"""How each is started on a port, with a folder for its certificates. The first is what the others are compared with."""


@contextmanager
def running(names: Iterable[str], script: Path, **variables: str) -> Iterator[dict[str, Running]]:
    """Run some of them at the same time, with more variables of the environment."""
    with ExitStack() as stack:
        yield {name: stack.enter_context(_one_running(name, script, variables)) for name in names}


@contextmanager
def _one_running(name: str, script: Path, variables: Mapping[str, str]) -> Iterator[Running]:
    with tempfile.TemporaryDirectory(prefix="llemulator-bench-") as certs:
        port = free_port()
        settings = {"LLEMULATOR_SCRIPT": str(script), "LLEMULATOR_CERTS": certs, "LOG_LEVEL": "warning"}
        environment = {**plain_environment(), **settings, **variables}
        began = time.perf_counter()
        process = subprocess.Popen(on_core(0, SERVERS[name](port, certs)), env=environment, stdout=subprocess.DEVNULL)
        try:
            _wait_for_answer(port, process)
            yield Running(port=port, pid=process.pid, seconds_to_first_answer=time.perf_counter() - began)
        finally:
            process.terminate()
            process.wait()


def on_core(core: int, command: list[str]) -> list[str]:
    """Return the command bound to a core, where the machine has one to spare for it."""
    taskset = shutil.which("taskset")
    if not taskset or (os.cpu_count() or 1) < 2:
        return command
    return [taskset, "--cpu-list", str(core), *command]


def free_port() -> int:
    """Return a port that nobody uses, and that no system gives to a program which names none.

    Between this and its use, some other connection would get one of those.
    """
    while True:
        port = _FIRST_PORT + secrets.randbelow(_PORTS)
        with socket.socket() as listener, suppress(OSError):
            listener.bind(("127.0.0.1", port))
            return port


def _wait_for_answer(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _SECONDS_TO_START
    while not _answers(port):
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"{process.args!r} did not answer (exit {process.poll()})")
        time.sleep(0.005)


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    body = '{"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}]}'
    headers = {"authorization": "Bearer sk-start", "content-type": "application/json"}
    try:
        connection.request("POST", "/v1/chat/completions", body, headers)
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
