"""Clients that do not read what they asked for, and upstreams that say more than anybody reads."""

import socket
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress

from conformance.attacks.attack import SECONDS, Attack, Send, Way, chat, http2, posting

_CHAT = "/v1/chat/completions"
_ANY = frozenset({200, 502, 503, 429})
_PIECE = b"data: " + b"a" * 65_000 + b"\n\n"


def _streams(clients: int, letters: int) -> Send:
    """Have many clients ask for a stream of some 60 bytes for each letter, and read nothing of it."""
    token = "sk-attack-unread"

    def send(way: Way) -> Iterable[int]:
        way.load({"responses": "a b " * (letters // 4)}, token=token)
        request = posting(_CHAT, chat("Hello", stream=True), token=token)
        way.begin()
        with way.unread([request] * clients):
            time.sleep(SECONDS / 2)
        return []

    return send


def _echoes(clients: int, size: int) -> Send:
    """Have many clients send a long text to echo, and read nothing of the answer."""

    def send(way: Way) -> Iterable[int]:
        request = posting(_CHAT, chat("word " * (size // 5)), token="sk-attack-unread-echo")
        way.begin()
        with way.unread([request] * clients):
            time.sleep(SECONDS / 2)
        return []

    return send


def _journals(way: Way) -> Iterable[int]:
    """Ask many times for a full journal, and read nothing."""
    token = "sk-attack-unread-journal"
    for _ in range(60):
        way.post(_CHAT, chat("word " * 50_000), token=token)
    head = f"GET /_emulator/requests?format=har HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n\r\n"
    way.begin()
    with way.unread([head.encode()] * 50):
        time.sleep(SECONDS / 2)
    return []


def _live(way: Way) -> Iterable[int]:
    """Watch a journal with many clients that do not read, while it fills."""
    token = "sk-attack-unread-live"
    head = f"GET /_emulator/requests/live HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n\r\n"
    request = posting(_CHAT, chat("word " * 50_000), token=token)
    way.begin()
    with way.unread([head.encode()] * 50):
        return [way.send(request) for _ in range(60)]


def _http2_streams(way: Way) -> Iterable[int]:
    """Ask for a hundred long streams on one HTTP/2 connection, and never open its windows."""
    token = "sk-attack-unread-http2"
    way.load({"responses": "a b " * 160_000}, token=token)
    body = b'{"model": "gpt-4o", "stream": true, "messages": [{"role": "user", "content": "Hello"}]}'
    with way.tls(alpn="h2") as connection:
        speaking = http2(connection)
        head = {
            ":method": "POST",
            ":authority": "api.openai.com",
            ":scheme": "https",
            ":path": _CHAT,
            "authorization": f"Bearer {token}",
            "content-type": "application/json",
        }
        for number in range(100):
            speaking.send_headers(2 * number + 1, list(head.items()))
            speaking.send_data(2 * number + 1, body, end_stream=True)
        way.begin()
        connection.sendall(speaking.data_to_send())
        time.sleep(SECONDS / 2)
    return []


def _flood(first: bytes, piece: bytes, clients: int, *, stream: bool) -> Send:
    """Have an upstream that says the same for ever, and clients that do not read it."""
    token = "sk-attack-unread-upstream"

    def send(way: Way) -> Iterable[int]:
        with _upstream(first, piece) as port:
            upstream = f"http://127.0.0.1:{port}/v1"
            way.load({"upstream": upstream, "defaults": {"on_unmatched": "upstream"}, "rules": []}, token=token)
            request = posting(_CHAT, chat("Hello", stream=stream), token=token)
            way.begin()
            with way.unread([request] * clients):
                time.sleep(SECONDS * 0.8)
        return []

    return send


@contextmanager
def _upstream(first: bytes, piece: bytes) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        over = threading.Event()

        def pour(connection: socket.socket) -> None:
            connection.settimeout(SECONDS)
            with connection, suppress(OSError):
                connection.recv(1 << 16)
                connection.sendall(first)
                while not over.is_set():
                    connection.sendall(piece)

        def accept() -> None:
            with suppress(OSError):
                while True:
                    threading.Thread(target=pour, args=(listener.accept()[0],), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1]
        over.set()


_HEAD = "HTTP/1.1 200 OK\r\nContent-Type: {}\r\nTransfer-Encoding: chunked\r\n\r\n"


def _chunked(piece: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(piece), piece)


_EVENTS = _HEAD.format("text/event-stream").encode()
_JSON = _HEAD.format("application/json").encode()

_SENDS: Mapping[str, tuple[str, Send]] = {
    "50 unread streams of 40 MB": ("fifty clients that do not read a stream of 40 MB", _streams(50, 300_000)),
    "500 unread streams of 4 MB": ("500 clients that do not read a stream of 4 MB", _streams(500, 30_000)),
    "50 unread echoes of 10 MB": (
        "fifty clients that do not read 10 MB that they sent",
        _echoes(50, 10_000_000),
    ),
    "50 unread journals": ("fifty clients that do not read a HAR of 15 MB", _journals),
    "50 unread live journals": ("fifty clients that do not read /_emulator/requests/live", _live),
    "100 unread streams of one connection": (
        "a hundred on one HTTP/2 connection, with closed windows",
        _http2_streams,
    ),
    "an upstream that floods": (
        "a stream without end for two clients that do not read",
        _flood(_EVENTS, _chunked(_PIECE), 2, stream=True),
    ),
    "an upstream that floods without events": (
        "a stream without any line's end",
        _flood(_EVENTS, _chunked(b"a" * 65_000), 2, stream=True),
    ),
    "an upstream that floods in one piece": (
        "JSON without end for two clients",
        _flood(_JSON, _chunked(b" " * 65_000), 2, stream=False),
    ),
    "an upstream whose head never ends": (
        "headers without end",
        _flood(b"HTTP/1.1 200 OK\r\n", b"X-Long: " + b"a" * 60_000 + b"\r\n", 2, stream=True),
    ),
}


ATTACKS: Mapping[str, Attack] = {
    name: Attack(sends=sends, send=send, answers=_ANY) for name, (sends, send) in _SENDS.items()
}
"""By name."""
