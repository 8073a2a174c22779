"""OpenAI's official Python SDK speaks Realtime with a running server, as it does with OpenAI's: in text and aloud."""

import asyncio
import json
import secrets
from base64 import b64decode, b64encode
from collections.abc import Iterator
from typing import Any

import pytest
from openai import AsyncOpenAI, OpenAI
from websockets.exceptions import ConnectionClosedError

from conformance.server import Server
from llemulator_addon.client import Client

_TOOL: Any = {
    "type": "function",
    "name": "weather",
    "description": "Tells the weather.",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}
_SCRIPT = {
    "rules": [
        {"match": {"tool_result": {"name": "weather", "pattern": "rain"}}, "reply": "Take an umbrella."},
        {"match": {"transcript": "umbrella"}, "reply": "You are welcome."},
        {
            "match": {"endpoint": "realtime", "user_text": "weather"},
            "reply": {"tool_calls": [{"name": "weather", "arguments": {"city": "Oslo"}}]},
        },
        {"match": {"user_text": "cut"}, "reply": "one two three", "faults": [{"cut_after": {"sends": 5}}]},
        {"match": {"user_text": "slow"}, "reply": "one two three", "stream": {"ttft_ms": 0, "tokens_per_second": 0.01}},
        {"match": {"user_text": "Hello"}, "reply": "Hi there"},
    ]
}
_PIECE = 9_600
"""Bytes of a fifth of a second."""


@pytest.fixture
def key(way: Server) -> Iterator[str]:
    token = f"sk-{secrets.token_hex(8)}"
    with Client(way.origin, token) as admin:
        admin.load(_SCRIPT)
        yield token


def _until(connection: Any, *kinds: str) -> list[Any]:  # noqa: ANN401 - the SDK's
    events = []
    for event in connection:
        events.append(event)
        if event.type in kinds:
            break
    return events


def _say(connection: Any, text: str) -> None:  # noqa: ANN401 - the SDK's
    content = [{"type": "input_text", "text": text}]
    connection.conversation.item.create(item={"type": "message", "role": "user", "content": content})


def _speech(key: str, words: str) -> bytes:
    """Let the server say words, so that it hears them again; and a second of silence."""
    spoken = OpenAI(api_key=key).audio.speech.create(
        model="gpt-4o-mini-tts", voice="alloy", input=words, response_format="pcm"
    )
    return spoken.read() + b"\0" * 48_000


def test_a_turn_in_text_with_a_tool_and_its_result(key: str) -> None:
    with OpenAI(api_key=key).realtime.connect(model="gpt-realtime") as connection:
        connection.session.update(session={"type": "realtime", "output_modalities": ["text"], "tools": [_TOOL]})
        _say(connection, "the weather")
        connection.response.create()
        begun = _until(connection, "response.done")
        (call,) = begun[-1].response.output
        connection.conversation.item.create(
            item={"type": "function_call_output", "call_id": call.call_id, "output": "rain"}
        )
        connection.response.create()
        answered = _until(connection, "response.done")

    assert [event.type for event in begun[:2]] == ["session.created", "session.updated"]
    assert (call.name, json.loads(call.arguments)) == ("weather", {"city": "Oslo"})
    assert "".join(event.delta for event in answered if event.type == "response.output_text.delta") == (
        "Take an umbrella."
    )


def test_a_voice_session_with_a_tool(key: str) -> None:
    sound, thanks = _speech(key, "How is the weather?"), _speech(key, "I take an umbrella")
    with OpenAI(api_key=key).realtime.connect(model="gpt-realtime") as connection:
        connection.session.update(
            session={
                "type": "realtime",
                "tools": [_TOOL],
                "audio": {
                    "input": {
                        "transcription": {"model": "gpt-4o-transcribe"},
                        "turn_detection": {"type": "server_vad", "silence_duration_ms": 300},
                    },
                },
            }
        )
        for at in range(0, len(sound), _PIECE):
            connection.input_audio_buffer.append(audio=b64encode(sound[at : at + _PIECE]).decode())
        heard = _until(connection, "response.done")
        (call,) = heard[-1].response.output
        connection.conversation.item.create(
            item={"type": "function_call_output", "call_id": call.call_id, "output": "rain"}
        )
        connection.response.create()
        answered = _until(connection, "response.done")
        for at in range(0, len(thanks), _PIECE):
            connection.input_audio_buffer.append(audio=b64encode(thanks[at : at + _PIECE]).decode())
        last = _until(connection, "response.done")

    kinds = [event.type for event in heard]
    assert kinds.index("input_audio_buffer.speech_started") < kinds.index("input_audio_buffer.speech_stopped")
    (completed,) = [event for event in heard if event.type.endswith("input_audio_transcription.completed")]
    assert completed.transcript == "How is the weather?"
    assert call.name == "weather"
    assert answered[-1].response.output[0].content[0].transcript == "Take an umbrella."
    spoken = b"".join(b64decode(event.delta) for event in answered if event.type == "response.output_audio.delta")
    assert len(spoken) == pytest.approx(0.02 * len("Take an umbrella.") * 48_000, rel=0.01)
    assert last[-1].response.output[0].content[0].transcript == "You are welcome."


def test_an_error_names_the_event_and_the_connection_goes_on(key: str) -> None:
    with OpenAI(api_key=key).realtime.connect(model="gpt-realtime") as connection:
        connection.conversation.item.delete(item_id="item_x", event_id="mine")
        refused = _until(connection, "error")[-1]
        _say(connection, "Hello")
        connection.response.create()
        done = _until(connection, "response.done")[-1]

    assert (refused.error.event_id, refused.error.param) == ("mine", "item_id")
    assert done.response.status == "completed"


def test_a_response_is_cancelled(key: str) -> None:
    with OpenAI(api_key=key).realtime.connect(model="gpt-realtime") as connection:
        _say(connection, "slow")
        connection.response.create()
        _until(connection, "response.output_audio_transcript.delta")
        connection.response.cancel()
        done = _until(connection, "response.done")[-1]
        _say(connection, "Hello")
        connection.response.create(response={"conversation": "none", "input": []})

    assert (done.response.status, done.response.status_details.reason) == ("cancelled", "client_cancelled")
    assert done.response.output[0].content[0].transcript == "one"


def test_a_cut_is_a_lost_connection(key: str) -> None:
    with OpenAI(api_key=key).realtime.connect(model="gpt-realtime") as connection:
        _say(connection, "cut")
        connection.response.create()

        with pytest.raises(ConnectionClosedError):
            _until(connection)


def test_a_model_that_cannot_speak_is_refused_and_the_connection_closed(key: str) -> None:
    with OpenAI(api_key=key).realtime.connect(model="gpt-4.1") as connection:
        refused = connection.recv()

        with pytest.raises(ConnectionClosedError) as closed:
            connection.recv()

    assert refused.type == "error"
    assert refused.error.code == "invalid_model"
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4000


def test_a_client_secret_opens_a_session_of_its_maker(key: str) -> None:
    made = OpenAI(api_key=key).realtime.client_secrets.create(
        session={"type": "realtime", "model": "gpt-realtime", "output_modalities": ["text"]}
    )
    with OpenAI(api_key=made.value).realtime.connect() as connection:
        _say(connection, "Hello")
        connection.response.create()
        done = _until(connection, "response.done")[-1]

    assert made.session.type == "realtime"
    assert done.response.output[0].content[0].text == "Hi there"


def test_the_async_client(key: str) -> None:
    async def play() -> str:
        async with AsyncOpenAI(api_key=key).realtime.connect(model="gpt-realtime") as connection:
            await connection.session.update(session={"type": "realtime", "output_modalities": ["text"]})
            content: Any = [{"type": "input_text", "text": "Hello"}]
            await connection.conversation.item.create(item={"type": "message", "role": "user", "content": content})
            await connection.response.create()
            said = ""
            async for event in connection:
                if event.type == "response.output_text.delta":
                    said += event.delta
                if event.type == "response.done":
                    break
            return said

    assert asyncio.run(play()) == "Hi there"
