"""Clients that speak HTTP over a real socket in every way that the port takes, and note when each piece arrives."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import h2.config
import h2.connection
import h2.events
import h11

from tests.patience import SECONDS

Way = Literal["connect", "connect plain", "absolute", "origin", "tls"]
Version = Literal["1.0", "1.1", "2"]
Headers = Iterable[tuple[str, str]]

OPENAI = "api.openai.com"
EACH_WAY: list[tuple[Way, Version]] = [
    ("connect", "1.1"),
    ("connect", "2"),
    ("connect plain", "1.1"),
    ("absolute", "1.1"),
    ("origin", "1.1"),
    ("tls", "1.1"),
]


@dataclass(frozen=True, kw_only=True)
class Proxy:
    """Where to connect, and whom to trust."""

    port: int
    ca: Path
    host: str = "127.0.0.1"


@dataclass(kw_only=True)
class Answer:
    """What came back."""

    status: int = 0
    headers: list[tuple[str, str]] = field(default_factory=list)
    pieces: list[tuple[float, bytes]] = field(default_factory=list)
    """Each piece of the body with the time at which it came."""
    ended: Literal["whole", "cut", "reset"] = "whole"

    @property
    def body(self) -> bytes:
        """The whole body."""
        return b"".join(piece for _, piece in self.pieces)

    def came(self, mark: bytes) -> float:
        """Return when a mark had come. Pieces that are late may come joined."""
        begun = b""
        for at, piece in self.pieces:
            begun += piece
            if mark in begun:
                return at
        raise ValueError(f"{mark!r} did not come")

    def header(self, name: str) -> str | None:
        """Return the value of a header."""
        return next((value for key, value in self.headers if key.lower() == name), None)


@dataclass(frozen=True, kw_only=True)
class Question:
    """A request."""

    method: str = "GET"
    path: str = "/v1/models"
    host: str = OPENAI
    """As the request names it; where the connection leads is another matter."""
    headers: Headers = ()
    body: bytes = b""

    def as_h1(self, version: Version = "1.1", *, absolute: bool = False) -> bytes:
        """Spell it letter for letter."""
        target = f"http://{self.host}{self.path}" if absolute else self.path
        fields = [("Host", self.host), *self.headers]
        if self.body and not {name.lower() for name, _ in fields} & {"content-length", "transfer-encoding"}:
            fields.append(("Content-Length", str(len(self.body))))
        lines = [f"{self.method} {target} HTTP/{version}", *(f"{name}: {value}" for name, value in fields), "", ""]
        return "\r\n".join(lines).encode() + self.body

    def as_h2(self) -> list[tuple[str, str]]:
        """Return its head for HTTP/2."""
        pseudo = [(":method", self.method), (":scheme", "https"), (":authority", self.host), (":path", self.path)]
        return [*pseudo, *((name.lower(), value) for name, value in self.headers)]


@asynccontextmanager
async def connected(
    proxy: Proxy, way: Way, *, host: str = OPENAI, sni: str | None = None, alpn: str = "http/1.1"
) -> AsyncIterator["tuple[asyncio.StreamReader, asyncio.StreamWriter]"]:
    """Open a connection on which a request in this way can be sent next."""
    async with asyncio.timeout(SECONDS):
        reader, writer = await asyncio.open_connection(proxy.host, proxy.port)
        try:
            if way in {"connect", "connect plain"}:
                await open_tunnel(reader, writer, f"{host}:{80 if way == 'connect plain' else 443}")
            if way in {"connect", "tls"}:
                await writer.start_tls(trusting(proxy.ca, alpn), server_hostname=sni or host)
            yield reader, writer
        finally:
            writer.transport.abort()


async def open_tunnel(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, target: str) -> None:
    """Ask for a tunnel; raises ConnectionRefusedError with the status line if there is none."""
    writer.write(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode())
    head = await reader.readuntil(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200 "):
        raise ConnectionRefusedError(head.split(b"\r\n")[0].decode())


def trusting(ca: Path, *alpn: str) -> ssl.SSLContext:
    """Return a strict client's TLS settings that trust one authority."""
    context = ssl.create_default_context(cafile=str(ca))
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    context.set_alpn_protocols(list(alpn))
    return context


async def negotiate(proxy: Proxy, *alpn: str) -> str | None:
    """Return the protocol that is chosen of those that a client offers, in its order."""
    async with asyncio.timeout(SECONDS):
        reader, writer = await asyncio.open_connection(proxy.host, proxy.port)
        try:
            await open_tunnel(reader, writer, f"{OPENAI}:443")
            await writer.start_tls(trusting(proxy.ca, *alpn), server_hostname=OPENAI)
            chosen: str | None = writer.get_extra_info("ssl_object").selected_alpn_protocol()
            return chosen
        finally:
            writer.transport.abort()


async def ask(  # noqa: PLR0913 - a request has as many parts
    proxy: Proxy,
    way: Way = "connect",
    version: Version = "1.1",
    *,
    method: str = "POST",
    path: str = "/v1/chat/completions",
    host: str = OPENAI,
    sni: str | None = None,
    headers: Headers = (),
    body: bytes = b"",
) -> Answer:
    """Send one request on a connection of its own and take the whole answer."""
    question = Question(method=method, path=path, host=host, headers=headers, body=body)
    async with connected(proxy, way, host=host, sni=sni, alpn="h2" if version == "2" else "http/1.1") as streams:
        if version == "2":
            return await _ask_h2(*streams, question)
        return await ask_h1(*streams, question, version=version, absolute=way == "absolute")


async def ask_h1(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    question: Question,
    *,
    version: Version = "1.1",
    absolute: bool = False,
) -> Answer:
    """Send one request on an open connection, letter for letter, and take the answer."""
    writer.write(question.as_h1(version, absolute=absolute))
    return await read_h1(reader, method=question.method)


async def read_records(proxy: Proxy, way: Way, version: Version, *, until: bytes) -> list[bytes]:
    """Ask, and return the records of TLS up to the one with these bytes.

    Each is one write of the server, however the network joins them.
    """
    question, trusted = Question(), trusting(proxy.ca, "h2" if version == "2" else "http/1.1")
    asked = _start_h2(question)[0].data_to_send() if version == "2" else question.as_h1()
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = trusted.wrap_bio(incoming, outgoing, server_hostname=OPENAI)
    records = [b""]
    async with asyncio.timeout(SECONDS):
        reader, writer = await asyncio.open_connection(proxy.host, proxy.port)
        try:
            if way == "connect":
                await open_tunnel(reader, writer, f"{OPENAI}:443")
            while until not in records[-1]:
                try:
                    tls.do_handshake()
                    tls.write(asked)
                    asked = b""
                    records.append(tls.read(1 << 16))
                except ssl.SSLWantReadError:
                    writer.write(outgoing.read())
                    head = await reader.readexactly(5)
                    incoming.write(head + await reader.readexactly(int.from_bytes(head[3:])))
        finally:
            writer.transport.abort()
    return records


async def read_h1(reader: asyncio.StreamReader, *, method: str = "POST") -> Answer:
    """Take an answer in HTTP/1."""
    parser = h11.Connection(h11.CLIENT)
    parser.send(h11.Request(method=method, target="/", headers=[("Host", "x"), ("Content-Length", "0")]))
    parser.send(h11.EndOfMessage())
    answer = Answer()
    try:
        while True:
            match parser.next_event():
                case h11.NEED_DATA:
                    parser.receive_data(await reader.read(65536))
                case h11.Response(status_code=status, headers=received):
                    answer.status = status
                    answer.headers = [(name.decode(), value.decode()) for name, value in received.raw_items()]
                case h11.Data(data=piece):
                    answer.pieces.append((time.monotonic(), bytes(piece)))
                case h11.EndOfMessage():
                    return answer
                case _:
                    pass
    except h11.RemoteProtocolError:
        answer.ended = "cut"
    except ConnectionResetError:
        answer.ended = "reset"
    return answer


async def _ask_h2(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, question: Question) -> Answer:
    connection, stream = begin_h2(writer, question)
    answer = Answer()
    try:
        while data := await reader.read(65536):
            for event in connection.receive_data(data):
                if take_h2(connection, event, answer) == stream:
                    return answer
            writer.write(connection.data_to_send())
    except ConnectionResetError:
        answer.ended = "reset"
    else:
        answer.ended = "cut"
    return answer


def begin_h2(writer: asyncio.StreamWriter, question: Question) -> tuple[h2.connection.H2Connection, int]:
    """Open HTTP/2 and send a request on its first stream."""
    connection, stream = _start_h2(question)
    writer.write(connection.data_to_send())
    return connection, stream


def _start_h2(question: Question) -> tuple[h2.connection.H2Connection, int]:
    connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True, header_encoding="utf-8"))
    connection.initiate_connection()
    stream = connection.get_next_available_stream_id()
    connection.send_headers(stream, question.as_h2(), end_stream=not question.body)
    if question.body:
        connection.send_data(stream, question.body, end_stream=True)
    return connection, stream


def take_h2(connection: h2.connection.H2Connection, event: h2.events.Event, answer: Answer) -> int | None:
    """Take one event into the answer; return the stream that it ended."""
    match event:
        case h2.events.ResponseReceived(headers=headers):
            pairs = [(str(name), str(value)) for name, value in headers or ()]
            answer.status = int(dict(pairs)[":status"])
            answer.headers = [(name, value) for name, value in pairs if not name.startswith(":")]
        case h2.events.DataReceived(data=data, stream_id=stream, flow_controlled_length=length):
            connection.acknowledge_received_data(length or 0, stream or 0)
            if data:
                answer.pieces.append((time.monotonic(), data))
        case h2.events.StreamEnded(stream_id=stream):
            return stream
        case h2.events.StreamReset(stream_id=stream):
            answer.ended = "cut"
            return stream
        case h2.events.ConnectionTerminated():
            answer.ended = "cut"
        case _:
            pass
    return None


def client_hello(name: str | None) -> bytes:
    """Return the first message of a TLS handshake that names a host, or none."""
    sent = ssl.MemoryBIO()
    context = ssl.create_default_context()
    context.check_hostname = False
    client = context.wrap_bio(ssl.MemoryBIO(), sent, server_hostname=name)
    with suppress(ssl.SSLWantReadError):
        client.do_handshake()
    return sent.read()
