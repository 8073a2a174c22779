"""`manual` over real connections: who leaves, and what stopping the program does."""

import asyncio
import json
from pathlib import Path

import pytest

from llemulator_addon.adapters.mitmproxy.ownership import TrafficPolicy
from llemulator_addon.emulator import Emulator, EmulatorSettings
from llemulator_addon.store.memory import MemoryStore
from tests.wire_real.clients import EACH_WAY, OPENAI, Answer, Proxy, Question, Version, Way, ask, begin_h2, connected
from tests.wire_real.processes import LLEMULATOR, started
from tests.wire_real.proxies import proxying

_HEADERS = (("Authorization", "Bearer sk-of-manual"), ("Content-Type", "application/json"))


def _body(*, stream: bool) -> bytes:
    return json.dumps({"model": "gpt-4o", "stream": stream, "messages": [{"role": "user", "content": "Hi"}]}).encode()


async def _waiting(proxy: Proxy, count: int) -> list[int]:
    """Return the numbers of what waits, once there are so many."""
    while True:
        answer = await ask(proxy, "origin", method="GET", path="/_emulator/waiting", headers=_HEADERS)
        numbers = [each["number"] for each in json.loads(answer.body)["data"]]
        if len(numbers) == count:
            return numbers


async def _answer(proxy: Proxy, number: int, reply: object) -> Answer:
    path, body = f"/_emulator/waiting/{number}", json.dumps(reply).encode()
    return await ask(proxy, "origin", path=path, headers=_HEADERS, body=body)


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(("way", "version"), EACH_WAY)
async def test_a_person_answers_over_every_way_in(certs: Path, way: Way, version: Version, *, stream: bool) -> None:
    async with proxying(
        Emulator(EmulatorSettings(on_unmatched="manual", names=(OPENAI,)), MemoryStore), certs, TrafficPolicy()
    ) as (
        proxy,
        _,
    ):
        asked = asyncio.create_task(ask(proxy, way, version, headers=_HEADERS, body=_body(stream=stream)))
        (number,) = await _waiting(proxy, 1)
        told = await _answer(proxy, number, "personally yours")
        answer = await asked

    assert (told.status, answer.status, answer.ended) == (200, 200, "whole")
    assert b" yours" in answer.body


@pytest.mark.parametrize("version", ["1.1", "2"])
async def test_a_client_that_leaves_is_off_the_list(certs: Path, version: Version) -> None:
    async with proxying(
        Emulator(EmulatorSettings(on_unmatched="manual", names=(OPENAI,)), MemoryStore), certs, TrafficPolicy()
    ) as (
        proxy,
        _,
    ):
        async with connected(proxy, "connect", alpn="h2" if version == "2" else "http/1.1") as (_, writer):
            question = Question(method="POST", path="/v1/chat/completions", headers=_HEADERS, body=_body(stream=True))
            if version == "2":
                begin_h2(writer, question)
            else:
                writer.write(question.as_h1())
            (number,) = await _waiting(proxy, 1)
        left = await _waiting(proxy, 0)
        late = await _answer(proxy, number, "Hello?")

    assert (left, late.status) == ([], 409)


async def test_stopping_does_not_wait_for_anybody(tmp_path: Path) -> None:
    async with (
        started(*LLEMULATOR, "--port", "0", "--on-unmatched", "manual", cwd=tmp_path) as begun,
        connected(begun.proxy, "connect") as (reader, writer),
    ):
        question = Question(method="POST", path="/v1/chat/completions", headers=_HEADERS, body=_body(stream=False))
        writer.write(question.as_h1())
        await _waiting(begun.proxy, 1)
        ended = await begun.stop()
        rest = await reader.read()

    said = "llemulator: WARNING: request 1 waits for a person: POST /_emulator/waiting/1 answers it"
    assert (ended.status, rest) == (0, b"")
    assert ended.err.startswith(said)
    assert ended.err.count("\n") == 1
