"""OpenAI's official Python SDK holds a GPT-Live session with a running server, as it does with OpenAI's."""

import asyncio
import secrets
from collections.abc import Iterator
from typing import Any

import pytest
from openai import AsyncOpenAI, OpenAI

from conformance.server import Server
from llemulator_addon.client import Client

_SCRIPT = {
    "rules": [
        {"match": {"endpoint": "responses", "user_text": "weather"}, "reply": {"text": "It is sunny."}},
        {"match": {"endpoint": "live", "user_text": "sunny"}, "reply": {"text": "The sun is shining."}},
        {"match": {"endpoint": "live", "user_text": "arrived"}, "reply": {"text": "Your order has arrived."}},
    ]
}


@pytest.fixture
def key(way: Server) -> Iterator[str]:
    token = f"sk-{secrets.token_hex(8)}"
    with Client(way.origin, token) as admin:
        admin.load(_SCRIPT)
        yield token


def _until(connection: Any, kind: str) -> list[Any]:  # noqa: ANN401 - the SDK's
    events = []
    for event in connection:
        events.append(event)
        if event.type == kind:
            break
    return events


def _said(events: list[Any]) -> str:
    return "".join(event.delta for event in events if event.type == "session.output_transcript.delta")


def test_a_session_speaks_of_a_commentary_and_is_closed(key: str) -> None:
    with OpenAI(api_key=key).live.connect() as connection:
        connection.session.start(session={"model": "gpt-live-1"})
        started = _until(connection, "session.started")[-1]
        connection.session.commentary.append(content="The order has arrived.", delegation_id=None)
        spoken = _until(connection, "session.usage.updated")
        connection.session.close()
        closed = _until(connection, "session.closed")[-1]

    assert started.session.model == "gpt-live-1"
    assert _said(spoken) == "Your order has arrived."
    assert any(event.type == "session.output_audio.delta" for event in spoken)
    assert (closed.reason, closed.usage.seconds) == ("close_requested", spoken[-1].usage.seconds)


def test_responses_do_a_task_and_the_model_speaks_of_it_to_an_async_client(key: str) -> None:
    async def play() -> list[Any]:
        async with AsyncOpenAI(api_key=key).live.connect() as connection:
            backend: Any = {"type": "responses", "responses": {"model": "gpt-5.4"}}
            await connection.session.start(session={"model": "gpt-live-1", "delegation": backend})
            await connection.response.item.create(item={"type": "message", "role": "user", "content": "the weather"})
            await connection.response.create()
            events: list[Any] = []
            async for event in connection:
                events.append(event)
                if event.type == "session.usage.updated":
                    break
            return events

    events = asyncio.run(play())

    nested = [event.event for event in events if event.type == "response.event"]
    assert "".join(each["delta"] for each in nested if each["type"] == "response.output_text.delta") == "It is sunny."
    assert _said(events) == "The sun is shining."
