import time

from llemulator_addon.adapters.clock import Clock, now


def test_a_step_of_the_systems_clock_does_not_change_what_has_passed() -> None:
    system, ticks = [1_000_000.0], [50.0]
    clock = Clock(lambda: system[0], lambda: ticks[0])
    begun = clock.now()
    system[0] -= 3_600
    ticks[0] += 5

    assert (begun, clock.now()) == (1_000_000.0, 1_000_005.0)


def test_it_tells_the_time_of_day() -> None:
    assert abs(now() - time.time()) < 3_600
    assert now() <= now()
