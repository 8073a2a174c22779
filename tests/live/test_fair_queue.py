"""Owners take turns."""

import pytest

from llemulator_addon.live.fair_queue import FairQueue


def test_owners_take_turns_and_the_items_of_one_keep_their_order() -> None:
    waiting = FairQueue[int]()
    for number, owner in enumerate("aaabbc"):
        waiting.add(owner, number)

    assert [waiting.take() for _ in range(len(waiting))] == [0, 3, 5, 1, 4, 2]
    assert not waiting


def test_nothing_can_be_taken_where_nothing_waits() -> None:
    with pytest.raises(KeyError):
        FairQueue[int]().take()
