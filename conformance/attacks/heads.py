"""Heads of requests without an end."""

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, suppress

from conformance.attacks.attack import CLOSED, SECONDS, Attack, Send, Way, http2

_MEGABYTE = 1_000_000
_REFUSED = frozenset({400, 413, 414, 431, CLOSED})
"""A status that says what is too large, or the connection closed."""

_START = b"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer sk-attack-heads\r\n"


def _sending(first: bytes, piece: bytes, megabytes: int, last: bytes = b"\r\n\r\n", *, tls: bool = False) -> Send:
    def pieces() -> Iterator[bytes]:
        yield first
        for _ in range(megabytes * _MEGABYTE // len(piece)):
            yield piece
        yield last

    def send(way: Way) -> Iterable[int]:
        way.begin()
        if not tls:
            return [way.send(pieces())]
        with closing(way.tls(alpn="http/1.1")) as connection:
            with suppress(OSError):
                for each in pieces():
                    connection.sendall(each)
            with suppress(OSError, IndexError):
                return [int(connection.recv(1 << 16).split()[1])]
        return [CLOSED]

    return send


def _many_connections(way: Way) -> Iterable[int]:
    """Open 300 connections, and send half a megabyte of a head on each, without an end."""
    way.begin()
    head = _START + b"X-Long: " + b"a" * (_MEGABYTE // 2)
    with way.unread([head] * 300):
        time.sleep(SECONDS / 5)
    return []


def _by_http2(*, pieces: int, size: int, streams: int) -> Send:
    """Send heads of HTTP/2 that go on in CONTINUATION frames, and never end."""

    def send(way: Way) -> Iterable[int]:
        with way.tls(alpn="h2") as connection:
            speaking = http2(connection)
            del speaking
            way.begin()
            # A literal header without indexing (RFC 7541, 6.2.2), its value cut into frames that do not end the head.
            for stream in range(1, 2 * streams, 2):
                with suppress(OSError):
                    connection.sendall(_frame(0x1, stream, b"\x00\x01a\x7f\xff\xff\xff\x7f"))
                    for _ in range(pieces):
                        connection.sendall(_frame(0x9, stream, b"a" * size))
            time.sleep(SECONDS / 10)
        return []

    return send


def _frame(kind: int, stream: int, content: bytes) -> bytes:
    """Return a frame of HTTP/2 without flags (RFC 9113, 4.1)."""
    return len(content).to_bytes(3) + bytes((kind, 0)) + stream.to_bytes(4) + content


_LINE = b"X-Some-Header: " + b"a" * 900 + b"\r\n"

_SENDS: Mapping[str, tuple[str, Send]] = {
    "300 MB of headers": ("headers of 900 letters, 300 MB of them", _sending(_START, _LINE, 300)),
    "300 MB of one header": (
        "one header of 300 MB",
        _sending(_START + b"X-Long: ", b"a" * _MEGABYTE, 300),
    ),
    "50 MB of empty headers": ("headers of one letter, 50 MB of them", _sending(_START, b"a:\r\n" * 10_000, 50)),
    "300 MB of headers by TLS": ("the same through CONNECT and TLS", _sending(_START, _LINE, 300, tls=True)),
    "a request line of 200 MB": (
        "a path of 200 MB",
        _sending(b"GET /", b"a" * _MEGABYTE, 200, b" HTTP/1.1\r\n\r\n"),
    ),
    "a CONNECT of 200 MB": (
        "CONNECT with a name of 200 MB",
        _sending(b"CONNECT ", b"a" * _MEGABYTE, 200, b":443 HTTP/1.1\r\n\r\n"),
    ),
    "blank lines before a request": (
        "200 MB of blank lines",
        _sending(b"\r\n", b"\r\n" * 100_000, 200, _START + b"\r\n"),
    ),
    "a chunk's size of 100 MB": (
        "a body in chunks, whose first size never ends",
        _sending(_START + b"Transfer-Encoding: chunked\r\n\r\n", b"0" * _MEGABYTE, 100),
    ),
    "trailers of 100 MB": (
        "a body in chunks, with trailers of 100 MB",
        _sending(_START + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n", _LINE, 100),
    ),
    "chunks of one byte": (
        "a body of 5 MB, each byte a chunk of its own",
        _sending(_START + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n" * 10_000, 30, b"0\r\n\r\n"),
    ),
    "300 heads without an end": ("half a megabyte of a head on each of 300 connections", _many_connections),
    "a head of HTTP/2 without an end": (
        "CONTINUATION frames, 100 MB of them",
        _by_http2(pieces=6_000, size=16_000, streams=1),
    ),
    "empty CONTINUATION frames": ("100 000 empty CONTINUATION frames", _by_http2(pieces=100_000, size=0, streams=1)),
}

ATTACKS: Mapping[str, Attack] = {
    name: Attack(
        sends=sends, send=send, answers=_REFUSED | ({200} if name == "blank lines before a request" else set())
    )
    for name, (sends, send) in _SENDS.items()
}
"""By name."""
