"""A large answer is made while it is sent, over real sockets: others are answered meanwhile."""

import asyncio
import json
from pathlib import Path
from typing import override

import pytest

from llemulator_addon.core.outcome import Answered, Ending, Play
from llemulator_addon.core.request import Request
from llemulator_addon.core.session_key import ANONYMOUS, ExchangeId
from llemulator_addon.core.steps import Cut, Head, Send, Wait
from llemulator_addon.emulator import Emulator, EmulatorSettings
from llemulator_addon.store.memory import MemoryStore
from tests.wire_real.clients import Version, ask
from tests.wire_real.proxies import EVENTS, Playing, proxying

_HEADERS = (("authorization", "Bearer sk-test"), ("content-type", "application/json"))


def _chat(text: str, **body: object) -> bytes:
    return json.dumps({"model": "gpt-4o", "messages": [{"role": "user", "content": text}], **body}).encode()


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("version", ["1.1", "2"])
async def test_another_client_is_answered_while_a_large_answer_is_made(
    certs: Path,
    version: Version,
    stream: bool,  # noqa: FBT001
) -> None:
    told: list[str] = []
    large = _chat("some words " * 100, n=16, logprobs=True, top_logprobs=20, stream=stream)

    async def asked(name: str, question: bytes) -> bytes:
        answer = await ask(proxy, "connect", version, headers=_HEADERS, body=question)
        told.append(name)
        assert (answer.status, answer.ended) == (200, "whole")
        return answer.body

    async with proxying(Emulator(EmulatorSettings(), MemoryStore), certs) as (proxy, _), asyncio.TaskGroup() as tasks:
        made = tasks.create_task(asked("large", large))
        tasks.create_task(asked("small", _chat("Hello")))

    assert told == ["small", "large"]
    body = made.result()
    assert body.endswith(b"data: [DONE]\n\n") if stream else len(json.loads(body)["choices"]) == 16


class _Making(Playing):
    """Answers with a beginning, and makes the rest."""

    def __init__(self, *rest: Send | Wait | Cut | Head) -> None:
        super().__init__((EVENTS, Send(b"one")))
        self.rest = rest

    @override
    async def answer(self, request: Request) -> Answered:
        return Play(self.steps, ExchangeId(ANONYMOUS, 1, 1), lambda: iter((*self.steps, *self.rest)))


@pytest.mark.parametrize("version", ["1.1", "2"])
async def test_what_is_made_is_paced_and_its_end_noted(certs: Path, version: Version) -> None:
    making = _Making(Wait(0.1), Send(b"two"), Wait(0.1), Send(b"three"))
    async with proxying(making, certs) as (proxy, _):
        answer = await ask(proxy, "connect", version)
        ending = await making.next_ending()

    assert (answer.body, answer.ended) == (b"onetwothree", "whole")
    assert (ending.how, ending.bytes_sent, ending.sends) == ("whole", 11, 3)
    _, second, third = ending.left
    assert second >= 0.09
    assert third >= 0.19


@pytest.mark.parametrize("version", ["1.1", "2"])
async def test_what_is_made_may_be_cut(certs: Path, version: Version) -> None:
    making = _Making(Send(b"two"), Cut())
    async with proxying(making, certs) as (proxy, _):
        answer = await ask(proxy, "connect", version)
        ending: Ending = await making.next_ending()

    assert answer.body == b"onetwo"
    assert answer.ended != "whole"
    assert (ending.how, ending.sends) == ("cut", 2)
