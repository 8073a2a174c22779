"""The cost of sessions outside of the process: requests per second compared with memory, and the work of Redis.

Several tokens ask at the same time, because the requests of one token wait for each other's writes. The stores take
turns, and the median of the turns' ratios counts. `scaling` reckons with the CPU time of the process and of Redis.
"""

import os
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import redis

from benchmarks import bearing
from benchmarks.scaling import Costs, Measurement
from benchmarks.servers import Running, free_port, on_core, running

AT_LEAST = {"sqlite": 0.5, "redis": 0.6}
"""Of the requests per second with sessions in memory."""
TOKENS = tuple(f"sk-bench-{number}" for number in range(8))
_SECONDS_TO_START = 10

Rate = Callable[[Running, Sequence[str]], float]
"""Asks a server with several tokens at the same time; returns the requests per second of all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """The requests per second with a store and with memory, the median ratio, and the work for one request."""

    name: str
    with_store: float
    in_memory: float
    ratio: float
    process_us: float
    """CPU time of the process."""
    memory_us: float
    """The same with sessions in memory."""
    trips: float = 0.0
    """To Redis."""
    trip_us: float = 0.0
    """CPU time of Redis for one of them."""
    trips_per_second: float = 0.0
    """That it bears, if they come without a pause."""

    @property
    def is_met(self) -> bool:
        """Whether it is as fast as it should be."""
        return self.ratio >= AT_LEAST[self.name]

    def measurement(self) -> Measurement:
        """Return the costs of a request with Redis, for the simulation."""
        in_trips = max(0.0, self.process_us - self.memory_us) / self.trips
        costs = Costs(process=self.memory_us, process_for_trip=in_trips, redis_for_trip=self.trip_us)
        return Measurement(costs=costs, per_second=self.in_memory, trips_per_second=self.trips_per_second)


def measure(folder: Path, script: Path, rate: Rate, rounds: int) -> Iterator[Measured]:
    """Measure each store against a server with sessions in memory."""
    with ExitStack() as stack:
        memory = stack.enter_context(running(("llemulator",), script))["llemulator"]
        store = f"sqlite:///{folder}/sessions.db"
        with running(("llemulator",), script, LLEMULATOR_STORE=store) as servers:
            yield _compare("sqlite", servers["llemulator"], memory, rate, rounds)
        port = stack.enter_context(_redis(folder))
        with running(("llemulator",), script, LLEMULATOR_STORE=f"redis://127.0.0.1:{port}") as servers:
            found = _compare("redis", servers["llemulator"], memory, rate, rounds, port=port)
        yield replace(found, trips_per_second=bearing.measure(port))


def _compare(  # noqa: PLR0913, PLR0917 - one measurement
    name: str, server: Running, memory: Running, rate: Rate, rounds: int, port: int | None = None
) -> Measured:
    turns, works, trips = [], [], []
    for _ in range(rounds):
        before = _count_trips(port)
        took = [_take(each, rate) for each in (server, memory)]
        turns.append((took[0][0], took[1][0]))
        works.append((took[0][1], took[1][1]))
        after = _count_trips(port)
        calls = after[0] - before[0]
        trips.append((calls / took[0][2], (after[1] - before[1]) / calls if calls else 0.0))
    return Measured(
        name=name,
        with_store=statistics.median(ours for ours, _ in turns),
        in_memory=statistics.median(theirs for _, theirs in turns),
        ratio=statistics.median(ours / theirs for ours, theirs in turns),
        process_us=statistics.median(ours for ours, _ in works),
        memory_us=statistics.median(theirs for _, theirs in works),
        trips=statistics.median(number for number, _ in trips),
        trip_us=statistics.median(us for _, us in trips),
    )


def _take(server: Running, rate: Rate) -> tuple[float, float, float]:
    """Return the requests per second, the microseconds of CPU time for each, and how many there were."""
    before, began = _cpu_seconds(server.pid), time.monotonic()
    seen = rate(server, TOKENS)
    requests = seen * (time.monotonic() - began)
    return seen, (_cpu_seconds(server.pid) - before) * 1e6 / requests, requests


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _count_trips(port: int | None) -> tuple[int, float]:
    """Return how many programs Redis has run, and the microseconds of CPU time that it has used."""
    if port is None:
        return 0, 0.0
    with redis.Redis(port=port) as client:
        stats: Any = client.info("commandstats")
        cpu: Any = client.info("cpu")
    used = cpu["used_cpu_user"] + cpu["used_cpu_sys"]
    return stats.get("cmdstat_evalsha", {}).get("calls", 0), used * 1e6


@contextmanager
def _redis(folder: Path) -> Iterator[int]:
    port = free_port()
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    process = subprocess.Popen(on_core(1, command), cwd=folder, stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + _SECONDS_TO_START
        while not _answers(port):
            if time.monotonic() > deadline or process.poll() is not None:
                raise RuntimeError("redis-server did not start")
            time.sleep(0.01)
        yield port
    finally:
        process.kill()
        process.wait()


def _answers(port: int) -> bool:
    try:
        with redis.Redis(port=port) as client:
            return bool(client.ping())
    except redis.ConnectionError:
        return False
