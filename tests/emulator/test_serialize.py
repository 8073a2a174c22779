"""`serialize`: a request waits until the answer to the one before has left."""

import asyncio
from contextlib import suppress

import pytest

from llemulator_addon.core.outcome import Answered, Ending
from llemulator_addon.emulator import Emulator
from tests.playing import chat, emulator, headers_of, json_of, played, post, request, said

_LEFT = Ending(how="whole", bytes_sent=1, sends=1, seconds=0.0)


async def _end(server: Emulator, outcome: Answered) -> None:
    assert outcome.exchange is not None
    await server.note_end(outcome.exchange, _LEFT)


async def _settled(*tasks: "asyncio.Task[Answered]") -> list[bool]:
    for _ in range(5):
        await asyncio.sleep(0)
    return [task.done() for task in tasks]


async def test_requests_of_a_token_wait_in_the_order_of_arrival() -> None:
    server = emulator({"serialize": True, "responses": ["a", "b", "c"]})
    tasks = [asyncio.create_task(server.answer(chat())) for _ in range(3)]

    assert await _settled(*tasks) == [True, False, False]
    await _end(server, await tasks[0])
    assert await _settled(*tasks) == [True, True, False]
    await _end(server, await tasks[1])
    assert [said(played(await task).steps) for task in tasks] == ["a", "b", "c"]


async def test_other_tokens_and_scripts_without_it_do_not_wait() -> None:
    server = emulator({"serialize": True, "responses": ["a", "b"]})
    waited = [asyncio.create_task(server.answer(chat(token=token))) for token in ("one", "two", "one")]

    assert await _settled(*waited) == [True, True, False]
    waited[2].cancel()
    free = emulator({"responses": ["a", "b"]})
    assert [said(played(await free.answer(chat())).steps) for _ in range(2)] == ["a", "b"]


async def test_a_client_that_leaves_while_it_waits_blocks_nobody_and_uses_up_nothing() -> None:
    server = emulator({"serialize": True, "responses": ["a", "b"]})
    first, leaving, last = (asyncio.create_task(server.answer(chat())) for _ in range(3))
    await _settled(first)

    leaving.cancel()
    await _settled(leaving)
    await _end(server, await first)

    assert said(played(await last).steps) == "b"


async def test_a_client_that_leaves_just_when_its_turn_comes_hands_it_on() -> None:
    server = emulator({"serialize": True, "responses": ["a", "b"]})
    first, leaving, last = (asyncio.create_task(server.answer(chat())) for _ in range(3))
    await _settled(first)

    await _end(server, await first)
    leaving.cancel()
    with suppress(asyncio.CancelledError):
        await leaving

    assert said(played(await last).steps) == "b"


async def test_an_answer_that_left_twice_gives_one_turn() -> None:
    server = emulator({"serialize": True, "responses": ["a", "b", "c"]})
    tasks = [asyncio.create_task(server.answer(chat())) for _ in range(3)]
    first = await tasks[0]

    await _end(server, first)
    await _end(server, first)

    assert await _settled(*tasks) == [True, True, False]
    await _end(server, await tasks[1])
    await tasks[2]


_SCRIPT = {"serialize": True, "responses": ["a", "b", "c"]}


async def _forget(server: Emulator, how: str) -> None:
    body = {**_SCRIPT, "reset": True} if how == "script" else {}
    await server.answer(post(f"/_emulator/{how}", body))


@pytest.mark.parametrize("how", ["reset", "script"])
async def test_requests_after_a_reset_do_not_wait_for_an_answer_before_it(how: str) -> None:
    server = emulator(_SCRIPT)
    old = await server.answer(chat())

    await _forget(server, how)
    new, next_one = (asyncio.create_task(server.answer(chat())) for _ in range(2))

    assert await _settled(new, next_one) == [True, False]
    await _end(server, old)
    assert await _settled(next_one) == [False]  # the end of the old answer gives no turn in the new session
    await _end(server, await new)
    assert [said(played(await task).steps) for task in (new, next_one)] == ["a", "b"]


@pytest.mark.parametrize("how", ["reset", "script"])
async def test_requests_that_wait_while_their_session_is_reset_are_refused_and_use_up_nothing(how: str) -> None:
    server = emulator(_SCRIPT)
    first, waiting = (asyncio.create_task(server.answer(chat())) for _ in range(2))
    await _settled(first, waiting)

    await _forget(server, how)
    refused = played(await waiting)

    assert (said(refused.steps), refused.exchange) == ("409 session_forgotten", None)
    assert headers_of(refused.steps)["x-should-retry"] == "false"
    assert said(played(await server.answer(chat())).steps) == "a"
    assert json_of(played(await server.answer(request("GET", "/_emulator/requests"))).steps)["recorded"] == 1


async def test_a_request_whose_turn_comes_just_when_its_session_is_reset_is_refused() -> None:
    server = emulator(_SCRIPT)
    first, waiting = (asyncio.create_task(server.answer(chat())) for _ in range(2))
    await _settled(first)

    await _end(server, await first)
    await _forget(server, "reset")

    assert said(played(await waiting).steps) == "409 session_forgotten"
    assert said(played(await server.answer(chat())).steps) == "a"
