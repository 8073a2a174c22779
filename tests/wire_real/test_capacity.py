"""Latency under load over real connections, as the official SDK meets it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import httpx
import openai
import pytest
from openai import AsyncOpenAI, AsyncStream
from openai.types.chat import ChatCompletionChunk

from conformance.server import Server
from tests.patience import SECONDS

_HOLDS = {"match": {"user_text": "^Hold$"}, "reply": "one two", "faults": [{"stall": {"after_sends": 2}}]}
_ASKED: Any = {"model": "gpt-4o", "input": "Hi"}


@asynccontextmanager
async def _one_place(
    server: Server, token: str, **figures: object
) -> AsyncIterator[tuple[AsyncOpenAI, httpx.AsyncClient]]:
    """Give a client whose token has a model server with one place, and one of the admin routes."""
    script = {
        "rules": [_HOLDS, {"reply": "Hello there"}],
        "defaults": {"capacity": {"max_num_seqs": 1, "max_waiting": 1, **figures}},
    }
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        AsyncOpenAI(base_url=f"{server.origin}/v1", api_key=token, max_retries=0) as sdk,
        httpx.AsyncClient(base_url=server.origin, headers=headers, timeout=SECONDS) as admin,
    ):
        (await admin.post("/_emulator/script", json=script)).raise_for_status()
        yield sdk, admin


async def _hold(sdk: AsyncOpenAI) -> AsyncStream[ChatCompletionChunk]:
    """Take the place with a stream that does not end by itself."""
    stream = await sdk.chat.completions.create(
        model="gpt-4o", messages=[{"role": "user", "content": "Hold"}], stream=True
    )
    await anext(aiter(stream))
    return stream


async def _until_waiting(admin: httpx.AsyncClient, number: int) -> None:
    async with asyncio.timeout(SECONDS):
        while sum(each["waiting"] for each in (await _servers(admin)) if "session" in each) != number:
            pass


async def _servers(admin: httpx.AsyncClient) -> list[dict[str, Any]]:
    servers: list[dict[str, Any]] = (await admin.get("/_emulator/capacity")).json()["servers"]
    return servers


async def _say_hi(sdk: AsyncOpenAI) -> str | None:
    answer = await sdk.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": "Hi"}])
    return answer.choices[0].message.content


async def _talk(sdk: AsyncOpenAI) -> str | None:
    async with sdk.responses.connect() as connection:
        await connection.response.create(**_ASKED)
        async for event in connection:
            if event.type == "response.completed":
                return event.response.output_text
    return None


async def _respond(sdk: AsyncOpenAI) -> str | None:
    stream = await sdk.responses.create(**_ASKED, stream=True)
    return "".join([event.delta async for event in stream if event.type == "response.output_text.delta"])


@pytest.mark.parametrize("ask", [_say_hi, _respond, _talk], ids=["chat", "responses", "websocket"])
async def test_the_second_request_waits_the_third_is_refused_and_who_leaves_makes_place(
    server: Server, ask: Callable[[AsyncOpenAI], Coroutine[Any, Any, str | None]]
) -> None:
    async with _one_place(server, f"sk-{ask.__name__}", refuse_with=429) as (sdk, admin):
        holding = await _hold(sdk)
        second = asyncio.create_task(ask(sdk))
        await _until_waiting(admin, 1)
        metrics = (await admin.get("/metrics")).text
        with pytest.raises(openai.RateLimitError) as refused:
            await _say_hi(sdk)
        assert not second.done()
        await holding.close()
        said = await second

    assert said == "Hello there"
    assert (refused.value.code, refused.value.response.headers["retry-after"]) == ("server_is_overloaded", "1")
    assert 'vllm:num_requests_running{model_name="gpt-4o"} 1.0' in metrics
    assert 'vllm:num_requests_waiting{model_name="gpt-4o"} 1.0' in metrics


async def test_a_client_that_gives_up_waiting_leaves_its_place_to_the_next(server: Server) -> None:
    async with _one_place(server, "sk-gives-up") as (sdk, admin):
        holding = await _hold(sdk)
        impatient = asyncio.create_task(_say_hi(sdk))
        await _until_waiting(admin, 1)
        with pytest.raises(openai.InternalServerError) as refused:
            await _say_hi(sdk)
        impatient.cancel()
        await _until_waiting(admin, 0)
        patient = asyncio.create_task(_say_hi(sdk))
        await _until_waiting(admin, 1)
        await holding.close()
        said = await patient

    assert (said, refused.value.status_code) == ("Hello there", 503)


async def test_longer_prompts_take_longer_as_the_journal_tells(server: Server) -> None:
    waits = list[float]()
    async with _one_place(server, "sk-prompts", prefill_ms_per_token=0.01) as (sdk, admin):
        for number, words in enumerate((10, 1_010), 1):
            content = " ".join(["word"] * words)
            answer = await sdk.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": content}])
            assert answer.usage is not None
            shown = (await admin.get(f"/_emulator/requests/{number}")).json()
            waits.append(shown["answer"]["wait_before_head"])
            assert waits[-1] == pytest.approx(answer.usage.prompt_tokens * 0.00001)

    assert waits[1] - waits[0] == pytest.approx(0.01)
