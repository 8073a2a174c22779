"""After a burst of connections, the newest and the oldest are served in turn."""

import asyncio
import socket
from contextlib import ExitStack
from pathlib import Path

from llemulator_addon.adapters.mitmproxy.internals.accepting import NewestAndOldest
from tests.wire_real.clients import SECONDS
from tests.wire_real.proxies import Playing, proxying

_BURST = 200


def test_the_newest_and_the_oldest_are_taken_in_turn() -> None:
    waiting = NewestAndOldest[int]()
    for number in range(6):
        waiting.add(number)

    assert list(waiting.take(3)) == [5, 0, 4]
    assert list(waiting.take(9)) == [1, 3, 2]
    assert len(waiting) == 0


async def test_a_client_that_connects_right_after_a_burst_is_served_before_most_of_it(certs: Path) -> None:
    answerer = Playing()
    async with proxying(answerer, certs) as (proxy, _):
        with ExitStack() as connections:
            # The server is in this very event loop, so it accepts none of them before all have asked.
            clients = [
                connections.enter_context(socket.create_connection(("127.0.0.1", proxy.port))) for _ in range(_BURST)
            ]
            for number, client in enumerate(clients):
                client.sendall(_request(f"client-{number}"))
            await asyncio.gather(*(_read_answer(client) for client in clients))

    keys = [request.headers["authorization"].removeprefix("Bearer ") for request in answerer.asked]
    assert len(set(keys)) == _BURST
    assert keys.index(f"client-{_BURST - 1}") < _BURST / 5
    assert keys.index("client-0") < _BURST / 5


def _request(key: str) -> bytes:
    return f"GET /v1/models HTTP/1.1\r\nHost: api.openai.com\r\nAuthorization: Bearer {key}\r\n\r\n".encode()


async def _read_answer(client: socket.socket) -> None:
    client.settimeout(0)
    async with asyncio.timeout(SECONDS):
        assert (await asyncio.get_running_loop().sock_recv(client, 64)).startswith(b"HTTP/1.1 200")
