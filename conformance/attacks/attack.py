"""What an attack is, and how it sends: raw bytes to a server on this machine, for a bounded time."""

import json
import os
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from typing import Any

import h2.config
import h2.connection
import h2.events
import httpx

SECONDS_VARIABLE = "ATTACK_SECONDS"
"""The environment variable that makes attacks shorter."""
SECONDS = float(os.environ.get(SECONDS_VARIABLE, "10"))
"""How long an attack goes on at most; then it leaves, whatever there is still to send or to read."""

CLOSED = 0
"""In place of a status: the server closed the connection without an answer."""
SILENT = -1
"""In place of a status: no answer came in the time."""

_PIECE = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """The way to the server that is attacked."""

    port: int
    begin: Callable[[], None]
    """Called once all is prepared: the clock runs from there."""

    def connect(self, seconds: float = SECONDS) -> socket.socket:
        """Open a connection that gives up after so long."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=seconds)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def post(self, path: str, body: object, *, token: str, headers: str = "", seconds: float = SECONDS) -> int:
        """Send a request of HTTP/1.1, read its answer to the end, and return its status."""
        return self.send(posting(path, body, token=token, headers=headers), seconds=seconds)

    def send(self, request: bytes | Iterable[bytes], *, seconds: float = SECONDS) -> int:
        """Send bytes, read what comes, and return the status."""
        deadline = time.monotonic() + seconds
        with closing(self.connect(seconds)) as connection:
            # Who refuses early reads no more.
            with suppress(OSError):
                for piece in [request] if isinstance(request, bytes) else request:
                    connection.settimeout(max(0.01, deadline - time.monotonic()))
                    connection.sendall(piece)
            return _status(connection, deadline)

    def load(self, script: object, *, token: str) -> None:
        """Load a script before the attack begins. Raises if it is not taken."""
        status = self.post("/_emulator/script", script, token=token, seconds=60)
        if status != httpx.codes.OK:
            raise RuntimeError(f"the script was answered with {status}")

    def post_by_http2(self, path: str, body: object, *, token: str, seconds: float = SECONDS) -> int:
        """Send a request of HTTP/2 through CONNECT and TLS, and return its status."""
        proxy = f"http://127.0.0.1:{self.port}"
        deadline = time.monotonic() + seconds
        headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
        status = SILENT
        with (
            suppress(httpx.HTTPError),
            httpx.Client(http2=True, proxy=proxy, verify=trusting(), trust_env=False, timeout=seconds) as client,
            client.stream("POST", f"https://api.openai.com{path}", content=written(body), headers=headers) as answer,
        ):
            status = answer.status_code
            for _ in answer.iter_raw():
                if time.monotonic() > deadline:
                    break
        return status

    @contextmanager
    def unread(self, requests: Iterable[bytes], *, seconds: float = SECONDS) -> Iterator[None]:
        """Send each request on a connection of its own, and read nothing of what is answered.

        A server may read no more for as long as nobody reads: what is not sent when the time is up is not.
        """
        connections = []
        deadline = time.monotonic() + seconds / 2
        try:
            for request in requests:
                connections.append(self.connect(max(0.01, deadline - time.monotonic())))
                with suppress(OSError):
                    connections[-1].sendall(request)
                if time.monotonic() > deadline:
                    break
            yield
        finally:
            for connection in connections:
                connection.close()

    def tls(self, *, alpn: str) -> ssl.SSLSocket:
        """Open a connection through CONNECT and TLS."""
        connection = self.connect()
        connection.sendall(b"CONNECT api.openai.com:443 HTTP/1.1\r\nHost: api.openai.com:443\r\n\r\n")
        connection.recv(_PIECE)
        context = trusting()
        context.set_alpn_protocols([alpn])
        return context.wrap_socket(connection, server_hostname="api.openai.com")


Send = Callable[[Way], Iterable[int]]
"""Attacks, and returns the statuses that it saw."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """One line of the table."""

    sends: str
    """What is sent, in words."""
    send: Send
    answers: frozenset[int]
    """The statuses that are right."""


def posting(path: str, body: object, *, token: str, headers: str = "") -> bytes:
    """Return a request as bytes; `headers` are whole lines."""
    content = written(body)
    return (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {token}\r\n{headers}Content-Length: {len(content)}\r\n\r\n"
    ).encode() + content


def written(body: object) -> bytes:
    """Return a body as it is sent: bytes as they are, anything else as JSON."""
    return body if isinstance(body, bytes) else json.dumps(body).encode()


def chat(text: object, **more: object) -> dict[str, object]:
    """Return the body of a chat request."""
    return {"model": "gpt-4o", "messages": [{"role": "user", "content": text}], **more}


def at_once(send: Callable[[int], int], times: int, *, width: int) -> list[int]:
    """Call with 0, 1, … in a few threads, and return what each returned; none begins once the time is up."""
    found: list[int] = []
    numbers, lock = count(), threading.Lock()
    deadline = time.monotonic() + SECONDS

    def work() -> None:
        while time.monotonic() < deadline:
            with lock:
                number = next(numbers)
            if number >= times:
                return
            with suppress(OSError):
                found.append(send(number))

    threads = [threading.Thread(target=work) for _ in range(width)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def trusting() -> ssl.SSLContext:
    """Trust anything: what is measured is the server."""
    trust = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trust.check_hostname = False
    trust.verify_mode = ssl.CERT_NONE
    return trust


def http2(connection: ssl.SSLSocket) -> h2.connection.H2Connection:
    """Begin HTTP/2 on a connection, without checks of what is sent: an attack sends what it wants."""
    checks: dict[str, Any] = {"validate_outbound_headers": False, "normalize_outbound_headers": False}
    speaking = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True, header_encoding=None, **checks))
    speaking.initiate_connection()
    connection.sendall(speaking.data_to_send())
    return speaking


def _status(connection: socket.socket, deadline: float) -> int:
    """Read to the end or until the time is up; return the status, if one came."""
    head = b""
    try:
        while time.monotonic() < deadline:
            connection.settimeout(max(0.01, deadline - time.monotonic()))
            piece = connection.recv(_PIECE)
            if not piece:
                return _status_in(head, CLOSED)
            head = head if b"\r\n" in head else head + piece
    except TimeoutError:
        return _status_in(head, SILENT)
    except OSError:
        return _status_in(head, CLOSED)
    return _status_in(head, SILENT)


def _status_in(head: bytes, otherwise: int) -> int:
    words = head.split(maxsplit=2)
    return int(words[1]) if len(words) > 1 and words[0].startswith(b"HTTP/") else otherwise
