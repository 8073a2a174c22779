"""Many paced streams at the same time, through CONNECT and TLS: how far each chunk is from its time."""

import asyncio
import json
import ssl
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise

from benchmarks.servers import Running, on_core

_STREAMS = 100
_TOKENS_PER_SECOND = 30
_WORDS = 150

RULE = {
    "match": {"user_text": "^stream$"},
    "reply": {"text": " ".join(f"word{number % 10}" for number in range(_WORDS))},
    "stream": {"tokens_per_second": _TOKENS_PER_SECOND, "chunk_by": "word"},
}
"""The rate that the streams ask for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pacing:
    """How well the streams kept their time."""

    chunks_per_second: float
    median_error_ms: float
    p99_error_ms: float
    streams: int = _STREAMS
    tokens_per_second: int = _TOKENS_PER_SECOND


def measure(server: Running) -> Pacing:
    """Play the streams from a process of its own, away from the server's core."""
    return Pacing(**json.loads(run_apart([sys.executable, "-m", __spec__.name, str(server.port)])))


def run_apart(command: list[str]) -> str:
    """Run a command that loads a server, on the other core, and return what it printed; raises if it fails."""
    return subprocess.run(on_core(1, command), check=True, stdout=subprocess.PIPE, text=True).stdout


async def open_tunnel(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Open a connection to OpenAI's host through CONNECT and TLS."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"CONNECT api.openai.com:443 HTTP/1.1\r\nHost: api.openai.com:443\r\n\r\n")
    await reader.readuntil(b"\r\n\r\n")
    await writer.start_tls(_trusting(), server_hostname="api.openai.com")
    return reader, writer


async def arrivals(port: int, token: str, body: Mapping[str, object]) -> list[float]:
    """Ask for a stream through CONNECT and TLS, and return when each chunk with text arrived."""
    reader, writer = await open_tunnel(port)
    asked = json.dumps({**body, "stream": True})
    head = f"Host: api.openai.com\r\nAuthorization: Bearer {token}\r\nContent-Length: {len(asked)}\r\nConnection: close"
    writer.write(f"POST /v1/chat/completions HTTP/1.1\r\n{head}\r\n\r\n{asked}".encode())
    times = [time.perf_counter() async for line in reader if b'"delta":{"content":' in line]
    writer.close()
    return times


async def _main(port: int) -> None:
    asked = {"model": "gpt-4o", "messages": [{"role": "user", "content": "stream"}]}
    every = await asyncio.gather(*(arrivals(port, f"sk-{number}", asked) for number in range(_STREAMS)))
    chunks = sum(len(times) for times in every)
    assert chunks >= _STREAMS * _WORDS, f"{chunks} chunks"
    print(json.dumps(asdict(judge(every, _TOKENS_PER_SECOND))))


def judge(every: Sequence[Sequence[float]], per_second: int) -> Pacing:
    """Compare the times of what arrived, of each stream in seconds, with those that were asked for."""
    # While all of them stream: before and after, connections are opened and closed beside fewer streams.
    begin, end = max(times[0] for times in every), min(times[-1] for times in every)
    within = [[at for at in times if begin <= at <= end] for times in every]
    errors = sorted(
        abs(later - earlier - 1 / per_second) * 1000 for times in within for earlier, later in pairwise(times)
    )
    return Pacing(
        chunks_per_second=sum((len(times) - 1) / (times[-1] - times[0]) for times in within),
        median_error_ms=statistics.median(errors),
        p99_error_ms=errors[int(len(errors) * 0.99)],
        streams=len(every),
        tokens_per_second=per_second,
    )


def _trusting() -> ssl.SSLContext:
    """Trust anything: what is measured is time."""
    trust = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trust.check_hostname = False
    trust.verify_mode = ssl.CERT_NONE
    return trust


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1])))
