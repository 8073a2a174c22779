"""A simulation of replicas that share a Redis: how many requests per second they answer, on more cores than there are.

Pure: time is a number, and chance comes from a seed. A process is one core, Redis is one core, and each serves in the
order of arrival. A request costs a process some work, then asks Redis once, and once more if another process
changed its session meanwhile; after the answer it asks once again, for the journal, while the client goes on.
"""

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from random import Random
from statistics import quantiles

_WARM = 0.2
"""The part of a run that is not counted."""
_UNKNOWN = "not measured"


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """The costs of a request, in microseconds."""

    process: float = 400.0
    """Of a process for one request, without the store."""
    process_for_trip: float = 150.0
    """Of a process for one round trip to the store: writing, sending and reading it."""
    redis_for_trip: float = 40.0
    """Of Redis for one round trip."""
    network: float = 100.0
    """From a process to Redis and back; nothing works meanwhile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Processes and clients, and the costs of a request."""

    processes: int
    has_affinity: bool
    """Whether all requests of a token go to one process."""
    tokens: int = 512
    clients: int = 64
    """That ask one request after the other, each time with a token that chance chooses."""
    requests: int = 12_000
    costs: Costs = Costs()
    seed: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The result of a plan."""

    per_second: float
    trips: float
    """To Redis, for each request."""
    redis_busy: float
    """The part of the time in which Redis works, from 0 to 1."""
    process_busy: float
    """The same of a process, on average."""
    median_ms: float
    p99_ms: float


class _Core:
    """Serves one after the other."""

    def __init__(self) -> None:
        self.free = 0.0
        self.worked = 0.0

    def serve(self, at: float, work: float) -> float:
        """Return when work is done that comes at a time."""
        begins = max(at, self.free)
        self.free = begins + work
        self.worked += work
        return self.free


class _World:
    """The state of a run. Events are taken in the order of time."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._chance = Random(plan.seed)  # noqa: S311 - it is no secret
        self._processes = [_Core() for _ in range(plan.processes)]
        self._redis = _Core()
        self._last: dict[int, int] = {}
        """By token, the process that changed its session last."""
        self._number, self._now = 0, 0.0
        self._events: list[tuple[float, int, Iterator[float]]] = []
        self.trips = 0
        self.begun = 0
        self.latencies: list[tuple[float, float]] = []
        """When each request ended, and how long it took."""

    def run(self) -> None:
        """Let all clients ask until the requests are answered."""
        for _ in range(self._plan.clients):
            self._add(self._chance.random(), self._client())
        while self._events:
            self._now, _, going_on = heapq.heappop(self._events)
            if (after := next(going_on, None)) is not None:
                self._add(after, going_on)

    def busy(self) -> tuple[float, float]:
        """Return the part of the time in which Redis worked, and a process on average."""
        worked = sum(core.worked for core in self._processes) / len(self._processes)
        return self._redis.worked / self._now, worked / self._now

    def _add(self, at: float, going_on: Iterator[float]) -> None:
        self._number += 1
        heapq.heappush(self._events, (at, self._number, going_on))

    def _client(self) -> Iterator[float]:
        """Ask one request after the other; yields when it goes on."""
        while self.begun < self._plan.requests:
            self.begun += 1
            began = self._now
            yield from self._request()
            self.latencies.append((self._now, self._now - began))

    def _request(self) -> Iterator[float]:
        costs, token = self._plan.costs, self._chance.randrange(self._plan.tokens)
        place = token if self._plan.has_affinity else self._chance.randrange(1 << 30)
        number = place % len(self._processes)
        process = self._processes[number]
        yield process.serve(self._now, self._vary(costs.process))
        yield from self._trip(process)
        if self._last.get(token, number) != number:
            yield from self._trip(process)
        self._last[token] = number
        # The journal's write: the client has its answer.
        self._add(self._now, self._trip(process))

    def _trip(self, process: _Core) -> Iterator[float]:
        costs = self._plan.costs
        self.trips += 1
        yield process.serve(self._now, self._vary(costs.process_for_trip))
        yield self._now + costs.network / 2
        yield self._redis.serve(self._now, self._vary(costs.redis_for_trip))
        yield self._now + costs.network / 2

    def _vary(self, mean: float) -> float:
        """Return a cost between a half and one and a half of its mean."""
        return mean * (0.5 + self._chance.random())


def simulate(plan: Plan) -> Result:
    """Run a plan. The same plan gives the same result."""
    world = _World(plan)
    world.run()
    counted = world.latencies[int(len(world.latencies) * _WARM) :]
    seconds = (counted[-1][0] - counted[0][0]) / 1e6
    cuts = quantiles((took / 1000 for _, took in counted), n=100)
    redis_busy, process_busy = world.busy()
    return Result(
        per_second=len(counted) / seconds,
        trips=world.trips / len(world.latencies),
        redis_busy=redis_busy,
        process_busy=process_busy,
        median_ms=cuts[49],
        p99_ms=cuts[98],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """The numbers of one machine, in place of those that `Costs` assumes."""

    costs: Costs
    """Their network is assumed: it is that between machines."""
    per_second: float
    """Requests of one process with its sessions in memory."""
    trips_per_second: float
    """That one Redis bears: it was given them without a pause."""


def write_costs(measured: Measurement | None = None) -> str:
    """Return the costs as a table for a page: those that are assumed, and those that were measured."""
    assumed = Costs()
    rows = [
        ("process: a request, sessions in memory", f"{assumed.process:.0f} µs", _UNKNOWN),
        ("process: a round trip to Redis", f"{assumed.process_for_trip:.0f} µs", _UNKNOWN),
        ("Redis: a round trip", f"{assumed.redis_for_trip:.0f} µs", _UNKNOWN),
        ("network: to Redis and back", f"{assumed.network:.0f} µs", _UNKNOWN),
        ("process: requests per second, sessions in memory", f"{1e6 / assumed.process:.0f}", _UNKNOWN),
        ("Redis: round trips per second, at most", f"{1e6 / assumed.redis_for_trip:.0f}", _UNKNOWN),
    ]
    if measured is not None:
        costs = measured.costs
        found = [f"{each:.0f} µs" for each in (costs.process, costs.process_for_trip, costs.redis_for_trip)]
        found += [_UNKNOWN, f"{measured.per_second:.0f}", f"{measured.trips_per_second:.0f}"]
        rows = [(*row[:2], number) for row, number in zip(rows, found, strict=True)]
    lines = ["| cost | assumed | measured |", "|---|---|---|", *(f"| {' | '.join(row)} |" for row in rows)]
    return "\n".join(lines) + "\n"


PROCESSES = (1, 2, 4, 8, 16, 32, 64)


def simulate_all(costs: Costs, processes: Sequence[int] = PROCESSES) -> Iterator[tuple[int, Result, Result]]:
    """Yield numbers of processes, each with its results with affinity and without.

    There are sixteen clients for each process, so that none of them waits for requests.
    """
    for number in processes:
        plan = Plan(processes=number, has_affinity=True, clients=16 * number, costs=costs)
        yield number, simulate(plan), simulate(replace(plan, has_affinity=False))


def write_table(costs: Costs, processes: Sequence[int] = PROCESSES) -> str:
    """Return the results as a table for a page; rates are relative to one process with its sessions in memory."""
    alone = 1e6 / costs.process
    lines = [
        "| processes | rate, with affinity | Redis is busy | rate, without | Redis is busy |",
        "|---|---|---|---|---|",
    ]
    for number, near, far in simulate_all(costs, processes):
        cells = [f"{each.per_second / alone:.1f} | {each.redis_busy:.0%}" for each in (near, far)]
        lines.append(f"| {number} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"
