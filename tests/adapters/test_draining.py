"""A process that is about to end: until when it answers."""

import pytest

from llemulator_addon.adapters.draining import Quiet


def _end(*seen: tuple[float, int, bool], limit: float = 30.0) -> float | None:
    """Return when it may end, of times with the requests so far and whether none is under way."""
    quiet = Quiet(0.0, 0, limit)
    return next((now for now, answered, is_idle in seen if quiet.is_over(now, answered, is_idle=is_idle)), None)


@pytest.mark.parametrize(
    ("seen", "end"),
    [
        ([(1, 0, True), (4.9, 0, True), (5, 0, True)], 5),
        ([(3, 1, True), (7.9, 1, True), (8, 1, True)], 8),
        ([(3, 1, False), (20, 1, False), (24.9, 1, True), (25, 1, True)], 25),
        ([(n, n, True) for n in range(40)], 30),
        ([(n, 0, False) for n in range(40)], 30),
    ],
    ids=["nobody asks", "one more asked", "an answer that takes long", "requests without end", "an endless answer"],
)
def test_it_ends_when_it_was_quiet_for_five_seconds_or_its_time_is_over(
    seen: list[tuple[float, int, bool]], end: float
) -> None:
    assert _end(*seen) == end


def test_a_time_that_is_shorter_than_that_is_kept() -> None:
    assert _end((0.9, 0, True), (1.0, 0, True), limit=1.0) == 1.0
