"""The time of a whole `llemulator run -- true`, compared with the time until a bare mitmdump listens."""

import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.servers import free_port, mitmdump, on_core
from conformance.server import plain_environment

AT_MOST = 1.5

_ROUNDS = 7
_SECONDS_TO_START = 30


def ratio() -> float:
    """Return the median of what `run` takes, as a ratio; the two take turns, after one that warms the disk."""
    with tempfile.TemporaryDirectory(prefix="llemulator-bench-") as folder:
        # Its own folder of certificates has no user who would wait for it to be made.
        turns = [_run(folder) / _listening(folder) for _ in range(_ROUNDS + 1)]
    return statistics.median(turns[1:])


def _run(folder: str) -> float:
    began = time.perf_counter()
    command = on_core(0, [sys.executable, "-m", "llemulator_addon", "run", "--", "true"])
    subprocess.run(command, cwd=folder, env=plain_environment(), check=True, stderr=subprocess.DEVNULL)
    return time.perf_counter() - began


def _listening(folder: str) -> float:
    port = free_port()
    began = time.perf_counter()
    process = subprocess.Popen(
        on_core(0, mitmdump(port, str(Path(folder, "mitmproxy")))), env=plain_environment(), stdout=subprocess.DEVNULL
    )
    try:
        while not _listens(port):
            if process.poll() is not None or time.perf_counter() - began > _SECONDS_TO_START:
                raise RuntimeError(f"mitmdump does not listen (exit {process.poll()})")
            time.sleep(0.002)
        return time.perf_counter() - began
    finally:
        process.kill()
        process.wait()


def _listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0
