"""The simulation of replicas that share a Redis, by which docs/scaling.md reckons."""

from dataclasses import replace

import pytest

from benchmarks.scaling import Costs, Measurement, Plan, simulate, write_costs, write_table
from tests.project import tables

_SMALL = Plan(processes=1, has_affinity=True, requests=600, tokens=64, clients=16)
_FREE = Costs(process=400.0, process_for_trip=0.0, redis_for_trip=0.0, network=0.0)


def test_a_process_alone_answers_one_request_after_the_other() -> None:
    found = simulate(replace(_SMALL, costs=_FREE))

    assert found.per_second == pytest.approx(1e6 / 400, rel=0.05)
    assert found.process_busy == pytest.approx(1, abs=0.05)


def test_processes_add_up_as_long_as_redis_has_time() -> None:
    one, four = (simulate(replace(_SMALL, processes=number, clients=16 * number)) for number in (1, 4))

    assert four.per_second == pytest.approx(4 * one.per_second, rel=0.25)
    assert four.redis_busy < 0.7


def test_redis_bounds_all_of_them() -> None:
    costs = Costs()
    many = simulate(replace(_SMALL, processes=32, clients=256, requests=3000, costs=costs))

    assert many.redis_busy > 0.9
    assert many.per_second == pytest.approx(1e6 / (2 * costs.redis_for_trip), rel=0.1)


def test_a_request_asks_redis_twice_with_affinity_and_nearly_three_times_without() -> None:
    near, far = (simulate(replace(_SMALL, processes=8, has_affinity=each, requests=3000)) for each in (True, False))

    # Of eight processes, seven have not seen what the last one changed.
    assert near.trips == 2
    assert far.trips == pytest.approx(2 + 7 / 8, abs=0.1)
    assert far.per_second < near.per_second


def test_the_same_plan_has_the_same_result() -> None:
    assert simulate(_SMALL) == simulate(_SMALL)
    assert simulate(_SMALL) != simulate(replace(_SMALL, seed=2))


def test_the_page_has_the_costs_with_which_the_simulation_reckons() -> None:
    def assumed(table: str) -> list[list[str]]:
        return [line.split("|")[1:3] for line in table.splitlines()]

    assert assumed(tables.written("costs")) == assumed(write_costs())


def test_costs_that_were_measured_are_shown_with_those_that_are_assumed() -> None:
    costs = Costs(process=300.0, process_for_trip=99.6, redis_for_trip=20.0)
    measured = write_costs(Measurement(costs=costs, per_second=3210.4, trips_per_second=45_678.0))
    cells = [[cell.strip() for cell in line.split("|")[2:4]] for line in measured.splitlines()[2:]]

    assert cells == [
        ["400 µs", "300 µs"],
        ["150 µs", "100 µs"],
        ["40 µs", "20 µs"],
        ["100 µs", "not measured"],
        ["2500", "3210"],
        ["25000", "45678"],
    ]


@pytest.mark.slow
def test_the_table_of_the_page_is_that_of_the_simulation() -> None:
    assert tables.written("replicas") == write_table(Costs())
