"""Callers with the official SDK, each with a token and a list of answers, which ask while something happens."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise

import httpx
from openai import APIStatusError, AsyncOpenAI, BadRequestError, DefaultAsyncHttpxClient, NotFoundError
from openai.types.chat import ChatCompletionUserMessageParam

_ANSWERS = 2_000
_CALLERS = 6
_SECONDS_BETWEEN_FAILURES = 0.1
_SECONDS = 300
_UNAVAILABLE = 503
_MODEL = "gpt-4o"


@dataclass
class Caller:
    """Asks one request after the other, by chat, by stream and by Responses; all take from the same list."""

    client: AsyncOpenAI
    told: list[int] = field(default_factory=list)
    kept: dict[str, str] = field(default_factory=dict)
    """By id, the text of each stored response."""
    gone: set[str] = field(default_factory=set)
    """Ids of stored responses that the store has forgotten, as `check` finds out too."""
    failures: list[str] = field(default_factory=list)
    """The codes of errors that the SDK raised."""
    unsure: list[str] = field(default_factory=list)
    """The paths of requests that were answered by 503, also those that the SDK sent again: they may have counted."""

    async def load(self) -> None:
        """Forget what was before, and load the list."""
        rules = [
            {"reply": f"{number} is the number of this answer", "times": 1, "stream": {"tokens_per_second": 10}}
            for number in range(_ANSWERS)
        ]
        url = str(self.client.base_url.join("/_emulator/script"))
        await self.client.post(url, body={"reset": True, "rules": rules}, cast_to=object)

    async def ask_until(self, stop: asyncio.Event) -> None:
        """Ask until somebody says stop. Another failure than 503 is raised."""
        while True:
            for ask in (self._chat, self._stream, self._respond):
                if stop.is_set():
                    return
                try:
                    text = await ask()
                except APIStatusError as error:
                    if error.status_code != _UNAVAILABLE:
                        raise
                    self.failures.append(str(error.code))
                    await asyncio.sleep(_SECONDS_BETWEEN_FAILURES)
                else:
                    self.told.append(int(text.partition(" ")[0]))

    async def _chat(self) -> str:
        made = await self.client.chat.completions.create(model=_MODEL, messages=_MESSAGES)
        return made.choices[0].message.content or ""

    async def _stream(self) -> str:
        text, ended = "", None
        async for chunk in await self.client.chat.completions.create(model=_MODEL, messages=_MESSAGES, stream=True):
            text += chunk.choices[0].delta.content or ""
            ended = chunk.choices[0].finish_reason or ended
        assert ended == "stop", f"the stream ended behind {text!r}"
        return text

    async def _respond(self) -> str:
        before = next((name for name in reversed(self.kept) if name not in self.gone), None)
        try:
            made = await self.client.responses.create(model=_MODEL, input="Hi", previous_response_id=before)
        except BadRequestError as error:
            if error.code != "previous_response_not_found" or before is None:
                raise
            self.gone.add(before)
            return await self._respond()
        self.kept[made.id] = made.output_text
        return made.output_text

    async def check(self, *, lost: int) -> None:
        """Fail unless each answer came in its order, none twice, and none is missing but as many as are unsure.

        Each response that was answered must still be there. `lost`: how many changes the store may have forgotten.
        """
        assert all(later - earlier >= 1 - lost for earlier, later in pairwise(self.told)), self.told
        assert self.told[-1] + 1 - len(set(self.told)) <= len(self.unsure)
        missing = []
        for name, text in self.kept.items():
            try:
                assert (await self.client.responses.retrieve(name)).output_text == text
            except NotFoundError:
                missing.append(name)
        assert len(missing) <= lost


_MESSAGES: Sequence[ChatCompletionUserMessageParam] = [{"role": "user", "content": "Hi"}]


def wait_for_more(callers: Sequence[Caller]) -> None:
    """Wait until each has got some more answers. In another thread than theirs."""
    deadline, before = time.monotonic() + _SECONDS, [len(caller.told) for caller in callers]
    while not all(len(caller.told) > count + 4 for caller, count in zip(callers, before, strict=True)):
        assert time.monotonic() < deadline, [(caller.told[-5:], caller.failures[-5:]) for caller in callers]
        time.sleep(0.05)


def wait_for_failures(callers: Sequence[Caller]) -> None:
    """Wait until each has met one. In another thread than theirs."""
    deadline = time.monotonic() + _SECONDS
    while not all(caller.failures for caller in callers):
        assert time.monotonic() < deadline, [caller.told[-5:] for caller in callers]
        time.sleep(0.05)


def call_while(url: str, happen: Callable[[Sequence[Caller]], None], *, retries: int, lost: int = 0) -> list[Caller]:
    """Let callers ask while a function runs in a thread; then check them all. `retries`: those of the SDK."""

    async def call() -> list[Caller]:
        async with AsyncExitStack() as stack:
            callers = [await stack.enter_async_context(_caller(url, each, retries)) for each in range(_CALLERS)]
            stop = asyncio.Event()
            asking = [asyncio.create_task(caller.ask_until(stop)) for caller in callers]
            try:
                await asyncio.to_thread(wait_for_more, callers)
                await asyncio.to_thread(happen, callers)
            finally:
                stop.set()
                await asyncio.gather(*asking)
            await asyncio.gather(*(caller.check(lost=lost) for caller in callers))
            return callers

    return asyncio.run(call())


@asynccontextmanager
async def _caller(url: str, number: int, retries: int) -> AsyncIterator[Caller]:
    unsure: list[str] = []

    async def look(answer: httpx.Response) -> None:
        if answer.status_code == _UNAVAILABLE:
            unsure.append(answer.request.url.path)

    http = DefaultAsyncHttpxClient(event_hooks={"response": [look]}, trust_env=False)
    key = f"sk-replicas-{number:04}"
    async with AsyncOpenAI(base_url=url, api_key=key, max_retries=retries, timeout=300, http_client=http) as client:
        caller = Caller(client, unsure=unsure)
        await caller.load()
        yield caller
