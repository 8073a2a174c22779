"""In a burst of connections, those with different keys are served in turn."""

import asyncio
import socket
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.patience import SECONDS
from tests.wire_real.proxies import Playing, proxying

_BURST = 200


@pytest.mark.parametrize("place", [0, _BURST // 2, _BURST])
async def test_a_client_that_connects_in_a_burst_of_another_is_served_before_most_of_it(
    certs: Path, place: int
) -> None:
    answerer = Playing()
    many = _request("many")
    async with proxying(answerer, certs) as (proxy, _):
        with ExitStack() as connections:
            # The server is in this very event loop, so it accepts none of them before all have asked.
            clients = [
                connections.enter_context(socket.create_connection(("127.0.0.1", proxy.port)))
                for _ in range(_BURST + 1)
            ]
            for number, client in enumerate(clients):
                client.sendall(_request("one") if number == place else many)
            await asyncio.gather(*(_read_answer(client) for client in clients))

    keys = [request.headers["authorization"].removeprefix("Bearer ") for request in answerer.asked]
    assert len(keys) == _BURST + 1
    assert keys.index("one") < _BURST / 5


async def test_a_client_without_a_key_is_served_before_most_of_a_burst_of_others(certs: Path) -> None:
    answerer = Playing()
    async with proxying(answerer, certs) as (proxy, _):
        with ExitStack() as connections:
            clients = [
                connections.enter_context(socket.create_connection(("127.0.0.1", proxy.port)))
                for _ in range(_BURST + 1)
            ]
            for client in clients[:-1]:
                client.sendall(_request("many"))
            clients[-1].sendall(b"GET /readyz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            await asyncio.gather(*(_read_answer(client) for client in clients))

    assert [request.path for request in answerer.asked].index("/readyz") < _BURST / 5


def _request(key: str) -> bytes:
    return f"GET /v1/models HTTP/1.1\r\nHost: api.openai.com\r\nAuthorization: Bearer {key}\r\n\r\n".encode()


async def _read_answer(client: socket.socket) -> None:
    client.settimeout(0)
    async with asyncio.timeout(SECONDS):
        assert (await asyncio.get_running_loop().sock_recv(client, 64)).startswith(b"HTTP/1.1 200")
