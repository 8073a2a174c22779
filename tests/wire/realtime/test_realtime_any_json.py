"""Any JSON at any place of an event of Realtime is taken or refused, and the connection goes on."""

from base64 import b64encode
from random import Random
from typing import Any, override

import pytest

from tests.fuzz.anywhere import any_body
from tests.wire.realtime.talking import Talking, session_of, speech

_SOUND = b64encode(speech("hello")[:30_000]).decode()
_TEXT = {"type": "input_text", "text": "a"}
_SESSION = {
    "type": "realtime",
    "tools": [{"type": "function", "name": "a", "parameters": {}}],
    "audio": {
        "input": {
            "format": {"type": "audio/pcm", "rate": 24_000},
            "turn_detection": {"type": "server_vad", "threshold": 0.5, "silence_duration_ms": 200},
            "transcription": {"model": "whisper-1", "language": "en"},
        },
        "output": {"voice": "marin", "speed": 1, "format": {"type": "audio/pcmu"}},
    },
}
_EVENTS: tuple[dict[str, Any], ...] = (
    {"type": "session.update", "session": _SESSION},
    {
        "type": "conversation.item.create",
        "previous_item_id": "root",
        "item": {"type": "message", "role": "user", "content": [_TEXT, {"type": "input_audio", "audio": _SOUND}]},
    },
    {
        "type": "conversation.item.create",
        "item": {"type": "function_call", "name": "a", "call_id": "c", "arguments": "{}"},
    },
    {
        "type": "response.create",
        "response": {
            "conversation": "none",
            "input": [{"type": "item_reference", "id": "x"}, {"type": "message", "role": "user", "content": [_TEXT]}],
            "metadata": {"a": "b"},
            "output_modalities": ["audio"],
            "audio": {"output": {"voice": "ash", "format": {"type": "audio/pcma"}}},
            "max_output_tokens": 5,
        },
    },
    {"type": "response.create"},
    {"type": "response.cancel", "response_id": "x"},
    {"type": "input_audio_buffer.append", "audio": _SOUND},
    {"type": "input_audio_buffer.commit"},
    {"type": "conversation.item.truncate", "item_id": "x", "content_index": 0, "audio_end_ms": 5},
)


class _Unchecked(Talking):
    """A session may be given fields that the SDK does not know, and they are shown."""

    @override
    def _get(self, text: str) -> None:
        del text


@pytest.mark.long
def test_any_json_within_an_event_is_taken_or_refused() -> None:
    random = Random(7)
    for _ in range(30):
        talking = _Unchecked(session_of({"rules": [], "defaults": {"on_unmatched": "echo"}}))
        for _ in range(30):
            talking.send_text(any_body(random, (random.choice(_EVENTS),)).decode(errors="replace"))

        assert talking.closed is None
