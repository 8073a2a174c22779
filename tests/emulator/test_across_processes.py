"""Two emulators share a store: people answer at either, and answers to a token take turns in both."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from llemulator_addon.core.outcome import Answered, Ending
from llemulator_addon.core.request import Request
from llemulator_addon.core.rest import Rest
from llemulator_addon.core.steps import Steps
from llemulator_addon.emulator import Emulator, EmulatorSettings
from tests.patience import SECONDS
from tests.playing import TOKEN, body_of, chat, json_of, played, post, request, said, status
from tests.store.places import STORES

pytestmark = pytest.mark.long

_ENDING = Ending(how="whole", bytes_sent=1, sends=1, seconds=0.0)
_MANUAL = {"responses": {"scripted": "of the rule"}, "defaults": {"on_unmatched": "manual"}}


@pytest.fixture(params=[name for name in STORES if name != "memory"])
async def servers(request: pytest.FixtureRequest) -> AsyncIterator[tuple[Emulator, Emulator]]:
    with STORES[request.param]() as place:
        one, other = (Emulator(EmulatorSettings(), place.open) for _ in range(2))
        yield one, other
        for server in (one, other):
            await server.close()


async def _got(server: Emulator, asked: Request) -> Steps:
    return played(await server.answer(asked)).steps


async def _waiting(server: Emulator, token: str = TOKEN) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json_of(await _got(server, request("GET", "/_emulator/waiting", token=token)))["data"]
    return found


async def _waits(server: Emulator, number: int) -> list[dict[str, Any]]:
    async with asyncio.timeout(SECONDS):
        while len(found := await _waiting(server)) != number:
            pass
    return found


async def _answer(server: Emulator, number: int, answer: object) -> tuple[int, Any]:
    steps = await _got(server, post(f"/_emulator/waiting/{number}", answer))
    return status(steps), json_of(steps)


@asynccontextmanager
async def _asked(*pairs: tuple[Emulator, Request]) -> AsyncIterator[list[asyncio.Task[Answered]]]:
    tasks = [asyncio.create_task(server.answer(asked)) for server, asked in pairs]
    yield tasks
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _load(server: Emulator, script: object) -> None:
    assert status(await _got(server, post("/_emulator/script", script))) == 200


async def test_a_desk_lists_and_answers_what_waits_at_another_process(servers: tuple[Emulator, Emulator]) -> None:
    one, other = servers
    await _load(one, _MANUAL)
    async with _asked((one, chat("Who are you?", at=1000.0))) as (task,):
        (shown,) = await _waits(other, 1)
        (at_home,) = await _waiting(one)
        answered = await _answer(other, 1, {"text": "A person."})
        lists = [await _waiting(server) for server in servers]
        got = said(played(await task).steps)

    assert shown == at_home
    assert (shown["number"], shown["user_text"], shown["at"]) == (1, "Who are you?", 1000.0)
    assert answered == (200, {"object": "waiting.answered", "number": 1, "answered": True})
    assert (got, lists) == ("A person.", [[], []])
    journal = json_of(await _got(other, request("GET", "/_emulator/requests")))
    assert [each["number"] for each in journal["data"]] == [1]


async def test_a_desk_lists_what_waits_at_all_processes_in_order(servers: tuple[Emulator, Emulator]) -> None:
    one, other = servers
    await _load(one, _MANUAL)
    async with _asked((one, chat("first"))):
        await _waits(other, 1)
        async with _asked((other, chat("second"))):
            lists = [await _waits(server, 2) for server in servers]
            listed = json_of(await _got(one, request("GET", "/_emulator/sessions")))["data"]
            shown = json_of(await _got(one, request("GET", "/_emulator/waiting/2")))

    assert lists[0] == lists[1]
    assert [each["user_text"] for each in lists[0]] == ["first", "second"]
    assert [each["waiting"] for each in listed if each["waiting"]] == [[1, 2]]
    assert shown["user_text"] == "second"


async def test_of_two_people_at_two_processes_one_answers(servers: tuple[Emulator, Emulator]) -> None:
    one, other = servers
    await _load(one, _MANUAL)
    async with _asked((one, chat())) as (task,):
        await _waits(other, 1)
        told = await asyncio.gather(*(_answer(server, 1, f"of {number}") for number, server in enumerate(servers)))
        got = said(played(await task).steps)

    assert sorted(code for code, _ in told) == [200, 409]
    assert got == f"of {[code for code, _ in told].index(200)}"


async def test_a_wrong_answer_is_refused_with_its_place_and_the_request_waits_on(
    servers: tuple[Emulator, Emulator],
) -> None:
    one, other = servers
    await _load(one, _MANUAL)
    async with _asked((one, chat())) as (task,):
        await _waits(other, 1)
        refused = [await _answer(other, 1, {"nothing": 1}), await _answer(one, 1, {"nothing": 1})]
        filled = [await _answer(server, 1, {"template": "{{ body.nothing.at_all }}"}) for server in (other, one)]
        answered, _ = await _answer(other, 1, "good")
        got = said(played(await task).steps)

    assert refused[0] == refused[1]
    assert filled[0] == filled[1]
    assert (refused[0][0], filled[0][0] in {200, 400}, answered, got) == (400, True, 200, "good")


async def test_a_client_that_leaves_is_off_the_desk_of_the_other_process(servers: tuple[Emulator, Emulator]) -> None:
    one, other = servers
    await _load(one, _MANUAL)
    async with _asked((one, chat())) as (task,):
        await _waits(other, 1)
        task.cancel()
        await _waits(other, 0)
        code, told = await _answer(other, 1, "too late")

    assert (code, told["error"]["code"]) == (409, "not_waiting")


async def test_a_reset_at_one_process_answers_what_waits_at_the_other(servers: tuple[Emulator, Emulator]) -> None:
    one, other = servers
    await _load(one, _MANUAL)
    async with _asked((one, chat())) as (task,):
        await _waits(other, 1)
        await _got(other, post("/_emulator/reset"))
        steps = played(await task).steps

    assert (status(steps), json_of(steps)["error"]["code"]) == (409, "session_forgotten")
    assert await _waiting(other) == []


async def test_nothing_secret_is_in_the_lease_of_a_request(servers: tuple[Emulator, Emulator]) -> None:
    one, other = servers
    await _load(one, _MANUAL)
    secret = "sk-proj-" + "a1B2" * 12
    async with _asked((one, chat(f"my key is {secret}"))):
        await _waits(other, 1)
        link = other._store.link  # noqa: SLF001 - what leaves a process is seen nowhere else
        (named,) = await link.list_leases("waiting")
        (lease,) = await link.list_leases("waiting", named.of)

    assert "my key is" in lease.text
    assert secret not in lease.text
    assert TOKEN not in lease.text


# serialize ------------------------------------------------------------------------------------------------------------


async def _until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(SECONDS):
        while not holds():  # noqa: ASYNC110 - another process has no event for it
            await asyncio.sleep(0.005)


async def test_answers_to_a_token_take_turns_in_both_processes_in_the_order_of_arrival(
    servers: tuple[Emulator, Emulator],
) -> None:
    one, other = servers
    await _load(one, {"serialize": True, "responses": ["a", "b", "c", "d"]})
    order: list[str] = []
    playing = 0

    async def ask(server: Emulator) -> None:
        nonlocal playing
        answered = await server.answer(chat())
        playing += 1
        assert playing == 1
        order.append(said(played(answered).steps))
        await asyncio.sleep(0.02)
        playing -= 1
        assert answered.exchange is not None
        await server.note_end(answered.exchange, _ENDING)

    async with asyncio.timeout(SECONDS):
        await asyncio.gather(*(ask(server) for server in (one, other, one, other)))

    assert order == ["a", "b", "c", "d"]


async def test_a_client_that_leaves_its_turn_blocks_nobody_at_the_other(servers: tuple[Emulator, Emulator]) -> None:
    one, other = servers
    await _load(one, {"serialize": True, "responses": ["a", "b"]})
    first = await one.answer(chat())
    async with _asked((one, chat()), (other, chat())) as (leaving, last):
        await asyncio.sleep(0.1)
        assert not leaving.done()
        assert not last.done()
        leaving.cancel()
        assert first.exchange is not None
        await one.note_end(first.exchange, _ENDING)
        got = said(played(await last).steps)

    assert got == "b"


async def test_a_reset_tells_those_who_wait_for_a_turn_at_the_other(servers: tuple[Emulator, Emulator]) -> None:
    one, other = servers
    await _load(one, {"serialize": True, "responses": ["a", "b"]})
    await one.answer(chat())
    async with _asked((one, chat())) as (waiting,):
        await asyncio.sleep(0.05)
        await _got(other, post("/_emulator/reset"))
        steps = played(await waiting).steps

    assert (status(steps), json_of(steps)["error"]["code"]) == (409, "session_forgotten")


# News -----------------------------------------------------------------------------------------------------------------


class _Console:
    """Reads the news of all sessions, or of one."""

    def __init__(self, rest: Rest) -> None:
        self._rest = rest
        self.events: list[tuple[str, Any]] = []

    async def read_until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(SECONDS):
            while not holds():
                await self._rest.more()
                for block in body_of(self._rest.take()).decode().split("\n\n"):
                    fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
                    if "event" in fields:
                        self.events.append((fields["event"], json.loads(fields["data"])))

    def news_of(self, number: int) -> list[str]:
        """Return what was reported of an exchange."""
        shown = [facts for name, facts in self.events if name == "exchange" and facts["number"] == number]
        return [happening for facts in shown for happening in facts["news"]]


@asynccontextmanager
async def _console(server: Emulator, path: str = "/_emulator/requests/live") -> AsyncIterator[_Console]:
    answered = played(await server.answer(request("GET", path)))
    assert answered.rest is not None
    yield _Console(answered.rest)
    answered.rest.leave()


async def _ask(server: Emulator, text: str = "x") -> None:
    answered = await server.answer(chat(text))
    assert answered.exchange is not None
    await server.note_end(answered.exchange, _ENDING)


async def test_a_console_sees_what_another_process_answers_once_and_in_order(
    servers: tuple[Emulator, Emulator],
) -> None:
    one, other = servers
    await _load(one, {"rules": [{"reply": "a"}]})
    async with _console(other) as console:
        for number in range(30):
            await _ask(servers[number % 2])
        await console.read_until(lambda: all("ended" in console.news_of(number) for number in range(1, 31)))

    assert [console.news_of(number) for number in range(1, 31)] == [["begun", "ended"]] * 30
    assert "missed" not in [name for name, _ in console.events]


async def test_a_console_sees_scripts_resets_and_who_waits_at_another_process(
    servers: tuple[Emulator, Emulator],
) -> None:
    one, other = servers
    await _load(other, {"rules": []})
    async with _console(other) as console:
        await _load(one, _MANUAL)
        async with _asked((one, chat("Who is there?"))):
            await console.read_until(lambda: "waiting" in dict(console.events))
            waiting = dict(console.events)["waiting"]
            await _got(one, post("/_emulator/reset"))
            await console.read_until(lambda: "reset" in dict(console.events))

    assert waiting["user_text"] == "Who is there?"
    assert "script" in dict(console.events)


async def test_without_a_reader_nothing_is_told_to_other_processes(servers: tuple[Emulator, Emulator]) -> None:
    one, _ = servers
    await _load(one, {"rules": [{"reply": "a"}]})
    await _ask(one)
    link = one._store.link  # noqa: SLF001 - what leaves a process is seen nowhere else

    assert not link.is_heard
    assert not link._pending  # type: ignore[attr-defined]  # noqa: SLF001
