"""A model server under load, as a value."""

from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llemulator_addon.core.capacity import Capacity
from llemulator_addon.core.model_server import (
    Demand,
    ModelServer,
    count_before_head,
    skip_before_head,
    slice_wait,
)
from llemulator_addon.core.steps import Head, Send, Wait

_LIMITS = st.one_of(st.none(), st.integers(1, 4))
_CAPACITIES = st.builds(
    Capacity,
    max_num_seqs=_LIMITS,
    max_waiting=st.one_of(st.none(), st.integers(0, 3)),
    max_model_len=st.one_of(st.none(), st.integers(10, 60)),
    kv_cache_tokens=st.one_of(st.none(), st.integers(10, 60)),
    time_factor_under_load=st.floats(1, 5),
)
_DEMANDS = st.builds(Demand, st.just("m"), st.integers(0, 30), st.integers(0, 30), st.integers(0, 40))


@dataclass
class _Past:
    """A server, and what a client knows of its requests."""

    server: ModelServer[int]
    arrived: list[int] = field(default_factory=list)
    demands: dict[int, Demand] = field(default_factory=dict)
    begun: list[int] = field(default_factory=list)
    gone: set[int] = field(default_factory=set)

    def arrive(self, name: int, demand: Demand) -> None:
        if self.server.find_refusal(demand) is not None:
            return
        self.arrived.append(name)
        self.demands[name] = demand
        self.server = self.server.arrive(name, demand)
        if name in self.server.running:
            self.begun.append(name)

    def leave(self, name: int) -> None:
        self.server, begun = self.server.leave(name)
        self.gone.add(name)
        self.begun += begun


@given(_CAPACITIES, st.lists(st.one_of(_DEMANDS, st.integers(0, 20)), max_size=40))
def test_whatever_comes_and_goes_no_limit_is_passed_and_nobody_overtakes(
    capacity: Capacity, happens: list[Demand | int]
) -> None:
    past = _Past(ModelServer(capacity=capacity))
    for name, happening in enumerate(happens):
        if isinstance(happening, Demand):
            past.arrive(name, happening)
        elif past.arrived:
            past.leave(past.arrived[happening % len(past.arrived)])
        server = past.server

        assert capacity.max_num_seqs is None or len(server.running) <= capacity.max_num_seqs
        assert capacity.kv_cache_tokens is None or server.held <= capacity.kv_cache_tokens
        assert capacity.max_waiting is None or len(server.waiting) <= capacity.max_waiting
        assert server.held == sum(server.running.values())
        # Those that began did so in the order in which they came, without those that left before.
        assert past.begun == [name for name in past.arrived if name in set(past.begun)]
        here = [name for name in past.arrived if name not in past.gone]
        assert [*(name for name in here if name in server.running), *(name for name, _ in server.waiting)] == here
        # Nobody waits for a place that is free.
        if server.waiting:
            assert not capacity.has_place(len(server.running), server.held, server.waiting[0][1])

    for name in past.arrived:
        past.leave(name)
    assert past.server == ModelServer(capacity=capacity)


@given(_CAPACITIES, st.lists(_DEMANDS, max_size=12), _CAPACITIES)
def test_another_capacity_lets_those_begin_that_fit_and_stops_nobody(
    before: Capacity, demands: list[Demand], after: Capacity
) -> None:
    past = _Past(ModelServer(capacity=before))
    for name, demand in enumerate(demands):
        past.arrive(name, demand)
    running = set(past.server.running)

    server, begun = past.server.change(after)

    assert set(server.running) == running | set(begun)
    assert begun == tuple(name for name, _ in past.server.waiting)[: len(begun)]
    # Whoever waits now can begin later, whatever its size: it needs at most an empty server.
    for name in [*server.running]:
        server, _ = server.leave(name)
    while server.running:
        server, _ = server.leave(next(iter(server.running)))
    assert not server.waiting


@pytest.mark.parametrize(
    ("demand", "refused"),
    [
        (Demand("m", 60, 40), None),
        (Demand("m", 60, 41), "too_long"),
        (Demand("m", 60, 1, most=41), "too_long"),
        (Demand("m", 81, 0), "too_long"),
    ],
)
def test_a_request_that_never_fits_is_refused_at_once(demand: Demand, refused: str | None) -> None:
    capacity = Capacity(max_model_len=100, kv_cache_tokens=None if refused != "too_long" else 80)

    assert ModelServer[int](capacity=capacity).find_refusal(demand) == refused


def test_a_long_request_at_the_head_of_the_queue_holds_up_a_short_one() -> None:
    server = ModelServer[str](capacity=Capacity(kv_cache_tokens=10))
    server = (
        server.arrive("runs", Demand("m", 6, 0)).arrive("long", Demand("m", 8, 0)).arrive("short", Demand("m", 1, 0))
    )

    after, begun = server.leave("runs")

    assert [name for name, _ in server.waiting] == ["long", "short"]
    assert (begun, after.held) == (("long", "short"), 9)


def test_a_request_that_is_cancelled_while_it_waits_frees_its_place_in_the_queue() -> None:
    server = ModelServer[str](capacity=Capacity(max_num_seqs=1, max_waiting=1))
    server = server.arrive("runs", Demand("m", 1, 1)).arrive("waits", Demand("m", 1, 1))

    after, begun = server.leave("waits")

    assert (server.find_refusal(Demand("m", 1, 1)), after.find_refusal(Demand("m", 1, 1)), begun) == ("full", None, ())


@pytest.mark.parametrize(("running", "slowdown"), [(0, 1.0), (1, 1.0), (2, 1.5), (3, 2.0), (5, 3.0)])
def test_each_request_that_runs_slows_all_down_evenly_up_to_the_factor(running: int, slowdown: float) -> None:
    server = ModelServer[int](capacity=Capacity(max_num_seqs=5, time_factor_under_load=3))
    for name in range(running):
        server = server.arrive(name, Demand("m", 1, 1))

    assert server.slowdown == slowdown


def test_no_factor_slows_down_a_server_of_one_place_or_without_a_limit() -> None:
    for most in (1, None):
        server = ModelServer[int](capacity=Capacity(max_num_seqs=most, time_factor_under_load=3))
        server = server.arrive(1, Demand("m", 1, 1)).arrive(2, Demand("m", 1, 1))

        assert server.slowdown == 1.0


def test_after_a_smaller_cache_nothing_is_slower_than_with_all_places_taken() -> None:
    server = ModelServer[int](capacity=Capacity(max_num_seqs=9, time_factor_under_load=3))
    for name in range(9):
        server = server.arrive(name, Demand("m", 10, 0))

    smaller, _ = server.change(replace(server.capacity, max_num_seqs=2, kv_cache_tokens=20))

    assert (smaller.slowdown, smaller.kv_cache_usage, len(smaller.running)) == (3.0, 1.0, 9)


@given(st.floats(0, 100))
def test_the_parts_of_a_wait_are_short_and_make_up_the_wait(seconds: float) -> None:
    parts = list(slice_wait(seconds))

    assert sum(parts) == pytest.approx(seconds)
    assert all(0 < part <= 0.1 for part in parts)


def test_only_the_waits_of_the_model_before_the_head_are_spent_before_it() -> None:
    steps = (Wait(1.0), Wait(2.0, under_load=True), Head(200), Wait(4.0, under_load=True), Send(b"."))

    assert count_before_head(steps) == 2.0
    assert tuple(skip_before_head(steps)) == (Wait(1.0), Head(200), Wait(4.0, under_load=True), Send(b"."))
