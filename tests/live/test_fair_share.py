"""Which requests begin first, when many come at once."""

import asyncio
from collections.abc import Iterable

import pytest

from llemulator_addon.live.fair_share import FairShare
from tests.patience import SECONDS


def _order(owners: Iterable[str]) -> list[str]:
    """Let requests of tokens come in one round of the event loop, and return the order in which they begin."""
    begun: list[str] = []

    async def ask(shares: FairShare, owner: str) -> None:
        await shares.begin(owner)
        begun.append(owner)

    async def play() -> None:
        shares = FairShare()
        async with asyncio.TaskGroup() as group:
            for owner in owners:
                group.create_task(ask(shares, owner))

    asyncio.run(play())
    return begun


def test_a_token_that_asks_once_begins_before_the_many_of_another() -> None:
    begun = _order(["many"] * 500 + ["once"])

    assert len(begun) == 501
    assert begun.index("once") < 6


def test_tokens_take_turns_and_each_keeps_its_order() -> None:
    assert _order(["a"] * 6 + ["b"] * 2 + ["c"]) == ["a", "a", "a", "b", "c", "a", "b", "a", "a"]


def test_requests_of_different_rounds_wait_for_nothing() -> None:
    async def play() -> None:
        shares = FairShare()
        for _ in range(100):
            asked = asyncio.ensure_future(shares.begin("a"))
            await asyncio.sleep(0)
            assert asked.done()
            await asyncio.sleep(0)

    asyncio.run(play())


def test_a_request_whose_client_left_gives_its_place_to_the_next() -> None:
    async def play() -> list[bool]:
        shares = FairShare()
        asked = [asyncio.ensure_future(shares.begin("a")) for _ in range(5)]
        await asyncio.sleep(0)
        asked[2].cancel()
        asked[3].cancel()
        async with asyncio.timeout(SECONDS):
            await asked[4]
        with pytest.raises(asyncio.CancelledError):
            await asked[2]
        return [each.cancelled() for each in asked]

    assert asyncio.run(play()) == [False, False, True, True, False]
