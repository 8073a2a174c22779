"""What a connection of Realtime leaves behind, whatever its client does: no object, no task, no counted byte."""

import asyncio
import json
from base64 import b64encode
from pathlib import Path

import pytest

from llemulator_addon.adapters.mitmproxy.traffic import Traffic
from llemulator_addon.emulator import Emulator
from llemulator_addon.wire import audio
from tests.patience import SECONDS
from tests.playing import emulator
from tests.websocket import TEXT, closing, frame
from tests.wire_real.proxies import proxying
from tests.wire_real.websocket_client import Client, list_left, talking, until_ended

pytestmark = pytest.mark.slow

_PATH = "/v1/realtime?model=gpt-realtime"
_SCRIPT = {
    "rules": [
        {"match": {"user_text": "story"}, "reply": {"audio": {"transcript": "Once upon a time", "seconds": 20}}},
        {"match": {"user_text": "never"}, "reply": {"text": "one two"}, "faults": [{"stall": {"after_sends": 5}}]},
    ]
}
_SPEECH = json.dumps(
    {"type": "input_audio_buffer.append", "audio": b64encode(audio.pcm16("Hello") * 4).decode()}
).encode()


async def _expect_nothing_left(server: Emulator, traffic: Traffic, tasks: int) -> None:
    await until_ended(server)
    async with asyncio.timeout(SECONDS):
        while list_left() or len(asyncio.all_tasks()) > tasks:  # noqa: ASYNC110 - nobody tells of that
            await asyncio.sleep(0.02)
    assert traffic.bodies.taken == 0


async def _until_held(traffic: Traffic) -> None:
    """Wait until something is kept that counts."""
    async with asyncio.timeout(SECONDS):
        while not traffic.bodies.taken:  # noqa: ASYNC110 - nobody tells of that
            await asyncio.sleep(0.02)


def _ask(client: Client, text: str) -> None:
    item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}
    client.send({"type": "conversation.item.create", "item": item})
    client.send({"type": "response.create"})


async def test_a_client_that_vanishes_while_it_speaks_and_is_answered_leaves_nothing_behind(certs: Path) -> None:
    server = emulator(_SCRIPT)

    async with proxying(server, certs) as (proxy, traffic):
        tasks = len(asyncio.all_tasks())
        async with talking(proxy, path=_PATH) as client:
            _ask(client, "never")
            async for message in client.messages():
                if message["type"] == "response.output_item.added":
                    break
            client.writer.write(frame(TEXT, _SPEECH) * 3)
            client.send({"type": "input_audio_buffer.clear", "event_id": 7})
            async for message in client.messages():
                if message["type"] == "error":
                    break
            await _until_held(traffic)
            client.writer.transport.abort()
        await _expect_nothing_left(server, traffic, tasks)


async def test_a_client_that_reads_nothing_of_what_is_said_and_leaves_leaves_nothing_behind(certs: Path) -> None:
    server = emulator(_SCRIPT)

    async with proxying(server, certs) as (proxy, traffic):
        tasks = len(asyncio.all_tasks())
        async with talking(proxy, path=_PATH) as client:
            client.writer.transport.pause_reading()  # type: ignore[attr-defined] # of a socket
            for _ in range(5):
                _ask(client, "story")
            client.writer.write(frame(TEXT, _SPEECH) * 20)
            await _until_held(traffic)
            client.writer.transport.abort()
        await _expect_nothing_left(server, traffic, tasks)


async def test_ten_thousand_malformed_events_leave_nothing_behind(certs: Path) -> None:
    server = emulator(_SCRIPT)
    malformed = (b"{", b"[]", b'{"type": 7}', b'{"type": "input_audio_buffer.append", "audio": "?"}', b"\x7f" * 200)

    async with proxying(server, certs) as (proxy, traffic):
        tasks, refused = len(asyncio.all_tasks()), 0
        async with talking(proxy, path=_PATH) as client:
            for _ in range(100):
                client.writer.write(b"".join(frame(TEXT, each) for each in malformed) * 20)
                async for message in client.messages():
                    refused += message["type"] == "error"
                    if refused % 100 == 0 and refused:
                        break
            client.writer.write(closing(1000))
            async for _ in client.messages():
                pass
        await _expect_nothing_left(server, traffic, tasks)

    assert refused == 10_000
