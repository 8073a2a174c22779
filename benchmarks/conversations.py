"""Many WebSocket conversations at the same time, through CONNECT and TLS: how far each message is from its time."""

import asyncio
import base64
import json
import struct
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import asdict
from pathlib import Path

from benchmarks import streams
from benchmarks.servers import Running, running

_CONVERSATIONS = 500
_MESSAGES_PER_SECOND = 20
_WORDS = 200

RULE = {
    "match": {"user_text": "^conversation$"},
    "reply": {"text": " ".join(f"word{number % 10}" for number in range(_WORDS))},
    "stream": {"tokens_per_second": _MESSAGES_PER_SECOND, "chunk_by": "word"},
}
"""The rate that the conversations ask for: each word is a message."""


def measure(server: Running) -> streams.Pacing:
    """Hold the conversations in a process of its own, away from the server's core."""
    return streams.Pacing(**json.loads(streams.run_apart([sys.executable, "-m", __spec__.name, str(server.port)])))


def measure_alone(folder: Path) -> streams.Pacing:
    """Start a server for the conversations alone."""
    script = folder / "conversations.json"
    hello = {"match": {"user_text": "^Hello$"}, "reply": {"text": "Hello there."}}
    script.write_text(json.dumps({"rules": [hello, RULE]}))
    with running(("llemulator",), script) as servers:
        return measure(servers["llemulator"])


async def _main(port: int) -> None:
    opened = await asyncio.gather(*(_open(port, f"sk-{number}") for number in range(_CONVERSATIONS)))
    # Conversations do not begin in the same moment: they share the time between two messages.
    pause = 1 / _MESSAGES_PER_SECOND / _CONVERSATIONS
    every = await asyncio.gather(*(_arrivals(*line, number * pause) for number, line in enumerate(opened)))
    assert min(map(len, every)) >= _WORDS, f"{min(map(len, every))} messages"
    print(json.dumps(asdict(streams.judge(every, _MESSAGES_PER_SECOND))))


async def _open(port: int, token: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await streams.open_tunnel(port)
    key = base64.b64encode(token.encode().ljust(16, b"-")[:16]).decode()
    writer.write(
        "GET /v1/responses HTTP/1.1\r\nHost: api.openai.com\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
    )
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 101 "), head
    return reader, writer


async def _arrivals(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, pause: float) -> list[float]:
    """Ask for a response, and return when each message with text arrived."""
    await asyncio.sleep(pause)
    asked = json.dumps({"type": "response.create", "model": "gpt-4o", "input": "conversation", "store": False}).encode()
    # A short text; a mask of zeros leaves its bytes as they are (RFC 6455, 5.2 and 5.3).
    writer.write(struct.pack("!BB4x", 0x81, 0x80 | len(asked)) + asked)
    times = []
    async for message in _messages(reader):
        if b'"type":"response.output_text.delta"' in message:
            times.append(time.perf_counter())
        elif b'"type":"response.completed"' in message:
            break
    writer.close()
    return times


async def _messages(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """Yield the payloads of a server's frames."""
    while True:
        _, size = await reader.readexactly(2)
        if size == 126:
            (size,) = struct.unpack("!H", await reader.readexactly(2))
        elif size == 127:
            (size,) = struct.unpack("!Q", await reader.readexactly(8))
        yield await reader.readexactly(size)


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1])))
