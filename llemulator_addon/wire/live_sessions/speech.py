"""The words of the Live model as events: words with their times, and their sound; a tool call is a task for others."""

from base64 import b64encode
from collections.abc import Iterator
from itertools import batched
from typing import Any

from llemulator_addon.core.prompt import Prompt
from llemulator_addon.core.reply import Failure, ModelOutput, Refusal, Sound, Text, ToolCall
from llemulator_addon.wire.answer import Manner, Piece, cut
from llemulator_addon.wire.families import family
from llemulator_addon.wire.live_sessions.session import SLOW_RATE
from llemulator_addon.wire.realtime.events import draw_id, make_sound
from llemulator_addon.wire.realtime.sound import FORMATS, PCM
from llemulator_addon.wire.sse import frame_unnamed

_BYTES_OF_A_DELTA = 9_600


def write_speech(prompt: Prompt, says: ModelOutput, manner: Manner) -> Iterator[Piece]:
    """Yield the events of one answer."""
    writing = _Speech(prompt, manner)
    for block in says.choice(0).blocks:
        match block:
            case Text(text, sound=sound):
                yield from writing.say(text, sound)
            case Refusal(text):
                yield from writing.say(text, None)
            case ToolCall():
                yield writing.delegate()
            case _:
                pass  # nothing shows it


def break_off(sent: object, failure: Failure) -> tuple[bytes, ...]:
    """Return the event that says that something went wrong while the model spoke."""
    del sent
    code = failure.code or failure.type or "server_error"
    error = {"type": failure.type, "code": code, "message": failure.message, "param": failure.param}
    return (frame_unnamed({"type": "error", "event_id": "event_broken_off", "error": error}),)


class _Speech:
    """Not a value: the events as they are written."""

    def __init__(self, prompt: Prompt, manner: Manner) -> None:
        self._body: Any = prompt.body
        self._encoding = family(prompt.model).encoding
        self._manner = manner
        self._count = 0
        self._ms = self._body["offset_ms"]
        """Where the words are, on the session's time line."""

    def say(self, text: str, sound: Sound | None) -> Iterator[Piece]:
        """Yield the words, each followed by its sound."""
        form, spoken = FORMATS[self._body["audio"]["output"]["format"]["type"]], make_sound(text, sound, self._body)
        told, at = 0, 0
        for delta, tokens in cut(text, self._encoding, self._manner.chunk_by):
            told += len(delta)
            end = len(spoken) * told // len(text) // form.width * form.width
            start_ms, end_ms = self._ms + form.count_ms(at), self._ms + form.count_ms(end)
            yield self._spell("session.output_transcript.delta", tokens, delta=delta, start_ms=start_ms, end_ms=end_ms)
            for part in batched(spoken[at:end], _BYTES_OF_A_DELTA):
                yield self._send(bytes(part))
            at = end
        self._ms += form.count_ms(len(spoken))

    def delegate(self) -> Piece:
        """Return the event of a task for others. It has no words of the task: OpenAI's has none."""
        owner = self._body["delegation"]
        delegation = {
            "id": draw_id("deleg", self._manner.stamp, f"delegation/{self._count}"),
            "type": "delegation",
            "target": owner,
        }
        return self._spell("session.delegation.created", delegation=delegation, offset_ms=self._ms)

    def _send(self, sound: bytes) -> Piece:
        is_slow = self._body["audio"]["output"]["format"].get("rate") == SLOW_RATE
        spelled = b64encode(slow_down(sound) if is_slow else sound).decode("ascii")
        return Piece(frame_unnamed({"type": "session.output_audio.delta", "delta": spelled}))

    def _spell(self, kind: str, tokens: int = 0, **fields: object) -> Piece:
        self._count += 1
        event_id = draw_id("event", self._manner.stamp, f"event/{self._count}")
        return Piece(frame_unnamed({"type": kind, "event_id": event_id, **fields}), tokens)


def slow_down(sound: bytes) -> bytes:
    """Return samples of 16 bits at 24 kHz with 16 kHz: two of three are kept."""
    whole = sound[: len(sound) // 6 * 6]
    slow = bytearray(len(whole) // 6 * 4)
    for to, of in enumerate((0, 1, 2, 3)):
        slow[to::4] = whole[of::6]
    return bytes(slow)


def speed_up(sound: bytes) -> bytes:
    """Return samples of 16 bits at 16 kHz with 24 kHz: each second one comes twice."""
    whole = sound[: len(sound) // 4 * 4]
    fast = bytearray(len(whole) // 4 * 6)
    for to, of in enumerate((0, 1, 2, 3, 2, 3)):
        fast[to::6] = whole[of::4]
    return bytes(fast)


def read_format(kind: str, rate: int) -> dict[str, object]:
    """Return a format as an answer's body has it."""
    return {"type": kind, "rate": rate} if kind == PCM else {"type": kind}
