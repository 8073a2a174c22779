"""Traces: what is left of the requests per second while a receiver of OTLP gets spans, metrics and lines of the log.

The sender has the core of the server, as in a container with one; its priority is low, so spans may be dropped.
"""

import statistics
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import override

from benchmarks.servers import Running, running

AT_LEAST = 0.85


@dataclass(frozen=True, slots=True, kw_only=True)
class Traced:
    """The requests per second with traces, and without."""

    on: float
    off: float
    ratio: float
    bytes_received: int


def measure(script: Path, rate: Callable[[Running], float], rounds: int) -> Traced:
    """Let two servers take turns; the median of the turns' ratios counts."""
    with _receiving() as (endpoint, lengths):
        variables = {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}
        with running(("llemulator",), script) as off, running(("llemulator",), script, **variables) as on:
            turns = [(rate(off["llemulator"]), rate(on["llemulator"])) for _ in range(rounds)]
    return Traced(
        on=statistics.median(seen for _, seen in turns),
        off=statistics.median(plain for plain, _ in turns),
        ratio=statistics.median(seen / plain for plain, seen in turns),
        bytes_received=sum(lengths),
    )


@contextmanager
def _receiving() -> Iterator[tuple[str, list[int]]]:
    """Take whatever comes; yield the address, and the lengths of what came."""
    lengths = list[int]()

    class Taking(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            lengths.append(len(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        @override
        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Taking) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", lengths
        finally:
            server.shutdown()
