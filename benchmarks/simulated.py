"""The pace of simulated streams, compared with the settings of their requests: tokens per second, variation."""

import asyncio
import json
import statistics
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import pairwise

from benchmarks import streams
from benchmarks.servers import Running

WITHIN = 0.05

_STREAMS = 40
_MODEL = "gpt-sim-1"
_UNIFORM = 12**0.5
"""The standard deviation of a uniform draw is its range divided by this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """One thing that was asked for, and what came."""

    name: str
    asked: float
    measured: float

    @property
    def is_met(self) -> bool:
        """Whether it is near enough."""
        return abs(self.measured / self.asked - 1) <= WITHIN


def measure(server: Running) -> Iterator[Rhythm]:
    """Stream from a process of its own, away from the server's core."""
    for found in json.loads(streams.run_apart([sys.executable, "-m", __spec__.name, str(server.port)])):
        yield Rhythm(**found)


async def _main(port: int) -> None:
    even = await _gaps(port, {"tokens_per_second": 40})
    varied = await _gaps(port, {"delay_min_ms": 40, "delay_max_ms": 160})
    found = (
        Rhythm(name="tokens/s, asked for by tokens_per_second", asked=40, measured=1 / statistics.mean(even)),
        Rhythm(name="tokens/s, asked for by delays of 40 to 160 ms", asked=10, measured=1 / statistics.mean(varied)),
        Rhythm(name="ms of jitter between them", asked=120 / _UNIFORM, measured=statistics.pstdev(varied) * 1000),
    )
    print(json.dumps([asdict(each) for each in found]))


async def _gaps(port: int, options: Mapping[str, float]) -> list[float]:
    """Return the seconds between the tokens of some streams. Each is a turn of one session, with chance of its own."""
    asked = {
        "model": _MODEL,
        "messages": [{"role": "user", "content": "Tell me about the sea"}],
        "stream_options": options,
        "response_length": "short",
    }
    every = await asyncio.gather(*(streams.arrivals(port, "sk-simulated", asked) for _ in range(_STREAMS)))
    return [later - earlier for times in every for earlier, later in pairwise(times)]


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1])))
