"""The words that are heard in the sound of a user: those of a script, or of speech that this program made."""

from collections.abc import Iterator
from functools import partial
from math import ceil
from typing import Any

from llemulator_addon.core.json_type import JsonObject
from llemulator_addon.core.prompt import Message, Prompt
from llemulator_addon.core.reply import ModelOutput
from llemulator_addon.wire import tokens
from llemulator_addon.wire.answer import Answer, Call, EventStream, Made, Manner, Piece, cut
from llemulator_addon.wire.logprobs import each_logprob_of
from llemulator_addon.wire.realtime.events import draw_id
from llemulator_addon.wire.sse import frame_unnamed

PREFIX = "conversation.item.input_audio_transcription"


def read_sound(call: Call, body: JsonObject, *, name: str) -> Prompt:
    """Understand what a talk wants to be heard."""
    del call
    asked: Any = body
    texts = [Message(role="user", text=str(each)) for each in asked.get("said_before") or ()]
    return Prompt(
        endpoint=name,
        model=asked.get("model") or "",
        messages=(*texts, Message(role="user", text=asked.get("prompt") or "")),
        stream=True,
        body=asked,
    )


def write_heard(prompt: Prompt, says: ModelOutput, manner: Manner) -> Answer:
    """Write what is heard as events."""
    return EventStream(pieces=Made(partial(_write, prompt, says, manner)))


def _write(prompt: Prompt, says: ModelOutput, manner: Manner) -> Iterator[Piece]:
    body = prompt.body
    text = says.transcript.text if says.transcript is not None else says.choice(0).text or _hear(prompt)
    place = {"item_id": body["item_id"], "content_index": 0}
    logprobs = None
    if body.get("logprobs"):
        found = each_logprob_of(tokens.pieces(text, "o200k_base"), 0, manner.stamp)
        logprobs = [{name: each[name] for name in ("token", "logprob", "bytes")} for each in found]
    given, count = iter(logprobs or ()), 0
    if prompt.model != _WHISPER:
        for delta, of in cut(text, "o200k_base", manner.chunk_by):
            count += 1
            event = {"type": f"{PREFIX}.delta", "event_id": _draw(manner, count), **place, "delta": delta}
            if manner.chunk_by == "token" and (found_one := next(given, None)) is not None:
                event["logprobs"] = [found_one]
            yield Piece(frame_unnamed(event), of)
    for number, segment in enumerate(() if says.transcript is None else says.transcript.segments):
        yield Piece(
            frame_unnamed(
                {
                    "type": f"{PREFIX}.segment",
                    "event_id": _draw(manner, count + 1 + number),
                    **place,
                    "id": f"seg_{number:04}",
                    "speaker": segment.get("speaker") or "A",
                    **{name: segment[name] for name in ("text", "start", "end")},
                }
            )
        )
    done = {"type": f"{PREFIX}.completed", "event_id": _draw(manner, 0), **place, "transcript": text}
    if logprobs is not None:
        done["logprobs"] = logprobs
    yield Piece(frame_unnamed({**done, "usage": _usage(prompt, text)}))


_WHISPER = "whisper-1"


def _draw(manner: Manner, number: int) -> str:
    return draw_id("event", manner.stamp, f"heard/{number}")


def _hear(prompt: Prompt) -> str:
    """Return the words of speech that this program made; of any other sound, how long it is."""
    words = prompt.body.get("words")
    return words if isinstance(words, str) else f"This is a sound of {prompt.body.get('ms', 0) / 1_000:.1f} seconds."


def _usage(prompt: Prompt, text: str) -> dict[str, object]:
    ms = prompt.body.get("ms") or 0
    if prompt.model == _WHISPER:
        return {"type": "duration", "seconds": ceil(ms / 1_000)}
    heard, told = ceil(ms / _MS_OF_A_TOKEN), tokens.count(text, "o200k_base")
    return {
        "type": "tokens",
        "total_tokens": heard + told,
        "input_tokens": heard,
        "input_token_details": {"text_tokens": 0, "audio_tokens": heard},
        "output_tokens": told,
    }


_MS_OF_A_TOKEN = 100
