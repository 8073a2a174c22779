"""Parts of an answer are made while it is sent."""

import asyncio
from collections.abc import Iterator

import pytest

from llemulator_addon.adapters.making import Making
from llemulator_addon.core.steps import Cut, Send, Step, Wait

_SECRET = "sk-secret"
_LARGE = Send(b"x" * (64 << 10))


async def _all(making: Making) -> list[Step]:
    found: list[Step] = []
    while True:
        await making.more()
        if not (part := making.take()):
            return found
        found += part


async def test_all_steps_come_in_their_order() -> None:
    steps = (Send(b"one"), Wait(1.0), Send(b"two"), _LARGE, Send(b"three"), Cut())

    assert await _all(Making(lambda: iter(steps), asyncio.Lock())) == list(steps)


async def test_a_part_ends_where_it_is_large_or_something_is_waited_for() -> None:
    making = Making(lambda: iter((Wait(1.0), _LARGE, Send(b"more"))), asyncio.Lock())

    await making.more()
    assert making.take() == (Wait(1.0),)
    await making.more()
    assert making.take() == (_LARGE,)


async def test_nothing_is_made_before_it_is_asked_for() -> None:
    made: list[int] = []

    def steps() -> Iterator[Step]:
        for number in range(3):
            made.append(number)
            yield _LARGE

    making = Making(steps, asyncio.Lock())
    assert made == []
    await making.more()
    assert made == [0]


async def test_others_go_on_between_two_parts_and_answers_take_turns() -> None:
    told: list[str] = []
    turn = asyncio.Lock()

    def steps(name: str) -> Iterator[Step]:
        for _ in range(3):
            told.append(name)
            yield _LARGE

    async def another() -> None:
        for _ in range(3):
            told.append("another")
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as tasks:
        for name in ("a", "b"):
            tasks.create_task(_all(Making(lambda name=name: steps(name), turn)))  # type: ignore[misc]
        tasks.create_task(another())

    made = [name for name in told if name != "another"]
    assert made == ["a", "b"] * 3
    assert told.index("another") < told.index("b")


async def test_a_bug_cuts_the_answer_and_is_logged_without_what_it_says(caplog: pytest.LogCaptureFixture) -> None:
    def steps() -> Iterator[Step]:
        yield _LARGE
        raise KeyError(_SECRET)

    assert await _all(Making(steps, asyncio.Lock())) == [_LARGE, Cut()]
    assert _SECRET not in caplog.text


async def test_what_is_left_makes_no_more() -> None:
    making = Making(lambda: iter((_LARGE, _LARGE)), asyncio.Lock())
    await making.more()
    making.take()
    making.leave()
    await making.more()

    assert making.take() == ()
