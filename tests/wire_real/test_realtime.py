"""Realtime over real sockets: what goes on at the same time on one connection, and what it leaves behind."""

import asyncio
import json
import sys
from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from llemulator_addon.adapters.clock import now
from llemulator_addon.core.outcome import Play
from llemulator_addon.emulator import Emulator
from llemulator_addon.engine.journal import Exchange
from llemulator_addon.wire import audio
from llemulator_addon.wire.credentials import key_of
from tests.playing import emulator, json_of, post, request
from tests.websocket import TEXT, closing, frame
from tests.wire_real.clients import EACH_WAY, Proxy, Way, ask
from tests.wire_real.proxies import elsewhere, proxying
from tests.wire_real.websocket_client import KEY, Client, talking

_WAYS = [way for way, version in EACH_WAY if version == "1.1"]
_SCRIPT = {
    "rules": [
        {"match": {"user_text": "Hello"}, "reply": {"text": "Hi there"}},
        {
            "match": {"user_text": "slow"},
            "reply": {"text": "one two three"},
            "stream": {"ttft_ms": 0, "tokens_per_second": 0.01},
        },
        {"match": {"user_text": "never"}, "reply": {"text": "one two"}, "faults": [{"stall": {"after_sends": 5}}]},
        {
            "match": {"user_text": "split"},
            "reply": {"text": "one two"},
            "faults": [{"split_bytes": {"size": 100}}, {"stall": {"after_sends": 12}}],
        },
    ]
}


@asynccontextmanager
async def _realtime(proxy: Proxy, way: Way = "origin") -> AsyncIterator[Client]:
    async with talking(proxy, way, path="/v1/realtime?model=gpt-realtime") as client:
        await _until(client, "session.created")
        yield client


async def _until(client: Client, kind: str) -> list[Any]:
    heard = []
    async for message in client.messages():
        heard.append(message)
        if isinstance(message, dict) and message["type"] == kind:
            return heard
    return heard


def _ask(client: Client, text: str, **response: object) -> None:
    item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}
    client.send({"type": "conversation.item.create", "item": item})
    client.send({"type": "response.create", "response": {"output_modalities": ["text"], **response}})


async def _exchanges(server: Emulator) -> list[Exchange]:
    journal = next(session for session in await server.sessions() if session.key == key_of("sk-websocket")).journal
    return [each for number in range(journal.first, journal.recorded + 1) if (each := journal.get(number))]


@pytest.mark.parametrize("way", _WAYS)
async def test_realtime_is_answered_in_every_way_and_nothing_is_dialled(
    certs: Path, way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with (
        proxying(emulator(_SCRIPT), certs) as (proxy, _),
        elsewhere(monkeypatch) as network,
        _realtime(proxy, way) as client,
    ):
        _ask(client, "Hello")
        done = (await _until(client, "response.done"))[-1]

    assert done["response"]["output"][0]["content"] == [{"type": "output_text", "text": "Hi there"}]
    assert network.connections == []


@pytest.mark.parametrize("text", ["slow", "never"])
async def test_a_response_is_cancelled_while_it_is_sent_and_the_next_one_is_answered(certs: Path, text: str) -> None:
    server = emulator(_SCRIPT)

    async with proxying(server, certs) as (proxy, _), _realtime(proxy) as client:
        _ask(client, text)
        await _until(client, "response.output_text.delta")
        client.send({"type": "response.cancel"})
        cancelled = (await _until(client, "response.done"))[-1]
        _ask(client, "Hello")
        after = (await _until(client, "response.done"))[-1]

    _, first, *_ = await _exchanges(server)
    assert cancelled["response"]["status"] == "cancelled"
    assert cancelled["response"]["output"][0]["content"][0]["text"] == "one"
    assert first.ending is not None
    assert first.ending.how == "client_left"
    assert after["response"]["status"] == "completed"


async def test_a_message_that_is_under_way_ends_when_its_response_is_cancelled(certs: Path) -> None:
    async with proxying(emulator(_SCRIPT), certs) as (proxy, _), _realtime(proxy) as client:
        _ask(client, "split")
        await _until(client, "response.created")
        await asyncio.sleep(0.2)
        client.send({"type": "response.cancel"})
        heard = await _until(client, "response.done")

    assert heard[-1]["response"]["status"] == "cancelled"


async def test_a_person_answers_a_response_and_one_who_is_too_slow_is_not_waited_for(certs: Path) -> None:
    server = emulator(on_unmatched="manual")

    async with proxying(server, certs) as (proxy, _), _realtime(proxy) as client:
        _ask(client, "By hand")
        await _until(client, "conversation.item.done")
        number = await _wait_for_question(server)
        answering = post(f"/_emulator/waiting/{number}", {"text": "By a person"}, token="sk-websocket")
        await server.answer(answering)
        done = (await _until(client, "response.done"))[-1]
        _ask(client, "Never")
        await _wait_for_question(server)
        client.send({"type": "response.cancel"})
        cancelled = (await _until(client, "response.done"))[-1]

    assert done["response"]["output"][0]["content"][0]["text"] == "By a person"
    assert cancelled["response"]["status"] == "cancelled"


async def _wait_for_question(server: Emulator) -> int:
    while True:
        listed = await server.answer(request("GET", "/_emulator/waiting", token="sk-websocket"))
        assert isinstance(listed, Play)
        if waiting := json_of(listed.steps)["data"]:
            return int(waiting[0]["number"])
        await asyncio.sleep(0.01)


async def test_the_journal_has_each_response_and_each_transcription(certs: Path) -> None:
    server, sound = emulator(_SCRIPT), audio.pcm16("Hello") + b"\0" * 24_000

    async with proxying(server, certs) as (proxy, _), _realtime(proxy) as client:
        client.send({"type": "input_audio_buffer.append", "audio": b64encode(sound).decode()})
        done = (await _until(client, "response.done"))[-1]
        client.writer.write(closing(1000))
        await _until(client, "nothing")

    handshake, heard, answered = await _exchanges(server)
    assert [each.endpoint for each in (handshake, heard, answered)] == [
        "realtime.connect",
        "realtime.transcription",
        "realtime",
    ]
    assert [each.status for each in (handshake, heard, answered)] == [101, 200, 200]
    assert json.loads(answered.request.body)["event"] == "input_audio_buffer.speech_stopped"
    assert done["response"]["output"][0]["content"][0]["transcript"] == "Hi there"


async def test_the_tools_of_an_mcp_server_are_those_of_a_rule_until_it_says_that_they_cannot_be_listed(
    certs: Path,
) -> None:
    tool = {"name": "add", "description": None, "input_schema": {"type": "object"}, "annotations": None}
    lists: list[dict[str, Any]] = [{"tools": [tool]}, {"error": "gone"}]
    replies = [{"blocks": [{"hosted_call": {"type": "mcp_list_tools", **each}}]} for each in lists]
    script = {"rules": [{"match": {"endpoint": "realtime.mcp_list_tools"}, "reply": replies, "times": 2}]}
    server = {"type": "mcp", "server_label": "sums", "server_url": "https://mcp.example"}

    async with proxying(emulator(script), certs) as (proxy, _), _realtime(proxy) as client:
        client.send({"type": "session.update", "session": {"type": "realtime", "tools": [server]}})
        *_, item, completed = await _until(client, "mcp_list_tools.completed")
        other = {**server, "server_label": "others"}
        client.send({"type": "session.update", "session": {"type": "realtime", "tools": [server, other]}})
        *_, empty, failed = await _until(client, "mcp_list_tools.failed")

    assert (item["item"]["tools"], item["item"]["id"]) == ([tool], completed["item_id"])
    assert (empty["item"]["tools"], empty["item"]["id"]) == ([], failed["item_id"])


async def test_malformed_frames_and_events_are_errors_and_the_connection_goes_on(certs: Path) -> None:
    async with proxying(emulator(_SCRIPT), certs) as (proxy, _), _realtime(proxy) as client:
        for message in (b"{", b"[1]", b'{"type": 7}', b'{"type": "session.update", "session": 1}'):
            client.writer.write(frame(TEXT, message))
            assert (await _until(client, "error"))[-1]["type"] == "error"
        _ask(client, "Hello")
        done = (await _until(client, "response.done"))[-1]

    assert done["response"]["status"] == "completed"


async def test_a_client_secret_reaches_the_session_of_its_maker(certs: Path) -> None:
    server = emulator(_SCRIPT)
    session = {"type": "realtime", "model": "gpt-realtime", "output_modalities": ["text"]}
    asked = post("/v1/realtime/client_secrets", {"session": session}, token="sk-websocket", at=now())
    made = await server.answer(asked)
    assert isinstance(made, Play)
    secret = json_of(made.steps)["value"]
    headers = (("Sec-WebSocket-Protocol", f"realtime, openai-insecure-api-key.{secret}"),)

    async with (
        proxying(server, certs) as (proxy, _),
        talking(proxy, headers=headers, path="/v1/realtime") as client,
    ):
        _ask(client, "Hello")
        done = (await _until(client, "response.done"))[-1]

    assert done["response"]["output"][0]["content"][0]["text"] == "Hi there"
    assert [each.endpoint for each in await _exchanges(server)][1:] == ["realtime.connect", "realtime"]
    assert secret not in f"{(await _exchanges(server))[1:]}"


async def test_a_call_that_ends_takes_its_connection_along(certs: Path) -> None:
    ways: dict[str, dict[str, object]] = {"hangup": {}, "refer": {"target_uri": "tel:+1"}, "reject": {}}
    closed = []

    async with proxying(emulator(_SCRIPT), certs) as (proxy, _):
        for call_id in (*ways, "other"):
            await _post(proxy, f"{call_id}/accept", {"type": "realtime", "model": "gpt-realtime"})
        async with talking(proxy, path="/v1/realtime?call_id=other") as other:
            for way, body in ways.items():
                async with talking(proxy, path=f"/v1/realtime?call_id={way}") as client:
                    await _until(client, "session.created")
                    await _post(proxy, f"{way}/{way}", body)
                    await _until(client, "nothing")
                    closed.append(client.closed)
            _ask(other, "Hello")
            done = (await _until(other, "response.done"))[-1]

    assert closed == [1000] * 3
    assert done["response"]["status"] == "completed"


async def _post(proxy: Proxy, path: str, body: object) -> None:
    headers = (*KEY, ("Content-Type", "application/json"))
    answer = await ask(proxy, path=f"/v1/realtime/calls/{path}", headers=headers, body=json.dumps(body).encode())
    assert answer.status == 200


async def test_a_piece_of_sound_takes_few_calls_and_so_does_an_event_that_is_sent(certs: Path) -> None:
    sound = {"type": "input_audio_buffer.append", "audio": b64encode(b"\x10\0" * 1_200).decode()}
    script = {"rules": [{"reply": "word " * 200, "stream": {"chunk_by": "word"}}]}

    async with proxying(emulator(script), certs) as (proxy, _), _realtime(proxy) as client:
        pieces = frame(TEXT, json.dumps(sound).encode()) * 200
        with counting_calls() as heard:
            client.writer.write(pieces)
            client.send({"type": "conversation.item.retrieve", "item_id": "nothing"})
            await _until(client, "error")
        _ask(client, "Hello")
        await _until(client, "response.created")
        with counting_calls() as sent:
            # What is read is counted, too.
            events = await _until(client, "response.done")

    assert heard() < 200 * _CALLS_TO_HEAR
    assert len(events) > 200
    assert sent() < len(events) * _CALLS_TO_SEND


_CALLS_TO_HEAR, _CALLS_TO_SEND = 110, 100
"""Of functions in Python, with those of the client in this test."""


@contextmanager
def counting_calls() -> Iterator[Callable[[], int]]:
    """Count the calls of functions in this thread."""
    count = 0

    def note(frame: object, event: str, given: object) -> None:
        nonlocal count
        del frame, given
        count += event == "call"

    sys.setprofile(note)
    try:
        yield lambda: count
    finally:
        sys.setprofile(None)
