"""What happens is told over real connections, for as long as somebody listens."""

import asyncio
import json
from pathlib import Path

import pytest

from llemulator_addon.emulator import Emulator, EmulatorSettings
from llemulator_addon.script.reader import read_script
from llemulator_addon.store.memory import MemoryStore
from tests.patience import SECONDS
from tests.wire_real.clients import OPENAI, Proxy, Question, Version, ask, begin_h2, connected
from tests.wire_real.processes import LLEMULATOR, started
from tests.wire_real.proxies import proxying

_HEADERS = (("Authorization", "Bearer sk-of-live"), ("Content-Type", "application/json"))
_LIVE = Question(path="/_emulator/requests/live", headers=_HEADERS)


def _emulator() -> Emulator:
    script = {"rules": [{"reply": "one two three", "stream": {"tokens_per_second": 4}}]}
    return Emulator(EmulatorSettings(script=read_script(script)), MemoryStore)


async def test_a_stream_is_told_while_it_is_sent(certs: Path) -> None:
    body = json.dumps({"model": "gpt-4o", "stream": True, "messages": [{"role": "user", "content": "Hi"}]}).encode()
    async with proxying(_emulator(), certs) as (proxy, _), connected(proxy, "connect") as (reader, writer):
        writer.write(_LIVE.as_h1())
        await reader.readuntil(b"retry: 1000\n\n")
        answer = await ask(proxy, "origin", path="/v1/chat/completions", headers=_HEADERS, body=body)
        told = await reader.readuntil(b'"news":["ended"]')

    assert answer.ended == "whole"
    assert told.index(b'"news":["begun"]') < told.index(b"event: sent") < told.index(b'"news":["ended"]')
    # The stream begins, and each of its tokens leaves by itself: it is told more than once on its way.
    assert told.count(b"event: sent") > 1


@pytest.mark.parametrize("version", ["1.1", "2"])
async def test_a_listener_that_leaves_is_forgotten(certs: Path, version: Version) -> None:
    emulator = Emulator(EmulatorSettings(waiting_size=100_000, names=(OPENAI,)), MemoryStore)
    async with proxying(emulator, certs) as (proxy, _):
        async with connected(proxy, "connect", alpn="h2" if version == "2" else "http/1.1") as (reader, writer):
            if version == "2":
                begin_h2(writer, _LIVE)
            else:
                writer.write(_LIVE.as_h1())
            await reader.readuntil(b"retry: 1000\n\n")
            full = await ask(proxy, "origin", method="GET", path="/_emulator/requests/live", headers=_HEADERS)
        again = await _is_taken(proxy)

    assert (full.status, again) == (503, True)


async def _is_taken(proxy: Proxy) -> bool:
    """Ask again and again, until there is room."""
    async with asyncio.timeout(SECONDS):
        while True:
            async with connected(proxy, "connect") as (reader, writer):
                writer.write(_LIVE.as_h1())
                if b" 200 " in await reader.readuntil(b"\r\n"):
                    return True


async def test_stopping_does_not_wait_for_listeners(tmp_path: Path) -> None:
    async with (
        started(*LLEMULATOR, "--port", "0", cwd=tmp_path) as begun,
        connected(begun.proxy, "connect") as (reader, writer),
    ):
        writer.write(_LIVE.as_h1())
        await reader.readuntil(b"retry: 1000\n\n")
        ended = await begun.stop()

    assert (ended.status, ended.err) == (0, "")
