"""`POST /v1/audio/speech`: a tone in place of a voice, in the format that is asked for, which carries its text.

No model speaks here, so a rule answers only if its `match` names the endpoint or the path. Its `audio.data` is the file
that is sent; any other text of it is spoken in place of the input.
"""

from base64 import b64decode, b64encode
from collections.abc import Iterator
from functools import partial
from typing import Any

from llemulator_addon.core.json_type import JSON, JsonObject
from llemulator_addon.core.prompt import Message, Prompt
from llemulator_addon.core.reply import Failure, ModelOutput, Text
from llemulator_addon.wire import audio, tokens
from llemulator_addon.wire.answer import Answer, Body, Call, Endpoint, EventStream, Made, Manner, Piece
from llemulator_addon.wire.azure import add_model
from llemulator_addon.wire.bodies import check_body
from llemulator_addon.wire.checking import Fields, Place, decimal, either, one_of, text
from llemulator_addon.wire.errors import INVALID, RequestRefused
from llemulator_addon.wire.sse import frame_unnamed

NAME = "audio.speech"


def read(call: Call, body: JsonObject) -> Prompt:
    """Understand a body; raises `RequestRefused` in OpenAI's words."""
    checked: Any = check_body(_SPEECH, add_model(body, call.params), lenient=call.lenient)
    model = checked["model"]
    if checked.get("stream_format") == "sse" and model.startswith("tts-1") and not call.lenient:
        # The words are not recorded.
        message = f"stream_format 'sse' is not supported with the model '{model}'."
        raise RequestRefused(Failure(status=400, type=INVALID, param="stream_format", message=message))
    return Prompt(
        endpoint=NAME,
        model=model,
        messages=(Message(role="user", text=checked["input"]),),
        stream=checked.get("stream_format") == "sse",
        body=checked,
    )


def write(prompt: Prompt, says: ModelOutput, manner: Manner) -> Answer:
    """Write the sound, as it is or in events."""
    del manner
    wanted = str(prompt.body.get("response_format") or "mp3")
    words = says.choice(0).text or prompt.user_text
    sound = _find_given(says) or audio.FORMATS[_OURS.get(wanted, wanted)](words, _speed(prompt, says, words))
    if prompt.stream:
        return EventStream(pieces=Made(partial(_pieces, prompt, sound)))
    return Body(body=sound, content_type=_TYPES[wanted])


def size(prompt: Prompt, says: ModelOutput) -> int:
    """Estimate the bytes of an answer."""
    words = says.choice(0).text or prompt.user_text
    seconds = audio.seconds_of(words) / _speed(prompt, says, words)
    return round(seconds * audio.RATE * 2) + len(_find_given(says) or b"")


_VOICES = (
    "alloy",
    "ash",
    "ballad",
    "coral",
    "echo",
    "sage",
    "shimmer",
    "verse",
    "marin",
    "cedar",
    "fable",
    "onyx",
    "nova",
)
_OURS = {"pcm": "pcm16"}
_TYPES = {
    "mp3": "audio/mpeg",
    "opus": "audio/opus",
    "aac": "audio/aac",
    "flac": "audio/flac",
    "wav": "audio/wav",
    "pcm": "audio/pcm",
}


def _custom(place: Place, given: JSON) -> None:
    Fields(checks={"id": text()}, needs=("id",))(place, given)


_SPEECH = Fields(
    checks={
        "model": text(),
        "input": text(least=1, most=4_096),
        "voice": either("a string or an object", a_text=one_of(*_VOICES), an_object=_custom),
        "instructions": text(most=4_096),
        "response_format": one_of(*_TYPES),
        "speed": decimal(0.25, 4),
        "stream_format": one_of("sse", "audio"),
    },
    needs=("model", "input", "voice"),
)

ENDPOINT = Endpoint(
    name=NAME, method="POST", path="/audio/speech", read=read, write=write, speaks=False, only_openai=True, size=size
)


def _speed(prompt: Prompt, says: ModelOutput, words: str) -> float:
    """Return the speed that is asked for, or with which the words are as long as a script says."""
    for block in says.choice(0).blocks:
        if isinstance(block, Text) and block.sound is not None and block.sound.seconds is not None:
            return audio.find_speed(words, block.sound.seconds)
    given = prompt.body.get("speed")
    return float(given) if isinstance(given, int | float) and given else 1.0


def _find_given(says: ModelOutput) -> bytes | None:
    """Return the file that a script gives."""
    for block in says.choice(0).blocks:
        if isinstance(block, Text) and block.sound is not None and block.sound.data is not None:
            return b64decode(block.sound.data)
    return None


def _pieces(prompt: Prompt, sound: bytes) -> Iterator[Piece]:
    for at in range(0, len(sound), _PART):
        delta = {"type": "speech.audio.delta", "audio": b64encode(sound[at : at + _PART]).decode("ascii")}
        yield Piece(frame_unnamed(delta), 1)
    asked = tokens.count(prompt.user_text, "o200k_base")
    told = audio.tokens_of(prompt.user_text)
    usage = {"input_tokens": asked, "output_tokens": told, "total_tokens": asked + told}
    yield Piece(frame_unnamed({"type": "speech.audio.done", "usage": usage}))


_PART = 4_096
"""Bytes of sound in an event."""
