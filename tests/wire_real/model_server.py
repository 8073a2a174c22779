"""A small OpenAI-compatible server in a process of its own, as llama.cpp or Ollama are: what an upstream is tried with.

It knows nothing of this project. What it does goes by the model that is asked: see `_Server`.
"""

import json
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, override

GAP = 0.05
"""Seconds between two chunks of a stream."""
_SECONDS = 300
WORDS = ("Real", " words", " of", " a", " model", ".")


@dataclass(frozen=True, kw_only=True)
class ModelServer:
    """One that runs."""

    port: int
    certificate: Path | None = None

    @property
    def url(self) -> str:
        """Its base URL."""
        return f"{'https' if self.certificate else 'http'}://localhost:{self.port}/v1"

    def seen(self) -> list[dict[str, Any]]:
        """Return the requests that came, and which of their clients left before the end."""
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(
            f"{self.url}/seen", timeout=_SECONDS
        ) as answer:
            found: list[dict[str, Any]] = json.load(answer)
        return found

    def asked(self, before: int) -> None:
        """Wait until another request has come than there were before."""
        until = time.monotonic() + _SECONDS
        while len(self.seen()) == before and time.monotonic() < until:
            time.sleep(GAP)

    def left(self) -> bool:
        """Wait until the last request's client has left; whether it has, after some patience."""
        until = time.monotonic() + _SECONDS
        while not self.seen()[-1]["left"]:
            if time.monotonic() > until:
                return False
            time.sleep(GAP)
        return True


@contextmanager
def serving(certificate: Path | None = None) -> Iterator[ModelServer]:
    """Run one on a free port, with TLS where a certificate and its key are given in one file."""
    command = [sys.executable, __file__, *([str(certificate)] if certificate else [])]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    try:
        with process.stdout as said:
            yield ModelServer(port=int(said.readline()), certificate=certificate)
    finally:
        process.kill()
        process.wait()


class _Server(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    seen: "list[dict[str, Any]]" = []  # noqa: RUF012 - of the process

    def do_GET(self) -> None:
        self._json(200, self.seen)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        asked = json.loads(body) if body.startswith(b"{") else {}
        noted = {"path": self.path, "headers": dict(self.headers.items()), "body": body.decode(), "left": False}
        self.seen.append(noted)
        match asked.get("model"):
            case "no-such-model":
                self._json(404, {"error": {"message": "this server has no such model", "type": "not_found"}})
            case "redirecting":
                self._json(307, {}, location="https://elsewhere.test/v1")
            case "dying":
                self._die()
            case "silent":
                self._wait_for_the_end(noted)
            case "with-cookies":
                self._json(200, {"said": "ok"}, **{"set-cookie": "a=b", "x-request-id": "theirs", "alt-svc": "h3"})
            case "for-its-own-pages":
                self._json(200, {"said": "ok"}, **{"access-control-allow-origin": "http://127.0.0.1"})
            case model if self.path.endswith("/embeddings"):
                self._json(200, {"model": model, "data": [{"index": 0, "embedding": [0.25, 0.5]}]})
            case model if asked.get("stream"):
                self._stream(str(model), noted)
            case model:
                self._json(200, _whole(str(model)))

    def _stream(self, model: str, noted: dict[str, Any]) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        words = WORDS * 100 if model == "endless" else WORDS
        try:
            for number, word in enumerate(words):
                if model == "breaking" and number == 2:
                    self._die()
                    return
                self._event({"model": model, "choices": [{"index": 0, "delta": {"content": word}}]})
                time.sleep(3600 if model == "stalling" and number == 1 else GAP)
            self._event({"model": model, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
            self._chunk(b"data: [DONE]\n\n")
            self._chunk(b"")
        except OSError:
            noted["left"] = True
            self.close_connection = True

    def _event(self, more: dict[str, Any]) -> None:
        chunk = {"id": "chatcmpl-real", "object": "chat.completion.chunk", "created": 1, **more}
        self._chunk(b"data: %b\n\n" % json.dumps(chunk).encode())

    def _chunk(self, piece: bytes) -> None:
        self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        self.wfile.flush()

    def _wait_for_the_end(self, noted: dict[str, Any]) -> None:
        noted["left"] = self.connection.recv(1) == b""
        self.close_connection = True

    def _die(self) -> None:
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def _json(self, status: int, value: object, **headers: str) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        for name, text in {"content-type": "application/json", "content-length": str(len(body)), **headers}.items():
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(body)

    @override
    def log_message(self, format: str, *args: object) -> None:
        pass


def _whole(model: str) -> dict[str, Any]:
    message = {"role": "assistant", "content": "".join(WORDS)}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    usage = {"prompt_tokens": 1, "completion_tokens": 6, "total_tokens": 7}
    return {
        "id": "chatcmpl-real",
        "object": "chat.completion",
        "created": 1,
        "model": model,
        "choices": [choice],
        "usage": usage,
    }


if __name__ == "__main__":
    ThreadingHTTPServer.request_queue_size = 1024
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Server)
    for file in sys.argv[1:]:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    threading.Event().wait()
