"""Each attack of the table on one server: others are answered meanwhile, its answer is right, and memory is bounded.

Each attack is shorter than where it is measured: a machine that is busy does not get through all of it, and what is not
answered when the attacker leaves is not wrong. How much longer others wait is measured by `make bench`: on a machine
that has something else to do, a limit in milliseconds would say little.
"""

from collections.abc import Iterator

import pytest

from conformance.attacks.attack import SILENT
from conformance.attacks.catalogue import ATTACKS
from conformance.attacks.measure import Arena, Seen, arena

_SECONDS = 1.0
"""How long an attack goes on at most."""
_SECONDS_AT_MOST = 10.0
"""Generous: how long an answer to another client may take on a busy machine."""
_MEBIBYTES_AT_MOST = 512
"""For all attacks in one process. `make bench` has the stricter bound."""

pytestmark = pytest.mark.xdist_group("attacks")


@pytest.fixture(scope="module")
def field() -> Iterator[Arena]:
    with arena(seconds=_SECONDS) as field:
        yield field


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_answered_while_others_are_and_takes_no_more_memory_than_there_is(name: str, field: Arena) -> None:
    seen = field.attack(name, peace=0)

    assert _not_so(name, seen) == []


def _not_so(name: str, seen: Seen) -> list[str]:
    """Return what does not hold."""
    must_hold = {
        f"the server lives on ({seen.killed})": not seen.killed,
        f"others have no errors ({seen.waits.error!r})": seen.waits.error is None,
        "others were answered": seen.waits.answers > 0,
        f"none waits {seen.waits.longest:.1f} s": seen.waits.longest < _SECONDS_AT_MOST,
        f"{sorted(set(seen.statuses))} are right": (ATTACKS[name].answers | {SILENT}).issuperset(seen.statuses),
        f"{seen.mebibytes_most:.0f} MiB are there": seen.mebibytes_most < _MEBIBYTES_AT_MOST,
    }
    return [what for what, holds in must_hold.items() if not holds]
