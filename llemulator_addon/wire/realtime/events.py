"""A response of Realtime as events: what the model says, cut as it is sent, with its sound."""

from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import batched
from math import ceil
from typing import Any

from llemulator_addon.core.prompt import Prompt
from llemulator_addon.core.reply import Choice, Failure, HostedCall, ModelOutput, Refusal, Sound, Text, ToolCall
from llemulator_addon.core.stamp import Stamp
from llemulator_addon.wire import audio, sizes
from llemulator_addon.wire.answer import Manner, Piece, cut
from llemulator_addon.wire.audio_lengths import measure
from llemulator_addon.wire.families import family
from llemulator_addon.wire.members import object_in
from llemulator_addon.wire.realtime import mcp
from llemulator_addon.wire.realtime.sound import FORMATS, PCM, spell_sound
from llemulator_addon.wire.sse import frame_unnamed
from llemulator_addon.wire.usage import count_usage
from llemulator_addon.wire.wav import is_wav, read_wav

RealtimeFields = Mapping[str, Any]


def write_events(prompt: Prompt, says: ModelOutput, manner: Manner) -> Iterator[Piece]:
    """Yield the events of a response."""
    return _EventWriting(prompt=prompt, manner=manner).write(says)


def describe_response(body: RealtimeFields, **changed: object) -> dict[str, Any]:
    """Return the response object of a request as it begins, or with what has changed since."""
    return {
        "object": "realtime.response",
        "id": body["response_id"],
        "status": "in_progress",
        "status_details": None,
        "output": [],
        "conversation_id": body.get("conversation_id"),
        "output_modalities": body.get("output_modalities"),
        "max_output_tokens": body.get("max_output_tokens"),
        "audio": {"output": {name: _output_of(body).get(name) for name in ("format", "voice")}},
        "usage": None,
        "metadata": body.get("metadata"),
        **changed,
    }


def describe_failed(body: RealtimeFields, error: RealtimeFields) -> dict[str, Any]:
    """Return the response object of one that fails."""
    details = {"type": "failed", "error": {name: error.get(name) for name in ("type", "code", "message")}}
    return describe_response(body, status="failed", status_details=details)


NO_USAGE: Mapping[str, object] = {
    "total_tokens": 0,
    "input_tokens": 0,
    "output_tokens": 0,
    "input_token_details": {
        "text_tokens": 0,
        "audio_tokens": 0,
        "image_tokens": 0,
        "cached_tokens": 0,
        "cached_tokens_details": {"text_tokens": 0, "audio_tokens": 0, "image_tokens": 0},
    },
    "output_token_details": {"text_tokens": 0, "audio_tokens": 0},
}
"""A cancelled response is not charged here: nobody knows how much of it was made."""


def break_off(sent: object, failure: Failure) -> tuple[bytes, ...]:
    """Return the event that says that something went wrong within a response."""
    del sent
    error = {"type": failure.type, "code": failure.code, "message": failure.message, "param": failure.param}
    event = {"type": "error", "event_id": "event_broken_off", "error": {**error, "event_id": None}}
    return (frame_unnamed(event),)


def draw_id(prefix: str, stamp: Stamp, label: str) -> str:
    """Return an id as Realtime has them: a prefix and 21 letters and digits."""
    return f"{prefix}_{stamp.base62(label, 21)}"


def _output_of(body: RealtimeFields) -> RealtimeFields:
    return object_in(object_in(body, "audio"), "output")


def speaks_aloud(body: RealtimeFields) -> bool:
    """Whether words are spoken: they are, unless text is asked for."""
    return "text" not in (body.get("output_modalities") or ())


@dataclass(slots=True, kw_only=True)
class _EventWriting:
    """Not a value: the events of one response as they are written."""

    prompt: Prompt
    manner: Manner
    count: int = 0
    """Events that were written."""
    previous: str | None = None
    """The id of the item before the next one in the conversation."""
    output: list[dict[str, Any]] = field(default_factory=list)

    def write(self, says: ModelOutput) -> Iterator[Piece]:
        """Yield all of them."""
        body, choice = self.prompt.body, says.choice(0)
        self.previous = body.get("previous_item_id")
        yield self._spell("response.created", response=describe_response(body))
        last = len(choice.blocks) - 1
        for at, block in enumerate(choice.blocks):
            status = "incomplete" if at == last and choice.finish_reason in _INCOMPLETE else "completed"
            match block:
                case Text(text, sound=sound):
                    yield from self._say(text, sound, status)
                case Refusal(text):
                    yield from self._say(text, None, status)
                case ToolCall():
                    yield from self._call(block, status)
                case HostedCall(type=mcp.CALL | mcp.APPROVAL_REQUEST):
                    yield from self._call_server(block)
                case _:
                    pass  # nothing shows it
        yield self._spell("response.done", response=self._finish(choice, says))
        yield self._spell("rate_limits.updated", rate_limits=_LIMITS)

    def _finish(self, choice: Choice, says: ModelOutput) -> dict[str, Any]:
        reason = _INCOMPLETE.get(choice.finish_reason or "")
        return describe_response(
            self.prompt.body,
            status="incomplete" if reason else "completed",
            status_details={"type": "incomplete", "reason": reason} if reason else None,
            output=self.output,
            usage=_count(self.prompt, says) if says.usage.shown else None,
        )

    def _spell(self, kind: str, tokens: int = 0, **fields: object) -> Piece:
        self.count += 1
        event_id = draw_id("event", self.manner.stamp, f"event/{self.count}")
        return Piece(frame_unnamed({"type": kind, "event_id": event_id, **fields}), tokens)

    def _say(self, text: str, sound: Sound | None, status: str) -> Iterator[Piece]:
        body = self.prompt.body
        aloud = speaks_aloud(body)
        item = {**self._item("message"), "role": "assistant", "content": []}
        if self.prompt.model.startswith(_WITH_PHASES):
            item["phase"] = "final_answer"
        place = self._place(item)
        yield from self._add(item, place)
        inside = {**place, "content_index": 0}
        kind, key = ("audio", "transcript") if aloud else ("text", "text")
        yield self._spell("response.content_part.added", **inside, part={"type": kind, key: ""})
        pieces = cut(text, family(self.prompt.model).encoding, self.manner.chunk_by)
        if aloud:
            yield from self._speak(list(pieces), make_sound(text, sound, body), inside)
            yield self._spell("response.output_audio.done", **inside)
            yield self._spell("response.output_audio_transcript.done", **inside, transcript=text)
        else:
            for delta, tokens in pieces:
                yield self._spell("response.output_text.delta", tokens, **inside, delta=delta)
            yield self._spell("response.output_text.done", **inside, text=text)
        yield self._spell("response.content_part.done", **inside, part={"type": kind, key: text})
        yield from self._end({**item, "status": status, "content": [{"type": f"output_{kind}", key: text}]}, place)

    def _speak(self, pieces: list[tuple[str, int]], sound: bytes, inside: RealtimeFields) -> Iterator[Piece]:
        """Yield the words, each followed by as much of the sound as they are of the text."""
        form = FORMATS[_format_of(self.prompt.body)]
        told, whole = 0, sum(len(piece) for piece, _ in pieces)
        at = 0
        for delta, tokens in pieces:
            yield self._spell("response.output_audio_transcript.delta", tokens, **inside, delta=delta)
            told += len(delta)
            end = len(sound) * told // whole // form.width * form.width
            if end - at >= form.count_bytes(_MS_OF_A_DELTA) or told == whole:
                yield from self._send(sound[at : len(sound) if told == whole else end], inside)
                at = end
        if not pieces:
            yield from self._send(sound, inside)

    def _send(self, sound: bytes, inside: RealtimeFields) -> Iterator[Piece]:
        for part in batched(sound, _BYTES_OF_A_DELTA):
            yield self._spell("response.output_audio.delta", **inside, delta=b64encode(bytes(part)).decode("ascii"))

    def _call(self, call: ToolCall, status: str) -> Iterator[Piece]:
        call_id = call.id or f"call_{self.manner.stamp.base62(f'call/{len(self.output)}', 16)}"
        item = {**self._item("function_call"), "name": call.name, "call_id": call_id, "arguments": ""}
        place = self._place(item)
        yield from self._add(item, place)
        for delta, tokens in cut(call.arguments, family(self.prompt.model).encoding, self.manner.chunk_by):
            yield self._spell("response.function_call_arguments.delta", tokens, **place, call_id=call_id, delta=delta)
        yield self._spell(
            "response.function_call_arguments.done",
            **place,
            call_id=call_id,
            name=call.name,
            arguments=call.arguments,
        )
        yield from self._end({**item, "status": status, "arguments": call.arguments}, place)

    def _call_server(self, call: HostedCall) -> Iterator[Piece]:
        """Yield a call that OpenAI makes, or its request for an approval: an item without a status."""
        item = mcp.make_item(draw_id("item", self.manner.stamp, f"item/{len(self.output)}"), call, self.prompt)
        place = self._place(item)
        begun = item if call.type != mcp.CALL else {**item, "arguments": "", "output": None, "error": None}
        yield from self._add(begun, place)
        if call.type == mcp.CALL:
            name, of_call = "response.mcp_call", {key: place[key] for key in ("item_id", "output_index")}
            for delta, tokens in cut(item["arguments"], family(self.prompt.model).encoding, self.manner.chunk_by):
                yield self._spell(f"{name}_arguments.delta", tokens, **place, delta=delta)
            yield self._spell(f"{name}_arguments.done", **place, arguments=item["arguments"])
            yield self._spell(f"{name}.in_progress", **of_call)
            yield self._spell(f"{name}.{'completed' if item['error'] is None else 'failed'}", **of_call)
        yield from self._end(item, place)

    def _item(self, kind: str) -> dict[str, Any]:
        item_id = draw_id("item", self.manner.stamp, f"item/{len(self.output)}")
        return {"id": item_id, "object": "realtime.item", "type": kind, "status": "in_progress"}

    def _place(self, item: RealtimeFields) -> dict[str, Any]:
        return {
            "response_id": self.prompt.body["response_id"],
            "item_id": item["id"],
            "output_index": len(self.output),
        }

    def _add(self, item: RealtimeFields, place: RealtimeFields) -> Iterator[Piece]:
        yield self._spell("response.output_item.added", **_drop_item(place), item=item)
        if self._is_kept:
            yield self._spell("conversation.item.added", previous_item_id=self.previous, item=item)

    def _end(self, item: dict[str, Any], place: RealtimeFields) -> Iterator[Piece]:
        if self._is_kept:
            yield self._spell("conversation.item.done", previous_item_id=self.previous, item=item)
        yield self._spell("response.output_item.done", **_drop_item(place), item=item)
        self.output.append(item)
        self.previous = item["id"]

    @property
    def _is_kept(self) -> bool:
        """Whether the answer becomes a part of the conversation."""
        return self.prompt.body.get("conversation_id") is not None


_INCOMPLETE = {"length": "max_output_tokens", "content_filter": "content_filter"}
_WITH_PHASES = "gpt-realtime-2"
_TOKENS_OF_A_SECOND = 20
_MS_OF_A_DELTA = 100
_BYTES_OF_A_DELTA = 9_600
_LIMITS = [
    {"name": "requests", "limit": 10_000, "remaining": 9_999, "reset_seconds": 0.006},
    {"name": "tokens", "limit": 2_000_000, "remaining": 1_999_000, "reset_seconds": 0.03},
]


def _drop_item(place: RealtimeFields) -> dict[str, Any]:
    return {name: value for name, value in place.items() if name != "item_id"}


def _format_of(body: RealtimeFields) -> str:
    return str(object_in(_output_of(body), "format").get("type") or PCM)


def make_sound(text: str, sound: Sound | None, body: RealtimeFields) -> bytes:
    """Return the sound that the script gives; else a tone that is as long as it says, or as the text."""
    kind = _format_of(body)
    if sound is not None and sound.data is not None:
        given = b64decode(sound.data)
        samples = read_wav(given)
        return given if samples is None else spell_sound(samples, kind)
    return spell_sound(audio.pcm16(text, _speed(body), seconds=None if sound is None else sound.seconds), kind)


def _speed(body: RealtimeFields) -> float:
    return float(_output_of(body).get("speed") or 1)


def _measure(block: Text, body: RealtimeFields) -> float:
    """Return the seconds of the sound of a text."""
    sound, form = block.sound, FORMATS[_format_of(body)]
    if sound is not None and sound.data is not None:
        given = b64decode(sound.data)
        return (measure(given) if is_wav(given) else None) or form.count_ms(len(given)) / 1_000
    return (audio.seconds_of(block.text) if sound is None or sound.seconds is None else sound.seconds) / _speed(body)


def _seconds_aloud(prompt: Prompt, says: ModelOutput) -> float:
    if not speaks_aloud(prompt.body):
        return 0.0
    return sum(_measure(block, prompt.body) for block in says.choice(0).blocks if isinstance(block, Text))


def estimate_size(prompt: Prompt, says: ModelOutput) -> int:
    """Estimate the bytes of an answer: its words several times, and its sound in Base64."""
    ((_, texts),) = sizes.list_texts(prompt, says)
    of_words = sizes.estimate_texts(texts, family(prompt.model).encoding, stream=True, alternatives=None)
    form = FORMATS[_format_of(prompt.body)]
    of_sound = round(_seconds_aloud(prompt, says) * form.rate * form.width * 1.4)
    return sizes.OF_AN_ANSWER + 4 * of_words + of_sound


def _count(prompt: Prompt, says: ModelOutput) -> dict[str, object]:
    """Count tokens: of speech one for 50 ms, and of what is heard one for 100 ms (OpenAI's guide)."""
    of = count_usage(prompt, says, audio=ceil(_seconds_aloud(prompt, says) * _TOKENS_OF_A_SECOND))
    heard = int(prompt.body.get("input_audio_tokens") or 0)
    return {
        "total_tokens": of.total + heard,
        "input_tokens": of.prompt + heard,
        "output_tokens": of.completion,
        "input_token_details": {
            "text_tokens": of.prompt,
            "audio_tokens": heard,
            "image_tokens": 0,
            "cached_tokens": of.cached,
            "cached_tokens_details": {"text_tokens": of.cached, "audio_tokens": 0, "image_tokens": 0},
            **of.of_prompt,
        },
        "output_token_details": {
            "text_tokens": of.completion - of.audio,
            "audio_tokens": of.audio,
            **of.of_completion,
        },
    }
