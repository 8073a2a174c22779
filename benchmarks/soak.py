"""`make soak`: many requests through one process, whose memory must not grow.

A tenth of the requests goes first: then the journals are full, and all that can be kept is kept. The process may take a
tenth more memory at the end than it took then.
"""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from conformance.server import Server, running

_CONNECTIONS = 8
_GROWTH = 1.1
_REQUESTS_OF_A_TOKEN = 1_000


def main() -> int:
    """Run it, and return the exit status."""
    parser = argparse.ArgumentParser(description="many requests through one process, whose memory must not grow")
    parser.add_argument("--requests", type=int, default=1_000_000)
    parser.add_argument("--journals-size", default="8MiB", help="what journals may take, as the server's option")
    arguments = parser.parse_args()
    with running("--journals-size", arguments.journals_size) as server:
        return 0 if asyncio.run(_soak(server, arguments.requests)) else 1


async def _soak(server: Server, requests: int) -> bool:
    numbers = count()
    begin = time.monotonic()
    await _ask(server, numbers, requests // 10)
    first = resident_mebibytes(server)
    print(f"{requests // 10:>9} requests: {first:6.1f} MiB, {_rate(requests // 10, begin)}", flush=True)
    for tenth in range(2, 11):
        await _ask(server, numbers, requests // 10)
        done = tenth * (requests // 10)
        print(f"{done:>9} requests: {resident_mebibytes(server):6.1f} MiB, {_rate(done, begin)}", flush=True)
    growth = resident_mebibytes(server) / first
    print(f"growth {growth:.3f}, at most {_GROWTH}")
    return growth <= _GROWTH


def _rate(done: int, begin: float) -> str:
    return f"{done / (time.monotonic() - begin):.0f} a second"


async def _ask(server: Server, numbers: Iterator[int], requests: int) -> None:
    left = count(requests, -1)
    await asyncio.gather(*(_ask_on_one_connection(server, numbers, left) for _ in range(_CONNECTIONS)))


async def _ask_on_one_connection(server: Server, numbers: Iterator[int], left: Iterator[int]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    while next(left) > 0:
        writer.write(_request(next(numbers)))
        head = await reader.readuntil(b"\r\n\r\n")
        assert b" 200 " in head.partition(b"\r\n")[0], head
        await _read_body(reader, head.lower())
    writer.close()
    await writer.wait_closed()


async def _read_body(reader: asyncio.StreamReader, head: bytes) -> None:
    if b"content-length: " in head:
        await reader.readexactly(int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0]))
        return
    while size := int(await reader.readline(), 16):
        await reader.readexactly(size + 2)
    await reader.readline()


def _request(number: int) -> bytes:
    """Return one of a mix: most are answered in one piece, every tenth is a stream; tokens change now and then."""
    asked = {
        "model": "gpt-4o",
        "messages": [{"role": "user", "content": f"Request {number}: what is the weather in Oslo?"}],
        "stream": number % 10 == 0,
    }
    body = json.dumps(asked).encode()
    token = f"sk-soak-{number // _REQUESTS_OF_A_TOKEN}"
    head = (
        "POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {token}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def resident_mebibytes(server: Server) -> float:
    """Return the server's resident memory in MiB."""
    status = Path("/proc", str(server.pid), "status").read_text("ascii")
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


if __name__ == "__main__":
    sys.exit(main())
