"""A hub that has one file, and can give it whole or not at all."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import override

_REVISION = "0123456789abcdef0123456789abcdef01234567"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hub:
    """A hub that answers on this machine."""

    url: str
    revision: str = _REVISION
    asked: list[tuple[str, str, str | None]] = field(default_factory=list)
    """Method, path and credentials of each request."""


@contextmanager
def hub_with(content: bytes, *, status: int = 200) -> Iterator[Hub]:
    """Run a hub that answers for every path with the content, or with a status and nothing."""
    asked: list[tuple[str, str, str | None]] = []

    class Answering(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            self._begin()

        def do_GET(self) -> None:
            self._begin()
            if status == 200:
                self.wfile.write(content)

        def _begin(self) -> None:
            asked.append((self.command, self.path, self.headers["Authorization"]))
            self.send_response(status)
            self.send_header("X-Repo-Commit", _REVISION)
            self.send_header("ETag", f'"{sha256(content).hexdigest()}"')
            self.send_header("Content-Length", str(len(content) if status == 200 else 0))
            self.end_headers()

        @override
        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        try:
            yield Hub(url=f"http://127.0.0.1:{server.server_port}", asked=asked)
        finally:
            server.shutdown()
            serving.join()
