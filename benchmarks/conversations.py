"""Many WebSocket conversations at the same time, through CONNECT and TLS.

In one half the server speaks, paced by a rule: how far is each message from its time? In the other the clients speak,
as voice applications do (`input_audio_buffer.append`): how many messages are heard, and how long does one wait that
asks for an answer?
"""

import argparse
import asyncio
import base64
import json
import struct
import sys
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaking:
    """How well the server spoke."""

    pacing: streams.Pacing
    cpu_us: float
    """Microseconds of the server's processor for each message. Opening the connections is in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hearing:
    """How well the server heard what clients said."""

    messages_per_second: float
    p99_wait_ms: float
    """Of messages that ask for an answer."""
    cpu_us: float = 0
    """As of `Speaking`."""
    conversations: int = _CONVERSATIONS
    asked_per_second: int = _MESSAGES_PER_SECOND


def measure(server: Running) -> Speaking:
    """Let the server speak. The conversations are held by a separate process, away from the server's core."""
    before = server.cpu_seconds()
    pacing = streams.Pacing(**_measure_apart(server, "speak"))
    return Speaking(pacing=pacing, cpu_us=_count_us(server, before, _WORDS))


def measure_hearing(server: Running) -> Hearing:
    """Let the clients speak."""
    before = server.cpu_seconds()
    hearing = Hearing(**_measure_apart(server, "hear"))
    return replace(hearing, cpu_us=_count_us(server, before, _SAID))


def _count_us(server: Running, before: float, messages: int) -> float:
    return (server.cpu_seconds() - before) * 1e6 / (_CONVERSATIONS * messages)


def _measure_apart(server: Running, what: str) -> dict[str, Any]:
    command = [sys.executable, "-m", __spec__.name, what, str(server.port)]
    measured: dict[str, Any] = json.loads(streams.run_apart(command))
    return measured


def measure_alone(folder: Path) -> tuple[Speaking, Hearing]:
    """Start a server for the conversations alone."""
    script = folder / "conversations.json"
    hello = {"match": {"user_text": "^Hello$"}, "reply": {"text": "Hello there."}}
    script.write_text(json.dumps({"rules": [hello, RULE]}))
    with running(("llemulator",), script) as servers:
        return measure(servers["llemulator"]), measure_hearing(servers["llemulator"])


async def _open_all(port: int, path: str) -> list[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    return await asyncio.gather(*(_open(port, path, f"sk-{number}") for number in range(_CONVERSATIONS)))


async def _speak(port: int) -> streams.Pacing:
    opened = await _open_all(port, "/v1/responses")
    every = await asyncio.gather(*(_arrivals(*line, number * _PAUSE) for number, line in enumerate(opened)))
    assert min(map(len, every)) >= _WORDS, f"{min(map(len, every))} messages"
    return streams.judge(every, _MESSAGES_PER_SECOND)


_PAUSE = 1 / _MESSAGES_PER_SECOND / _CONVERSATIONS
"""Conversations do not begin in the same moment: they share the time between two messages."""


async def _hear(port: int) -> Hearing:
    opened = await _open_all(port, "/v1/realtime?model=gpt-realtime-2")
    began = time.perf_counter()
    every = await asyncio.gather(*(_waits(*line, number * _PAUSE) for number, line in enumerate(opened)))
    seconds = time.perf_counter() - began
    waits = sorted(wait for each in every for wait in each)
    return Hearing(
        messages_per_second=_CONVERSATIONS * _SAID / seconds, p99_wait_ms=1000 * waits[int(len(waits) * 0.99)]
    )


async def _open(port: int, path: str, token: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await streams.open_tunnel(port)
    key = base64.b64encode(token.encode().ljust(16, b"-")[:16]).decode()
    writer.write(
        f"GET {path} HTTP/1.1\r\nHost: api.openai.com\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
    )
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 101 "), head
    return reader, writer


async def _arrivals(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, pause: float) -> list[float]:
    """Ask for a response, and return when each message with text arrived."""
    await asyncio.sleep(pause)
    writer.write(_frame({"type": "response.create", "model": "gpt-4o", "input": "conversation", "store": False}))
    times, rest = list[float](), b""
    while b'"type":"response.completed"' not in rest:
        # Frames are not read: their beginnings are counted, and the client costs little beside the server.
        rest += await _read(reader)
        times += [time.perf_counter()] * rest.count(_DELTA)
        rest = rest[max(0, rest.rfind(_DELTA)) + 1 :]
    writer.close()
    return times


_DELTA = b'"type":"response.output_text.delta"'


async def _waits(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, pause: float) -> list[float]:
    """Say something for some seconds, and return how long each message waited that asked for an answer."""
    await asyncio.sleep(pause)
    due, waits = time.perf_counter(), list[float]()
    for number in range(_SAID):
        due += 1 / _MESSAGES_PER_SECOND
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        writer.write(_SOUND)
        if number % _MESSAGES_PER_SECOND == _MESSAGES_PER_SECOND - 1:
            asked_at, said = time.perf_counter(), b""
            writer.write(_QUESTION)
            while b"item_retrieve_invalid_item_id" not in said:
                said += await _read(reader)
            waits.append(time.perf_counter() - asked_at)
    writer.close()
    return waits


async def _read(reader: asyncio.StreamReader) -> bytes:
    received = await reader.read(1 << 16)
    assert received, "the connection ended"
    return received


def _frame(event: object) -> bytes:
    """Spell a client's frame, which is masked (RFC 6455, 5.2 and 5.3)."""
    text, mask = json.dumps(event).encode(), b"\x37\xfa\x21\x3d"
    size = struct.pack("!B", 128 | len(text)) if len(text) < 126 else struct.pack("!BH", 128 | 126, len(text))
    return b"\x81" + size + mask + bytes(byte ^ mask[at % 4] for at, byte in enumerate(text))


_SAID = 200
_SOUND = _frame({"type": "input_audio_buffer.append", "audio": base64.b64encode(b"\x10\x00" * (24_000 // 20)).decode()})
"""Quiet sound for as long as it takes until the next message."""
_QUESTION = _frame({"type": "conversation.item.retrieve", "item_id": "item_of_nobody"})


async def _main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=("speak", "hear"))
    parser.add_argument("port", type=int)
    given = parser.parse_args()
    measured = await (_speak(given.port) if given.what == "speak" else _hear(given.port))
    print(json.dumps(asdict(measured)))


if __name__ == "__main__":
    asyncio.run(_main())
