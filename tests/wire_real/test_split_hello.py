"""With whom a client speaks is decided when it has said it, in however many pieces that comes."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.wire_real.clients import OPENAI, open_tunnel
from tests.wire_real.proxies import Elsewhere, Playing, elsewhere, proxying

_PLAIN = f"GET /v1/models HTTP/1.1\r\nHost: {OPENAI}\r\n\r\n".encode()


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while received := await reader.read(65536):
        writer.write(received)


@pytest.fixture
async def network(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Elsewhere]:
    async with elsewhere(monkeypatch, _echo) as seen:
        yield seen


def _hello(name: str) -> bytes:
    sent = ssl.MemoryBIO()
    client = ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), sent, server_hostname=name)
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    return sent.read()


async def _sent_in_two(certs: Path, port: int, sent: bytes, first: int, *, most: int = 16) -> bytes:
    """Send something through a tunnel to an address, in two pieces; return the beginning of what comes back.

    No resolver stands between an address and its server, so it is the stand-in's own.
    """
    async with proxying(Playing(), certs) as (proxy, _):
        reader, writer = await asyncio.open_connection(proxy.host, proxy.port)
        try:
            await open_tunnel(reader, writer, f"127.0.0.1:{port}")
            writer.write(sent[:first])
            await asyncio.sleep(0.05)
            writer.write(sent[first:])
            return await reader.readexactly(most)
        finally:
            writer.transport.abort()


@pytest.mark.parametrize("first", [1, 2, 3, 5, 9, 100])
async def test_a_handshake_for_openai_in_two_pieces_is_answered_and_nothing_is_dialled(
    network: Elsewhere, certs: Path, first: int
) -> None:
    came = await _sent_in_two(certs, network.port, _hello(OPENAI), first)

    assert came.startswith(b"\x16\x03")
    assert network.connections == []


@pytest.mark.parametrize("first", [1, 2, 3, 4, 10, 22, 25, 35])
async def test_a_plain_request_for_openai_in_two_pieces_is_answered_and_nothing_is_dialled(
    network: Elsewhere, certs: Path, first: int
) -> None:
    came = await _sent_in_two(certs, network.port, _PLAIN, first)

    assert came.startswith(b"HTTP/1.1 200")
    assert network.connections == []


@pytest.mark.parametrize("first", [1, 2, 3, 5, 9, 100])
async def test_a_handshake_for_another_host_in_two_pieces_is_passed_on_whole(
    network: Elsewhere, certs: Path, first: int
) -> None:
    hello = _hello("other.test")

    assert await _sent_in_two(certs, network.port, hello, first, most=len(hello)) == hello
    assert len(network.connections) == 1
