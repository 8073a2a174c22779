"""Several servers share a store: people, turns and news are as if there were one."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import httpx2
import openai
import pytest

from tests.patience import SECONDS
from tests.store.redis_server import RedisServer, running_redis
from tests.wire_real.processes import LLEMULATOR, Started, started
from tests.wire_real.websocket_client import talking

pytestmark = pytest.mark.slow

_TOKEN = "sk-together-1234"
_MANUAL = {"responses": [], "defaults": {"on_unmatched": "manual"}}


@pytest.fixture(params=["sqlite", "redis"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/sessions.db"
        return
    with running_redis(tmp_path) as server:
        yield server.url


@asynccontextmanager
async def _two(store: str, folder: Path) -> AsyncIterator[tuple[Started, Started]]:
    command = (*LLEMULATOR, "--port", "0", "--store", store)
    async with started(*command, cwd=folder) as one, started(*command, cwd=folder) as other:
        yield one, other


@asynccontextmanager
async def _sdk(server: Started) -> AsyncIterator[openai.AsyncOpenAI]:
    http = httpx2.AsyncClient(trust_env=False, timeout=SECONDS)
    async with openai.AsyncOpenAI(
        api_key=_TOKEN, base_url=f"{_url(server)}/v1", max_retries=0, http_client=http
    ) as client:
        yield client


def _url(server: Started) -> str:
    return f"http://{server.proxy.host}:{server.proxy.port}"


def _admin() -> httpx.AsyncClient:
    return httpx.AsyncClient(trust_env=False, timeout=SECONDS, headers={"authorization": f"Bearer {_TOKEN}"})


async def _load(http: httpx.AsyncClient, server: Started, script: object) -> None:
    (await http.post(f"{_url(server)}/_emulator/script", json=script)).raise_for_status()


async def _say(client: openai.AsyncOpenAI, text: str) -> str:
    asked: Any = [{"role": "user", "content": text}]
    answer = await client.chat.completions.create(model="gpt-4o", messages=asked)
    return answer.choices[0].message.content or ""


async def _waiting(http: httpx.AsyncClient, server: Started) -> list[str]:
    answer = await http.get(f"{_url(server)}/_emulator/waiting")
    return [each["user_text"] for each in answer.json().get("data", ())]


async def _until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(SECONDS):
        while not await holds():  # noqa: ASYNC110 - another process has no event for it
            await asyncio.sleep(0.05)


async def _wait_for_list(http: httpx.AsyncClient, server: Started, *texts: str) -> None:
    async def is_so() -> bool:
        return await _waiting(http, server) == list(texts)

    await _until(is_so)


async def test_a_person_at_one_server_answers_the_request_of_an_sdk_at_the_other(store: str, tmp_path: Path) -> None:
    async with _two(store, tmp_path) as (one, other), _admin() as http, _sdk(one) as client:
        await _load(http, other, _MANUAL)
        asking = asyncio.create_task(_say(client, "Who are you?"))
        await _wait_for_list(http, other, "Who are you?")
        answer = await http.post(f"{_url(other)}/_emulator/waiting/1", json={"text": "A person elsewhere."})
        said = await asking
        again = await http.post(f"{_url(other)}/_emulator/waiting/1", json={"text": "Again."})
        ends = [await each.stop() for each in (other, one)]

    assert (answer.status_code, said, again.status_code) == (200, "A person elsewhere.", 409)
    assert ends[0].err == ""
    assert ends[1].err.count("\n") == 1
    assert "request 1 waits for a person" in ends[1].err


async def test_what_waits_at_a_server_that_is_killed_vanishes_from_the_desk_of_the_other(
    store: str, tmp_path: Path
) -> None:
    async with _two(store, tmp_path) as (dies, stays), _admin() as http, _sdk(dies) as client, _sdk(stays) as here:
        await _load(http, stays, _MANUAL)
        lost = asyncio.create_task(_say(client, "of the one that dies"))
        await _wait_for_list(http, stays, "of the one that dies")
        kept = asyncio.create_task(_say(here, "of the one that stays"))
        await _wait_for_list(http, stays, "of the one that dies", "of the one that stays")
        dies.process.kill()
        with pytest.raises(openai.APIConnectionError):
            await lost
        await _wait_for_list(http, stays, "of the one that stays")
        gone = await http.post(f"{_url(stays)}/_emulator/waiting/1", json={"text": "too late"})
        await http.post(f"{_url(stays)}/_emulator/waiting/2", json={"text": "in time"})
        said = await kept

    assert (gone.status_code, gone.json()["error"]["code"], said) == (409, "not_waiting", "in time")


async def test_a_call_that_is_hung_up_at_one_server_closes_its_connection_at_the_other(
    store: str, tmp_path: Path
) -> None:
    headers = (("Authorization", f"Bearer {_TOKEN}"),)
    async with _two(store, tmp_path) as (one, other), _admin() as http:
        for call_id in ("rtc_1", "rtc_2"):
            accepted = {"type": "realtime", "model": "gpt-realtime"}
            (await http.post(f"{_url(one)}/v1/realtime/calls/{call_id}/accept", json=accepted)).raise_for_status()
        async with (
            talking(one.proxy, headers=headers, path="/v1/realtime?call_id=rtc_1") as ended,
            talking(one.proxy, headers=headers, path="/v1/realtime?call_id=rtc_2") as stays,
        ):
            began = [(await anext(client.messages()))["type"] for client in (ended, stays)]
            hung_up = await http.post(f"{_url(other)}/v1/realtime/calls/rtc_1/hangup")
            async with asyncio.timeout(SECONDS):
                more = [message async for message in ended.messages()]
            stays.send({"type": "conversation.item.retrieve", "item_id": "nothing"})
            said = (await anext(stays.messages()))["type"]

    assert (began, hung_up.status_code) == (["session.created"] * 2, 200)
    assert (more, ended.closed, said) == ([], 1000, "error")


async def _fill(http: httpx.AsyncClient, server: Started, *names: str) -> None:
    body = {"responses": [_preset(name) for name in names]}
    (await http.post(f"{_url(server)}/api/preset-queue/127.0.0.1/batch", json=body)).raise_for_status()


def _preset(text: str) -> dict[str, object]:
    return {"id": "chatcmpl-1", "choices": [{"index": 0, "message": {"role": "assistant", "content": text}}]}


async def test_a_queue_filled_at_one_server_answers_the_first_request_at_the_other(store: str, tmp_path: Path) -> None:
    async with _two(store, tmp_path) as (one, other), _sdk(one) as here, _sdk(other) as there:
        said = [await _say(client, "Hi") for client in (here, there)]
        async with httpx.AsyncClient(trust_env=False, timeout=SECONDS) as http:
            await _fill(http, one, "1", "2", "3", "4")
            said += [await _say(client, "Hi") for client in (there, here, there)]
            shown = await http.get(f"{_url(other)}/api/preset-queue/127.0.0.1")
            await http.delete(f"{_url(other)}/api/preset-queue/127.0.0.1")
        said += [await _say(client, "Hi") for client in (here, there)]

    assert said == ["Hi", "Hi", "1", "2", "3", "Hi", "Hi"]
    assert [each["response"] for each in shown.json()["queue"]] == [_preset("4")]


@pytest.mark.parametrize("options", [(), ("--preset-queues", "queues.json")], ids=["first use", "switched on"])
async def test_all_workers_answer_from_a_queue_and_each_answer_comes_once(
    options: tuple[str, ...], tmp_path: Path
) -> None:
    names = [str(number) for number in range(12)]
    if options:
        entries = [{"response": _preset(name), "status_code": 200} for name in names]
        (tmp_path / "queues.json").write_text(json.dumps({"127.0.0.1": entries}))
    command = (*LLEMULATOR, "--port", "0", "--workers", "3", "--store", f"sqlite:///{tmp_path}/sessions.db")
    said = []
    async with started(*command, *options, cwd=tmp_path) as server:
        if not options:
            async with httpx.AsyncClient(trust_env=False, timeout=SECONDS) as http:
                await _fill(http, server, *names)
        for _ in names:
            # A connection of its own: the system chooses the worker for each.
            async with _sdk(server) as client:
                said.append(await _say(client, "Hi"))
        async with httpx.AsyncClient(trust_env=False, timeout=SECONDS) as http:
            left = await http.get(f"{_url(server)}/api/preset-queue/127.0.0.1")

    assert said == names
    assert left.json()["length"] == 0


async def test_serialize_gives_one_answer_at_a_time_from_two_servers(store: str, tmp_path: Path) -> None:
    # Each is faster than the one before: at once, they would come the other way round. In turn, one comes so long after
    # the other that they do not arrive together, even where the machine is busy.
    rules = [
        {"reply": f"no {number}", "times": 1, "faults": [{"latency_ms": 1200 - 200 * number}]} for number in range(5)
    ]
    said: list[str] = []

    async def ask(client: openai.AsyncOpenAI) -> None:
        said.append(await _say(client, "x"))

    async with _two(store, tmp_path) as servers, _admin() as http:
        await _load(http, servers[0], {"serialize": True, "rules": rules})
        async with _sdk(servers[0]) as one, _sdk(servers[1]) as other:
            await asyncio.gather(*(ask(client) for client in (one, other, one, other, one)))

    assert said == [f"no {number}" for number in range(5)]


async def test_a_server_that_is_killed_while_it_answers_gives_its_turn_to_the_other(store: str, tmp_path: Path) -> None:
    async with _two(store, tmp_path) as (dies, stays), _admin() as http, _sdk(dies) as client, _sdk(stays) as here:
        slow = {"reply": "slow", "times": 1, "faults": [{"latency_ms": 60_000}]}
        await _load(http, stays, {"serialize": True, "rules": [slow, {"reply": "free"}]})
        holding = asyncio.create_task(_say(client, "x"))

        async def is_held() -> bool:
            return len((await http.get(f"{_url(stays)}/_emulator/requests")).json()["data"]) == 1

        await _until(is_held)
        waiting = asyncio.create_task(_say(here, "x"))
        await asyncio.sleep(0.5)
        assert not waiting.done()
        dies.process.kill()
        with pytest.raises(openai.APIConnectionError):
            await holding
        async with asyncio.timeout(SECONDS):
            said = await waiting

    assert said == "free"


async def test_a_redis_that_is_stopped_and_started_brings_back_the_desk_and_the_turns(tmp_path: Path) -> None:
    with running_redis(tmp_path, "--appendonly", "yes", "--appendfsync", "always") as redis:
        async with _two(redis.url, tmp_path) as (one, other), _admin() as http, _sdk(one) as client:
            await _load(http, other, _MANUAL)
            asking = asyncio.create_task(_say(client, "still there?"))
            await _wait_for_list(http, other, "still there?")
            await _stop_for_a_while(redis, http, other)
            await _wait_for_list(http, other, "still there?")
            answer = await http.post(f"{_url(other)}/_emulator/waiting/1", json={"text": "Yes."})
            said = await asking

    assert (answer.status_code, said) == (200, "Yes.")


async def _stop_for_a_while(redis: RedisServer, http: httpx.AsyncClient, server: Started) -> None:
    """Stop it for longer than leases last."""
    redis.stop()
    failed = await http.get(f"{_url(server)}/_emulator/waiting")
    assert (failed.status_code, failed.json()["error"]["code"]) == (503, "store_unavailable")
    await asyncio.sleep(10)
    redis.start()


# News -----------------------------------------------------------------------------------------------------------------


@dataclass
class _Console:
    """What a reader of the news got so far."""

    events: list[tuple[str, Any]] = field(default_factory=list)

    def count(self, happening: str) -> list[int]:
        """Return how often that was reported of each exchange."""
        shown = [facts for name, facts in self.events if name == "exchange" and happening in facts["news"]]
        return list(Counter((facts["session"], facts["number"]) for facts in shown).values())

    async def has(self, holds: Callable[[], bool]) -> None:
        async def is_so() -> bool:
            return holds()

        await _until(is_so)


@asynccontextmanager
async def _reading(server: Started) -> AsyncIterator[_Console]:
    console = _Console()
    begun = asyncio.Event()

    async def read() -> None:
        name = ""
        async with _admin() as http, http.stream("GET", f"{_url(server)}/_emulator/requests/live") as news:
            async for line in news.aiter_lines():
                begun.set()
                kind, _, value = line.partition(": ")
                if kind == "event":
                    name = value
                elif kind == "data":
                    console.events.append((name, json.loads(value)))

    task = asyncio.create_task(read())
    await asyncio.wait((asyncio.create_task(begun.wait()), task), return_when=asyncio.FIRST_COMPLETED)
    yield console
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_console_at_one_server_sees_each_exchange_of_the_other_once(store: str, tmp_path: Path) -> None:
    async with _two(store, tmp_path) as (one, other), _admin() as http, _sdk(one) as client, _sdk(other) as here:
        await _load(http, one, {"rules": [{"reply": "a", "stream": {"tokens_per_second": 200}}]})
        async with _reading(other) as console:
            for _ in range(10):
                await asyncio.gather(*(_say(each, "x") for each in (client, client, here)))
            await console.has(lambda: len(console.count("ended")) == 30)

    assert console.count("begun") == console.count("ended") == [1] * 30
    assert "missed" not in dict(console.events)


async def test_a_console_says_that_it_missed_something_when_redis_was_away(tmp_path: Path) -> None:
    with running_redis(tmp_path, "--appendonly", "yes", "--appendfsync", "always") as redis:
        async with _two(redis.url, tmp_path) as (one, other), _admin() as http, _sdk(one) as client:
            await _load(http, one, {"rules": [{"reply": "a"}]})
            async with _reading(other) as console:
                await _say(client, "x")
                await console.has(lambda: console.count("ended") == [1])
                await _stop_for_a_while(redis, http, other)
                await console.has(lambda: "missed" in dict(console.events))
                await _say(client, "x")
                await console.has(lambda: console.count("ended") == [1, 1])
