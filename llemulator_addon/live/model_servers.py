"""Drives model servers under load: who runs and who waits now, and how long an answer takes by that."""

from asyncio import Future, get_running_loop
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from typing import NamedTuple, assert_never

from llemulator_addon.core.capacity import UNLIMITED, Capacity
from llemulator_addon.core.gauges import ModelServerGauges
from llemulator_addon.core.model_server import (
    ModelServer,
    count_before_head,
    is_stretched,
    skip_before_head,
    slice_wait,
)
from llemulator_addon.core.outcome import Load, Play
from llemulator_addon.core.reply import Failure
from llemulator_addon.core.request import Request
from llemulator_addon.core.session_key import ExchangeId, SessionKey
from llemulator_addon.core.steps import Head, Step, Steps, Wait
from llemulator_addon.engine.fallback import no_room_to_wait, server_too_busy, too_long_for_server
from llemulator_addon.live.room import Room, size_waiting
from llemulator_addon.script.reader import Script

Pause = Callable[[float], Awaitable[None]]
"""Waits for a number of seconds."""


async def pause_never(seconds: float) -> None:
    """Wait for nothing: what is played without time."""
    del seconds


class ServerPlace(NamedTuple):
    """A model server: of all sessions, or of one whose own script has a capacity."""

    owner: SessionKey | None
    model: str


MOST_IDLE = 100
"""Models whose shared servers are kept though they have no requests, for the metrics."""


class ModelServers:
    """Model servers by session and model. Not a value: it belongs to the event loop; any thread may ask `refuse`."""

    def __init__(self, capacity: Capacity, room: Room, pause: Pause = pause_never) -> None:
        """Take what the shared servers can do, the room of requests that wait, and what waits."""
        self.capacity = capacity
        """Of the servers that all sessions share, one for each model."""
        self._room = room
        self._pause = pause
        self._servers: dict[ServerPlace, ModelServer[ExchangeId]] = {}
        self._places: dict[ExchangeId, ServerPlace] = {}
        """Of requests that run or wait."""
        self._called: dict[ExchangeId, Future[None]] = {}
        """Those that wait."""

    def name_capacity(self, request: Request) -> Request:
        """Return a request that knows the capacity of the shared servers, unless that is without limits."""
        return request if self.capacity == UNLIMITED else replace(request, capacity=self.capacity)

    def list_servers(self) -> tuple[tuple[ServerPlace, ModelServer[ExchangeId]], ...]:
        """Return the servers that there are."""
        return tuple(self._servers.items())

    def measure(self) -> tuple[ModelServerGauges, ...]:
        """Return how busy the servers of each model are, those of all sessions together."""
        found: dict[str, ModelServerGauges] = {}
        for place, server in self.list_servers():
            _, running, waiting, usage = found.get(place.model, ModelServerGauges(place.model, 0, 0, 0.0))
            found[place.model] = ModelServerGauges(
                place.model,
                running + len(server.running),
                waiting + len(server.waiting),
                max(usage, server.kv_cache_usage),
            )
        return tuple(found.values())

    def change(self, capacity: Capacity) -> None:
        """Give all shared servers another capacity."""
        self.capacity = capacity
        for place in [place for place in self._servers if place.owner is None]:
            self._keep(place, *self._find(place, capacity))

    def play_by_default(self, script: Script | None) -> None:
        """Let the default script say what the shared servers can do, if it says anything of it."""
        if script is not None and script.defaults is not None and script.defaults.capacity is not None:
            self.change(script.defaults.capacity)

    def refuse(self, key: SessionKey, load: Load, request: Request) -> Failure | None:
        """Say why a request that comes now is refused; None: it runs, or waits."""
        server, _ = self._find(_place_of(key, load), load.capacity)
        match server.find_refusal(load.demand):
            case None:
                fits = server.begins_at_once(load.demand.held) or self._room.fits(size_waiting(request))
                return None if fits else no_room_to_wait(self._room.limit)
            case "full":
                return server_too_busy(load.capacity)
            case "too_long":
                return too_long_for_server(load.demand, load.capacity)
            case never:
                assert_never(never)

    async def begin(self, play: Play, name: ExchangeId, load: Load, request: Request) -> Play:
        """Wait until a request runs, and while the server works before the head of its answer; return what is left.

        It has its place until `leave` is called, which is to be done however this ends.
        """
        if not self._take(_place_of(name.session, load), name, load):
            with self._room.hold(size_waiting(request)):
                await self._wait(name)
        for part in self.slow_down(name, count_before_head(play.steps)):
            await self._pause(part)
        return self._slow(play, name)

    def _take(self, place: ServerPlace, name: ExchangeId, load: Load) -> bool:
        """Take a request; whether it runs at once."""
        server, begun = self._find(place, load.capacity)
        server = server.arrive(name, load.demand)
        self._places[name] = place
        self._keep(place, server, begun)
        return name in server.running

    def _find(self, place: ServerPlace, capacity: Capacity) -> tuple[ModelServer[ExchangeId], tuple[ExchangeId, ...]]:
        """Return a server with a capacity, and the requests that begin by that."""
        server = self._servers.get(place) or ModelServer[ExchangeId](capacity=capacity)
        return (server, ()) if server.capacity == capacity else server.change(capacity)

    async def _wait(self, name: ExchangeId) -> None:
        called = self._called[name] = get_running_loop().create_future()
        try:
            await called
        finally:
            del self._called[name]

    def leave(self, name: ExchangeId) -> None:
        """Let a request go. May be called again, and for one that is not there."""
        if (place := self._places.pop(name, None)) is None:
            return
        server, begun = self._servers[place].leave(name)
        self._keep(place, server, begun)

    def slow_down(self, name: ExchangeId, seconds: float) -> Iterator[float]:
        """Yield the parts of a wait, each as long as it is with the load that there is when it begins."""
        for part in slice_wait(seconds):
            place = self._places.get(name)
            yield part * (1.0 if place is None else self._servers[place].slowdown)

    def _slow(self, play: Play, name: ExchangeId) -> Play:
        """Return an answer as it is sent once its server has begun to answer: more slowly while others run."""
        if (whole := play.whole) is not None:
            return replace(play, whole=lambda: slow_steps(self, name, skip_before_head(whole())))
        steps = tuple(skip_before_head(play.steps))
        if not any(map(is_stretched, steps)):
            return replace(play, steps=steps)
        begun = next((number for number, step in enumerate(steps) if isinstance(step, Head)), -1) + 1
        return replace(play, steps=steps[:begun], rest=SlowedSteps(self, name, iter(steps[begun:])))

    def _keep(self, place: ServerPlace, server: ModelServer[ExchangeId], begun: tuple[ExchangeId, ...]) -> None:
        if server.is_idle and (place.owner is not None or len(self._servers) > MOST_IDLE):
            self._servers.pop(place)
        else:
            self._servers[place] = server
        for name in begun:
            if (called := self._called.get(name)) is not None and not called.done():
                called.set_result(None)


class SlowedSteps:
    """A `Rest` of steps of which those that take longer under load are cut, and stretched when they begin."""

    def __init__(self, servers: ModelServers, name: ExchangeId, steps: Iterator[Step]) -> None:
        self._steps = slow_steps(servers, name, steps)
        self._next: Steps = ()

    async def more(self) -> None:
        """Take all up to the next wait."""
        taken = list[Step]()
        for step in self._steps:
            taken.append(step)
            if isinstance(step, Wait):
                break
        self._next = tuple(taken)

    def take(self) -> Steps:
        """Return them, once."""
        steps, self._next = self._next, ()
        return steps

    def leave(self) -> None:
        """Take no more."""
        self._steps = iter(())


def slow_steps(servers: ModelServers, name: ExchangeId, steps: Iterator[Step]) -> Iterator[Step]:
    """Yield steps; those that take longer under load as long as they are when they are asked for."""
    for step in steps:
        if isinstance(step, Wait) and is_stretched(step):
            yield from map(Wait, servers.slow_down(name, step.seconds))
        else:
            yield step


def _place_of(key: SessionKey, load: Load) -> ServerPlace:
    return ServerPlace(None if load.is_shared else key, load.demand.model)
