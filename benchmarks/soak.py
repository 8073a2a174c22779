"""`make soak`: many requests through one process, whose memory must not grow.

They are a mix: chat completions, responses that go on with others, conversations, files and streams. A tenth of the
requests goes first: then journals, stored resources and sessions are full, and all that can be kept is kept. The
process, and Redis where it keeps the sessions, may take a tenth more memory at the end than they took then.
"""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import redis

from conformance.server import Server, running
from tests.store.redis_server import running_redis

_CONNECTIONS = 8
_GROWTH = 1.1
_LEAST = 100_000
"""Requests. With fewer, what can be kept is not yet kept after a tenth of them."""
_REQUESTS_OF_A_TOKEN = 1_000
_MODEL = "gpt-4o"


def main() -> int:
    """Run it, and return the exit status."""
    parser = argparse.ArgumentParser(description="many requests through one process, whose memory must not grow")
    parser.add_argument("--requests", type=int, default=1_000_000)
    parser.add_argument("--journals-size", default="8MiB", help="what journals may take, as the server's option")
    parser.add_argument("--stored-size", default="8MiB", help="what stored resources of all may take")
    parser.add_argument("--sessions-size", default="64KiB", help="what all sessions may take in addition to these")
    parser.add_argument(
        "--store",
        default="memory",
        help="memory; redis or sqlite, which are made for this; or the address of another store",
    )
    arguments = parser.parse_args()
    kept = {
        "journals": arguments.journals_size,
        "all-stored": arguments.stored_size,
        "sessions": arguments.sessions_size,
    }
    sizes = [part for name, size in kept.items() for part in (f"--{name}-size", size)]
    with _opened(arguments.store) as store, running("--store", store.address, *sizes) as server:
        return 0 if asyncio.run(_soak(server, store, arguments.requests)) else 1


# Measuring ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _OpenedStore:
    address: str
    measure: Callable[[], dict[str, float]] = dict
    """MiB, by what takes them."""


@contextmanager
def _opened(store: str) -> Iterator[_OpenedStore]:
    with TemporaryDirectory(prefix="llemulator-soak-") as folder:
        match store:
            case "sqlite":
                file = Path(folder, "sessions.db")
                yield _OpenedStore(address=f"sqlite:///{file}", measure=lambda: {"file": file.stat().st_size / 2**20})
            case "redis":
                with running_redis(Path(folder)) as server:
                    yield _OpenedStore(address=server.url, measure=lambda: {"Redis": _used(server.url)})
            case _ if store.startswith(("redis://", "rediss://")):
                yield _OpenedStore(address=store, measure=lambda: {"Redis": _used(store)})
            case _:
                yield _OpenedStore(address=store)


def _used(url: str) -> float:
    """Return the memory in MiB that Redis uses."""
    with redis.Redis.from_url(url) as client:
        info: Any = client.info("memory")
    return float(info["used_memory"]) / 2**20


def resident_mebibytes(server: Server) -> float:
    """Return the server's resident memory in MiB."""
    status = Path("/proc", str(server.pid), "status").read_text("ascii")
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


async def _soak(server: Server, store: _OpenedStore, requests: int) -> bool:
    asked, begin, taken = count(1), time.monotonic(), list[dict[str, float]]()
    done = 0
    for tenth in range(1, 11):
        done = await _ask(server, asked, tenth * requests // 10)
        taken.append({"llemulator": resident_mebibytes(server), **store.measure()})
        told = ", ".join(f"{name} {size:.1f} MiB" for name, size in taken[-1].items())
        print(f"{done:>9} requests: {told}, {done / (time.monotonic() - begin):.0f} a second", flush=True)
    grown = {name: _growth(name, [each[name] for each in taken]) for name in taken[0]}
    told = ", ".join(f"{name} {growth:.3f}" for name, growth in grown.items())
    print(f"growth: {told}; at most {_GROWTH}")
    if requests < _LEAST:
        print(f"no verdict with fewer than {_LEAST} requests: a tenth of them does not fill what can be kept")
        return True
    # A file of SQLite keeps its largest size.
    return all(growth <= _GROWTH for name, growth in grown.items() if name != "file")


def _growth(name: str, sizes: Sequence[float]) -> float:
    if name == "llemulator":
        return sizes[-1] / sizes[0]
    # A store drops what is too much now and then, so its highest levels are compared.
    return max(sizes[5:]) / max(sizes[:5])


# Asking ---------------------------------------------------------------------------------------------------------------


async def _ask(server: Server, asked: Iterator[int], until: int) -> int:
    """Play scenes until that many requests were sent, and return how many were."""
    clients = [_Client(server.port, asked) for _ in range(_CONNECTIONS)]
    await asyncio.gather(*(client.play(until) for client in clients))
    return max(client.last for client in clients)


class _Client:
    """One connection, on which scenes are played one after the other."""

    def __init__(self, port: int, asked: Iterator[int]) -> None:
        self._port = port
        self._asked = asked
        self.last = 0
        """The number of its last request, among those of all."""

    async def play(self, until: int) -> None:
        """Play scenes until enough was asked."""
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        while self.last < until:
            await _SCENES[self.last % len(_SCENES)](self)
        self._writer.close()
        await self._writer.wait_closed()

    async def post(self, path: str, body: object) -> Any:  # noqa: ANN401 - JSON
        """Send JSON, and return the answer."""
        return json.loads(await self.send("POST", path, json.dumps(body).encode()))

    async def send(
        self, method: str, path: str, body: bytes = b"", content_type: str = "application/json", token: str = ""
    ) -> bytes:
        """Send a request, and return the body of its answer, which must be 200."""
        self.last = next(self._asked)
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {content_type}\r\n"
            f"Authorization: Bearer {token or self.token}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        self._writer.write(head.encode() + body)
        answered = await self._reader.readuntil(b"\r\n\r\n")
        found = await self._read_body(answered.lower())
        assert b" 200 " in answered.partition(b"\r\n")[0], answered + found
        return found

    @property
    def token(self) -> str:
        """The token of this time: it changes now and then."""
        return f"sk-soak-{self.last // _REQUESTS_OF_A_TOKEN}"

    async def _read_body(self, head: bytes) -> bytes:
        if b"content-length: " in head:
            return await self._reader.readexactly(int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0]))
        body = b""
        while size := int(await self._reader.readline(), 16):
            body += await self._reader.readexactly(size)
            await self._reader.readline()
        await self._reader.readline()
        return body


async def _chat(client: _Client) -> None:
    asked = {"model": _MODEL, "messages": [{"role": "user", "content": f"Is it raining in town {client.last}?"}]}
    for _ in range(4):
        await client.post("/v1/chat/completions", asked)
    streamed = await client.send("POST", "/v1/chat/completions", json.dumps({**asked, "stream": True}).encode())
    assert streamed.endswith(b"data: [DONE]\n\n")


async def _store_chat(client: _Client) -> None:
    asked = {"model": _MODEL, "messages": [{"role": "user", "content": f"Keep {client.last}."}], "store": True}
    token = client.token
    kept = json.loads(await client.send("POST", "/v1/chat/completions", json.dumps(asked).encode(), token=token))
    await client.send("GET", f"/v1/chat/completions/{kept['id']}", token=token)


async def _respond(client: _Client) -> None:
    token, asked = client.token, {"model": _MODEL, "input": f"Tell me about number {client.last}."}
    made = json.loads(await client.send("POST", "/v1/responses", json.dumps(asked).encode(), token=token))
    further = json.dumps({**asked, "previous_response_id": made["id"], "stream": True}).encode()
    streamed = await client.send("POST", "/v1/responses", further, token=token)
    assert b"response.completed" in streamed
    await client.send("GET", f"/v1/responses/{made['id']}", token=token)


async def _converse(client: _Client) -> None:
    token = client.token
    path = "/v1/conversations"
    begun = json.loads(await client.send("POST", path, b"{}", token=token))["id"]
    for word in ("First", "Then"):
        asked = {"model": _MODEL, "input": f"{word}, number {client.last}.", "conversation": begun}
        await client.send("POST", "/v1/responses", json.dumps(asked).encode(), token=token)
    listed = json.loads(await client.send("GET", f"{path}/{begun}/items", token=token))
    assert len(listed["data"]) == 4
    if client.last % 2:
        await client.send("DELETE", f"{path}/{begun}", token=token)


async def _keep_file(client: _Client) -> None:
    token, content = client.token, b'{"custom_id": "%d"}\n' % client.last * 100
    form = (
        b'--b\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nbatch\r\n'
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.jsonl"\r\n\r\n' + content + b"\r\n--b--\r\n"
    )
    sent = json.loads(await client.send("POST", "/v1/files", form, "multipart/form-data; boundary=b", token))
    assert await client.send("GET", f"/v1/files/{sent['id']}/content", token=token) == content
    if client.last % 2:
        await client.send("DELETE", f"/v1/files/{sent['id']}", token=token)


async def _scrape(client: _Client) -> None:
    assert b"llemulator_requests_total" in await client.send("GET", "/metrics")


_SCENES: tuple[Callable[[_Client], Awaitable[None]], ...] = (
    *(_chat, _respond, _chat, _converse, _chat, _keep_file, _chat, _store_chat, _chat, _respond, _scrape),
)


if __name__ == "__main__":
    sys.exit(main())
