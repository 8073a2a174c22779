"""The console: its size, the time until it is seen, and what is left of the requests per second while it is open.

For the last, a program takes the place of the page: it reads the same lists and then the same news, as fast as they
come.
"""

import contextlib
import gzip
import http.client
import json
import os
import select
import shutil
import socket
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.servers import Running, on_core

AT_LEAST = 0.9
SCRIPT_BYTES = 200 << 10
"""Of all scripts, compressed."""
FIRST_VIEW_MS = 300.0

_ROOT = Path(__file__).parent.parent
_STATIC = _ROOT / "llemulator_addon/adapters/console/static"
_IN_BROWSER = _ROOT / "conformance/console"

_SESSIONS = "/_emulator/sessions"
_NEWS = "/_emulator/live"
_READY = "ready"


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """The requests per second with the console open, and without."""

    open: float
    closed: float
    ratio: float
    exchanges_shown: int


def measure(server: Running, rate: Callable[[], float], rounds: int) -> Watched:
    """Let both take turns; the median of the turns' ratios counts."""
    turns, shown = [], []
    for _ in range(rounds):
        closed = rate()
        with _reading(server) as end:
            turns.append((closed, rate()))
            shown.append(end())
    assert min(shown) > 0, "the news had no exchange"
    return Watched(
        open=statistics.median(seen for _, seen in turns),
        closed=statistics.median(closed for closed, _ in turns),
        ratio=statistics.median(seen / closed for closed, seen in turns),
        exchanges_shown=sum(shown),
    )


def count_script_bytes() -> int | None:
    """Return the size of all scripts of the page, compressed; None if it is not built."""
    return sum(len(gzip.compress(file.read_bytes())) for file in _STATIC.glob("*.js")) or None


def measure_first_view(server: Running) -> float | str:
    """Return the median milliseconds from a click on a link to the list of exchanges; or what is missing to know."""
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if chromium is None or not (_IN_BROWSER / "node_modules/playwright-core").exists():
        return "no Chromium with Playwright: .ci/install clients"
    env = {**os.environ, "LLEMULATOR_URL": f"http://127.0.0.1:{server.port}", "CHROMIUM": chromium}
    command = on_core(1, ["node", "first-view.mjs"])
    ran = subprocess.run(command, cwd=_IN_BROWSER, env=env, check=True, stdout=subprocess.PIPE, text=True)
    milliseconds: list[float] = json.loads(ran.stdout)
    return statistics.median(milliseconds)


@contextlib.contextmanager
def _reading(server: Running) -> Iterator[Callable[[], int]]:
    """Read the news in a process of its own, away from the server's core; what it yields ends that, and counts them."""
    command = on_core(1, [sys.executable, "-m", __spec__.name, str(server.port)])
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        if process.stdout.readline().strip() != _READY:
            raise RuntimeError("the news cannot be read")
        # The end of its input is the end of it, also if the measurement fails.
        yield lambda: int(process.communicate()[0])


def _read_news(port: int) -> int:
    """Read what the page reads, then the news until the input ends; return how many exchanges they had."""
    for session in _get(port, _SESSIONS)["data"]:
        _get(port, f"{_SESSIONS}/{session['session'] or 'none'}/requests?limit=1000")
    connection = socket.create_connection(("127.0.0.1", port))
    connection.sendall(f"GET {_NEWS} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n".encode())
    head = connection.recv(_PIECE)
    assert head.startswith(b"HTTP/1.1 200 "), head
    print(_READY, flush=True)
    shown, rest = 0, b""
    while True:
        readable, _, _ = select.select([sys.stdin, connection], [], [])
        if connection not in readable:
            return shown
        # Some bytes of a name may come with the next piece.
        seen = rest + connection.recv(_PIECE)
        shown += seen.count(_EVENT)
        rest = seen[-len(_EVENT) + 1 :]


_PIECE = 64 << 10
_EVENT = b"event: exchange"


def _get(port: int, path: str) -> dict[str, list[dict[str, str]]]:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    with contextlib.closing(connection):
        connection.request("GET", path)
        found: dict[str, list[dict[str, str]]] = json.loads(connection.getresponse().read())
        return found


if __name__ == "__main__":
    print(_read_news(int(sys.argv[1])), flush=True)
