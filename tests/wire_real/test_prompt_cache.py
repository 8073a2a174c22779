"""The counts of the cache of prompts over real connections, as the official SDK reads them."""

from typing import Any

from openai import AsyncOpenAI

from conformance.server import Server

_LONG = "Answer in one short sentence. " * 300
_ASKED: Any = {"model": "gpt-4o", "instructions": _LONG, "input": "Hi"}


async def test_http_and_websocket_read_what_the_other_cached(server: Server) -> None:
    async with AsyncOpenAI(base_url=f"{server.origin}/v1", api_key="sk-cache-of-prompts") as sdk:
        first = (await sdk.responses.create(**_ASKED)).usage
        async with sdk.responses.connect() as connection:
            await connection.response.create(**_ASKED)
            second = [event.response.usage async for event in _until_completed(connection)][-1]
        chat = await sdk.chat.completions.create(
            model="gpt-4o",
            messages=[{"role": "system", "content": _LONG}, {"role": "user", "content": "Hello"}],
        )

    assert first is not None
    assert second is not None
    assert chat.usage is not None
    assert chat.usage.prompt_tokens_details is not None
    cached = [usage.input_tokens_details.cached_tokens for usage in (first, second)]
    assert [*cached, chat.usage.prompt_tokens_details.cached_tokens] == [0, 1_792, 1_792]


async def _until_completed(connection: Any) -> Any:  # noqa: ANN401 - events of the SDK
    async for event in connection:
        if event.type == "response.completed":
            yield event
            return
