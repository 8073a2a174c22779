"""A hub that has one file, and sends for it to its store as Hugging Face's does; or does not give it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import override

_STORE = "/store/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hub:
    """A hub that answers on this machine."""

    url: str
    revision: str = "0123456789abcdef0123456789abcdef01234567"
    asked: list[tuple[str, str, str | None]] = field(default_factory=list)
    """Method, path and credentials of each request."""


@contextmanager
def hub_with(content: bytes, *, status: int = 200, until: int | None = None) -> Iterator[Hub]:
    """Run a hub that has this for every path, or refuses with a status; `until`: its store breaks off there."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Answering) as server:
        hub = Hub(url=f"http://127.0.0.1:{server.server_port}")
        server.RequestHandlerClass = type("Bound", (_Answering,), {"hub": hub, "has": (content, status, until)})
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        try:
            yield hub
        finally:
            server.shutdown()
            serving.join()


class _Answering(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: Hub
    has: tuple[bytes, int, int | None]

    def do_HEAD(self) -> None:
        self._begin()

    def do_GET(self) -> None:
        content, status, until = self.has
        self._begin()
        if self.path.startswith(_STORE) and status == 200:
            self.wfile.write(content[:until])
            self.close_connection = True

    def _begin(self) -> None:
        content, status, _ = self.has
        self.hub.asked.append((self.command, self.path, self.headers["Authorization"]))
        if self.path.startswith(_STORE):
            self._answer(200, {"Content-Length": str(len(content))})
        elif status == 200:
            # To another host: what the store answers is not asked of it beforehand.
            store = self.hub.url.replace("127.0.0.1", "localhost")
            self._answer(302, {**self._described(content), "Location": f"{store}{_STORE}0815"})
        else:
            self._answer(status, {})

    def _described(self, content: bytes) -> dict[str, str]:
        digest = sha256(content).hexdigest()
        return {
            "X-Repo-Commit": self.hub.revision,
            "X-Linked-Etag": f'"{digest}"',
            "X-Linked-Size": str(len(content)),
            # Another way to get it, which leads to hosts that are not here.
            "X-Xet-Hash": digest,
            "X-Xet-Refresh-Route": f"{self.hub.url}/api/xet-read-token",
        }

    def _answer(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": "0", **headers}.items():
            self.send_header(name, value)
        self.end_headers()

    @override
    def log_message(self, format: str, *args: object) -> None:
        pass
