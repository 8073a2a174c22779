"""Preset queues of an address, filled at one process and asked at another that shares the store."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from llemulator_addon.adapters.stores.shared import SharedStore
from llemulator_addon.adapters.stores.sqlite import SqliteBackend
from llemulator_addon.core.outcome import Play
from llemulator_addon.core.request import Request
from llemulator_addon.emulator import Emulator, EmulatorSettings
from tests.playing import chat, json_of, post, request, status

_QUEUE = "/api/preset-queue/127.0.0.1"
_TOKENS = [None, "sk-of-an-sdk-1", "sk-of-an-sdk-2"]

pytestmark = pytest.mark.long


def _start(file: Path, ttl: float | None) -> Emulator:
    return Emulator(
        EmulatorSettings(), lambda beginnings, limits: SharedStore(SqliteBackend(file, limits, ttl), beginnings)
    )


class _Servers:
    """Processes that share a file."""

    def __init__(self, file: Path, number: int) -> None:
        self.emulators = [_start(file, 60.0) for _ in range(number)]

    async def ask(self, number: int, asked: Request) -> object:
        answered = await self.emulators[number].answer(asked)
        assert isinstance(answered, Play)
        assert status(answered.steps) == 200
        return json_of(answered.steps)

    async def say(self, number: int, text: str = "Hi", token: str | None = _TOKENS[1]) -> object:
        """Return the `id` of an answer from a queue, or the text of any other."""
        sent = chat(text, token=token)
        answer = await self.ask(number, replace(sent, keyless="127.0.0.1") if token is None else sent)
        assert isinstance(answer, dict)
        return answer["choices"][0]["message"]["content"] if "choices" in answer else answer["id"]


@pytest.fixture
async def servers(tmp_path: Path) -> AsyncIterator[_Servers]:
    opened = _Servers(tmp_path / "sessions.db", 3)
    async with AsyncExitStack() as stack:
        for each in opened.emulators:
            stack.push_async_callback(each.close)
        yield opened


def _answers(*names: str) -> Request:
    return _at_home(post(f"{_QUEUE}/batch", {"responses": [{"id": name} for name in names]}))


def _at_home(asked: Request) -> Request:
    return replace(asked, host="127.0.0.1")


async def test_the_first_request_at_each_process_after_a_queue_was_filled_is_answered_from_it(
    servers: _Servers,
) -> None:
    before = [await servers.say(number) for number in range(3)]
    await servers.ask(0, _answers(*map(str, range(9))))
    said = [await servers.say(number, token=token) for token in _TOKENS for number in (2, 1, 0)]

    assert before == ["Hi"] * 3
    assert said == [*map(str, range(9))]


async def test_of_requests_at_the_same_time_each_gets_its_own_answer(servers: _Servers) -> None:
    await servers.ask(0, _answers(*map(str, range(30))))
    asked = (servers.say(number % 3, token=_TOKENS[number % 2 + 1]) for number in range(30))

    assert sorted(map(str, await asyncio.gather(*asked))) == sorted(map(str, range(30)))


async def test_once_a_queue_was_cleared_no_process_answers_from_it(servers: _Servers) -> None:
    await servers.ask(0, _answers("1", "2", "3", "4"))
    said = [await servers.say(number) for number in range(3)]
    await servers.ask(1, _at_home(request("DELETE", _QUEUE)))
    said += [await servers.say(number) for number in range(3)]
    await servers.ask(2, _answers("5", "6"))
    said += [await servers.say(number) for number in range(2)]

    assert said == ["1", "2", "3", "Hi", "Hi", "Hi", "5", "6"]


async def test_a_token_with_a_script_is_answered_by_it_at_each_process(servers: _Servers) -> None:
    await servers.ask(0, post("/_emulator/script", {"rules": [{"reply": "by its script"}]}, token=_TOKENS[2]))
    await servers.ask(1, _answers("1", "2", "3"))

    assert [await servers.say(number, token=_TOKENS[2]) for number in range(3)] == ["by its script"] * 3
    assert [await servers.say(number) for number in range(3)] == ["1", "2", "3"]


async def test_a_large_request_is_answered_from_the_queue_too(servers: _Servers) -> None:
    await servers.ask(0, _answers("1"))

    assert await servers.say(1, "long " * 100_000) == "1"


async def test_a_request_that_has_its_turn_is_answered_from_a_queue_of_another_process(servers: _Servers) -> None:
    await servers.ask(0, post("/_emulator/script", {"serialize": True}, token=_TOKENS[1]))
    await servers.ask(0, _answers("1"))

    assert await servers.say(1) == "1"


async def test_a_client_without_a_key_who_lets_a_person_answer_fills_no_queue(servers: _Servers) -> None:
    manual = post("/_emulator/script", {"rules": [{"reply": "x"}], "defaults": {"on_unmatched": "manual"}}, token=None)
    await servers.ask(0, replace(manual, keyless="127.0.0.1"))

    assert [await servers.say(number) for number in range(3)] == ["Hi"] * 3


async def test_a_queue_that_has_expired_answers_nobody(tmp_path: Path) -> None:
    file = tmp_path / "expired.db"
    forever, soon = (_start(file, ttl) for ttl in (None, 0.0))
    await forever.answer(_answers("1"))
    answered = await soon.answer(chat("Hi"))
    for each in (forever, soon):
        await each.close()

    assert isinstance(answered, Play)
    assert json_of(answered.steps)["choices"][0]["message"]["content"] == "Hi"
