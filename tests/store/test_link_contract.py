"""What processes that share a store know of each other, whatever the store is."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest

from llemulator_addon.store.link import Held, Link
from tests.patience import SECONDS
from tests.store.places import STORES

type Opening = Callable[[], Awaitable[Link]]

_THINGS = ("first session", "second session")
_SHORT = 2.0
"""Seconds that leases last where a test waits for their end."""


@pytest.fixture(params=[name if name == "memory" else pytest.param(name, marks=pytest.mark.long) for name in STORES])
async def opening(request: pytest.FixtureRequest) -> AsyncIterator[Opening]:
    with STORES[request.param]() as place:
        async with AsyncExitStack() as opened:
            yield lambda: opened.enter_async_context(place.open_link())


async def _soon[T](find: Callable[[], T]) -> T:
    """Wait until something is found."""
    async with asyncio.timeout(SECONDS):
        while not (found := find()):  # noqa: ASYNC110 - another process has no event for it
            await asyncio.sleep(0.005)
    return found


async def test_others_see_a_lease_with_its_text_and_its_holder_does_not_list_it(opening: Opening) -> None:
    one, other = await opening(), await opening()
    await one.hold("waiting", _THINGS[0], "a label", lambda: "a text")
    (lease,) = await other.list_leases("waiting", _THINGS[0])

    assert (lease.process, lease.of, lease.label, lease.text) == (one.name, _THINGS[0], "a label", "a text")
    assert not await one.list_leases("waiting", _THINGS[0])
    assert not await other.list_leases("waiting", _THINGS[1])
    assert not await other.list_leases("turn", _THINGS[0])


async def test_leases_of_all_things_are_listed_in_the_order_they_came_without_texts(
    opening: Opening,
) -> None:
    one, two, other = await opening(), await opening(), await opening()
    for number, link in enumerate((one, two, one)):
        await link.hold("waiting", _THINGS[number % 2], str(number), lambda: "a text")

    leases = await other.list_leases("waiting")

    assert [(lease.label, lease.text) for lease in leases] == [("0", ""), ("1", ""), ("2", "")]
    assert [lease.label for lease in await two.list_leases("waiting")] == ["0", "2"]


async def test_turns_come_in_the_order_of_arrival_whatever_the_process(opening: Opening) -> None:
    links = await opening(), await opening()
    held = [await links[number % 2].hold("turn", _THINGS[0]) for number in range(5)]
    came: list[int] = []

    async def wait(number: int, turn: Held) -> None:
        assert await turn.come_first()
        came.append(number)

    async with asyncio.timeout(SECONDS):
        waiting = [asyncio.create_task(wait(number, turn)) for number, turn in enumerate(held)]
        # The one in the middle leaves while it waits.
        links[0].let_go(held[2])
        waiting[2].cancel()
        for number in (0, 1, 3, 4):
            await waiting[number]
            links[number % 2].let_go(held[number])

    assert came == [0, 1, 3, 4]


async def test_turns_of_another_thing_are_others(opening: Opening) -> None:
    one, other = await opening(), await opening()
    held = [await link.hold("turn", thing) for thing in _THINGS for link in (one, other)]

    assert [turn.is_first for turn in held] == [True, False, True, False]


async def test_a_lease_that_was_let_go_is_gone_once_it_has_settled(opening: Opening) -> None:
    one, other = await opening(), await opening()
    held = await one.hold("waiting", _THINGS[0])
    one.let_go(held)
    one.let_go(held)
    await one.settle()

    assert not await other.list_leases("waiting")


async def test_who_leaves_gives_up_its_leases_and_the_next_has_the_turn(opening: Opening) -> None:
    one, other = await opening(), await opening()
    await one.hold("turn", _THINGS[0])
    await one.hold("waiting", _THINGS[0])
    turn = await other.hold("turn", _THINGS[0])
    await one.close()

    async with asyncio.timeout(SECONDS):
        assert await turn.come_first()
    assert not await other.list_leases("waiting")


async def test_a_wait_for_a_turn_can_be_called_off(opening: Opening) -> None:
    one, other = await opening(), await opening()
    await one.hold("turn", _THINGS[0])
    turn = await other.hold("turn", _THINGS[0])
    waiting = asyncio.create_task(turn.come_first())
    await asyncio.sleep(0)
    turn.call_off()

    assert not await waiting


async def test_a_question_gets_the_answer_of_the_process_that_was_asked(opening: Opening) -> None:
    one, two, asker = await opening(), await opening(), await opening()
    for link, name in ((one, "one"), (two, "two")):

        async def answer(question: str, name: str = name) -> str:
            return f"{name}: {question}"

        link.answer_with(answer)
        await link.hold("waiting", _THINGS[0])

    processes = [lease.process for lease in await asker.list_leases("waiting", _THINGS[0])]
    answers = await asyncio.gather(*(asker.ask(process, 'who "are  you", ü?\n') for process in processes))

    assert answers == ['one: who "are  you", ü?\n', 'two: who "are  you", ü?\n']


async def test_who_listens_hears_what_others_tell_in_their_order_and_nothing_twice(opening: Opening) -> None:
    one, other = await opening(), await opening()
    heard: list[str | None] = []
    one.tell("before anybody listened")
    await other.listen(heard.append)
    await other.listen(heard.append)
    for number in range(600):
        one.tell(str(number))
    other.tell("of its own")
    await _soon(lambda: len(heard) >= 600)
    one.tell("the last")
    await _soon(lambda: heard[-1] == "the last")

    assert [each for each in heard if each != "before anybody listened"] == [*map(str, range(600)), "the last"]


async def test_whether_another_listens_is_known(opening: Opening) -> None:
    one, other = await opening(), await opening()
    heard: list[str | None] = []
    assert not one.is_heard
    await other.listen(heard.append)

    await _soon(lambda: one.is_heard)
    assert not other.is_heard


async def test_who_cannot_hear_all_learns_that_some_were_lost(opening: Opening) -> None:
    one, other = await opening(), await opening()
    heard: list[str | None] = []
    await other.listen(heard.append)
    for number in range(6000):
        one.tell(str(number))
    await _soon(lambda: bool(heard) and heard[-1] == "5999")
    numbers = [int(text) for text in heard if text is not None]

    assert numbers == sorted(set(numbers))
    assert None in heard or len(numbers) == 6000


async def test_of_notices_with_one_name_the_last_is_heard(opening: Opening) -> None:
    one, other = await opening(), await opening()
    heard: list[str | None] = []
    await other.listen(heard.append)
    for number in range(100):
        one.tell(str(number), "how far")
    one.tell("end")
    await _soon(lambda: bool(heard) and heard[-1] == "end")

    assert heard[-2] == "99"


@pytest.mark.long
@pytest.mark.parametrize("name", [name for name in STORES if name != "memory"])
async def test_who_was_silent_for_too_long_learns_that_it_may_have_missed_something_and_holds_again(name: str) -> None:
    with STORES[name]() as place:
        async with place.open_link() as one, place.open_link(_SHORT) as other:
            heard: list[str | None] = []
            await other.listen(heard.append)
            await other.hold("waiting", _THINGS[0])
            # The loop stands still for longer than leases last, as in a machine that was suspended.
            time.sleep(_SHORT + 0.2)  # noqa: ASYNC251
            await one.list_leases("waiting")
            await _soon(lambda: heard)
            one.tell("then")
            await _soon(lambda: heard[-1] == "then")
            (lease,) = await one.list_leases("waiting")

    assert heard == [None, "then"]
    assert lease.process == other.name


@pytest.mark.long
@pytest.mark.parametrize("name", [name for name in STORES if name != "memory"])
async def test_leases_of_a_process_that_died_end_and_the_next_has_its_turn(name: str) -> None:
    with STORES[name]() as place:
        async with place.open_link(_SHORT) as dies, place.open_link(_SHORT) as stays:
            await dies.hold("turn", _THINGS[0])
            await dies.hold("waiting", _THINGS[0])
            turn = await stays.hold("turn", _THINGS[0])
            for task in dies._tasks.values():  # type: ignore[attr-defined]  # noqa: SLF001 - it does nothing any more
                task.cancel()
            async with asyncio.timeout(SECONDS):
                assert await turn.come_first()
            assert not await stays.list_leases("waiting")
