"""Speech and transcriptions with the official SDK, over real sockets."""

from io import BytesIO
from typing import Literal, get_args

import pytest
from openai import OpenAI

from conformance.server import Server
from tests.wire_real.sdk import official

_Format = Literal["wav", "mp3", "flac"]
_SAID = "Hello there. " * 40


@pytest.mark.parametrize("name", get_args(_Format))
def test_what_was_spoken_is_heard_again(server: Server, name: _Format) -> None:
    with official(server, f"sk-audio-{name}") as client:
        sound = _speak(client, name)
        heard = client.audio.transcriptions.create(model="whisper-1", file=sound, response_format="verbose_json")
        sound.seek(0)
        events = list(client.audio.transcriptions.create(model="gpt-4o-transcribe", file=sound, stream=True))

    assert (heard.text, round(heard.duration)) == (_SAID, 5)
    assert (events[-1].type, "".join(each.delta for each in events if each.type == "transcript.text.delta")) == (
        *("transcript.text.done", _SAID),
    )


def _speak(client: OpenAI, name: _Format) -> BytesIO:
    with client.audio.speech.with_streaming_response.create(
        model="gpt-4o-mini-tts",
        voice="alloy",
        input=_SAID,
        response_format=name,
    ) as speech:
        sound = BytesIO(b"".join(speech.iter_bytes()))
    sound.name = f"speech.{name}"
    return sound
