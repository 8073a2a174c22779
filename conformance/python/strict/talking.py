"""The SDK's clients of one session each, synchronous and asynchronous, used alike."""

import asyncio
import inspect
import secrets
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any

from openai import AsyncOpenAI, OpenAI

from conformance.server import Server
from llemulator_addon.client import Client

type Sdk = OpenAI | AsyncOpenAI

KINDS: Mapping[str, type[OpenAI] | type[AsyncOpenAI]] = {"sync": OpenAI, "async": AsyncOpenAI}
VERDICTS = (
    *("retried_in_vain", "early_retry", "ignored_should_retry", "retry_storm", "no_backoff", "gave_up_early"),
    *("accepted_cut_stream", "ignored_error_event", "no_read_timeout", "new_connections", "dead_connection"),
    *("no_reconnect_backoff", "ignored_close_code"),
)


@dataclass(frozen=True, slots=True)
class Talk:
    """A client, and the admin routes about its session."""

    sdk: Any
    """An `Sdk`; of which of the two kinds each test is played with."""
    admin: Client

    def retries(self) -> list[int]:
        """Return what each request said of how often it was tried before."""
        return [int(exchange.headers["x-stainless-retry-count"]) for exchange in self.admin.requests()]

    async def ending(self) -> str:
        """Return how the only request ended; that a client went is seen a moment later."""
        for _ in range(4_000):
            (exchange,) = self.admin.requests()
            if exchange.ending is not None:
                return str(exchange.ending["how"])
            await asyncio.sleep(0.025)
        raise TimeoutError("the request did not end")


@asynccontextmanager
async def talking(server: Server, kind: str, script: Mapping[str, Any], **options: Any) -> AsyncIterator[Talk]:  # noqa: ANN401
    """Begin a session with a script; in the end all of its rules must have answered, and nothing else."""
    token = f"sk-{secrets.token_hex(8)}"
    with Client(server.origin, token) as admin:
        admin.load(script)
        sdk = KINDS[kind](api_key=token, **options)
        yield Talk(sdk, admin)
        await done(sdk.close())
        assert admin.verify(ignore=VERDICTS).findings == ()


def replies(*each: Any) -> dict[str, Any]:  # noqa: ANN401 - replies in any form
    """Return a script of one rule for each reply, in this order."""
    return {"rules": [{"reply": reply, "times": 1} for reply in each]}


async def done[T](answer: Awaitable[T] | T) -> T:
    """Return what a method of either client returns."""
    return await answer if inspect.isawaitable(answer) else answer


async def every[T](items: AsyncIterable[T] | Iterable[T] | Awaitable[Any]) -> list[T]:
    """Return all that an iterator of either client yields."""
    found: Any = await done(items)
    if isinstance(found, AsyncIterable):
        return [item async for item in found]
    return list(found)


async def some[T](count: int, items: AsyncIterable[T] | Iterable[T]) -> list[T]:
    """Return the first so many that an iterator of either client yields."""
    if isinstance(items, AsyncIterable):
        iterator = aiter(items)
        return [await anext(iterator) for _ in range(count)]
    return list(islice(items, count))


async def accumulated(manager: Any) -> tuple[list[Any], Any]:  # noqa: ANN401 - a manager of one of four streams
    """Return the events of a helper's stream, and what it made of them in the end."""
    if hasattr(manager, "__aenter__"):
        async with manager as stream:
            return await every(stream), await _final(stream)
    with manager as stream:
        return await every(stream), await _final(stream)


async def _final(stream: Any) -> Any:  # noqa: ANN401 - one of four streams
    final = stream.get_final_completion if hasattr(stream, "get_final_completion") else stream.get_final_response
    return await done(final())
