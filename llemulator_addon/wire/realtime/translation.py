"""Translation sessions of Realtime: the words of a user come in, and their translation goes out, turn by turn.

Each turn is heard (`realtime.transcription`), and is then a request to `realtime.translation`: rules match the words
that were heard, and their text is the translation.
"""

from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import batched
from typing import Any, Self

from llemulator_addon.core.json_type import JsonObject
from llemulator_addon.core.prompt import Message, Prompt
from llemulator_addon.core.reply import Failure, ModelOutput
from llemulator_addon.core.request import Request
from llemulator_addon.core.stamp import Stamp
from llemulator_addon.core.steps import Headers
from llemulator_addon.wire import audio, errors
from llemulator_addon.wire.answer import Answer, Call, EventStream, Made, Manner, Piece, cut
from llemulator_addon.wire.checking import Fields, Place, an_object, one_of, text
from llemulator_addon.wire.errors import INVALID, RequestRefused
from llemulator_addon.wire.members import object_in, text_in
from llemulator_addon.wire.realtime.events import draw_id
from llemulator_addon.wire.realtime.items import read_audio
from llemulator_addon.wire.realtime.requests import Sounding, make_hearing, make_request_below
from llemulator_addon.wire.realtime.session import SECONDS, SERVER_VAD, RealtimeSessionFields
from llemulator_addon.wire.realtime.sound import SoundBuffer, Stopped, listen
from llemulator_addon.wire.realtime.state import spell_error, spell_event
from llemulator_addon.wire.realtime.transcription import PREFIX
from llemulator_addon.wire.sse import frame_unnamed
from llemulator_addon.wire.talks import Begin, Close, Doing, Doings, Say, failure_of, read_event

TRANSLATION = "translation"
NAME = "realtime.translation"


def begin_translation(model: str | None, session_id: str, created: int) -> RealtimeSessionFields:
    """Return the session as it is before a client changes it."""
    return {
        "id": session_id,
        "type": TRANSLATION,
        "model": model,
        "expires_at": created + SECONDS,
        "audio": {"input": {"transcription": None, "noise_reduction": None}, "output": {"language": "en"}},
    }


def merge_translation(session: RealtimeSessionFields, given: JsonObject) -> RealtimeSessionFields:
    """Return a session with the fields that are given; raises `RequestRefused`."""
    _SESSION((None, "session"), dict(given))
    audio_given = object_in(given, "audio")
    merged = {side: {**session["audio"][side], **object_in(audio_given, side)} for side in ("input", "output")}
    return {**session, "audio": merged}


_SESSION = Fields(
    checks={
        "type": one_of(TRANSLATION),
        "model": text(),
        "audio": Fields(
            checks={
                "input": Fields(
                    checks={
                        "transcription": Fields(checks={"model": text()}, needs=("model",)),
                        "noise_reduction": Fields(checks={"type": one_of("near_field", "far_field")}, needs=("type",)),
                    }
                ),
                "output": Fields(checks={"language": text(least=2)}),
            }
        ),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TranslationTalk:
    """One connection of a translation session. `at` of its methods is in seconds since the epoch."""

    name: str
    handshake: Request
    label: str
    stamp: Stamp
    session: RealtimeSessionFields
    refused: Failure | None = None
    drawn: int = 0
    sound: SoundBuffer = field(default_factory=SoundBuffer)
    turns: Mapping[str, str | None] = field(default_factory=dict)
    """The words of turns that are not translated yet, by their lanes; None: not heard yet."""
    is_closing: bool = False

    @property
    def held(self) -> int:
        """Bytes of memory of sound that is no turn yet."""
        return self.sound.size

    def draw(self, prefix: str) -> tuple[Self, str]:
        """Return a new id, and the talk after that."""
        drawn = self.drawn + 1
        return replace(self, drawn=drawn), draw_id(prefix, self.stamp, f"talk/{self.label}/{drawn}")

    def say(self, kind: str, **fields: object) -> tuple[Self, Say]:
        """Say an event."""
        talk, event_id = self.draw("event")
        return talk, Say(spell_event(kind, event_id, **fields))

    def refuse(self, failure: Failure, asked_by: str | None = None) -> tuple[Self, Say]:
        """Say an error."""
        talk, event_id = self.draw("event")
        return talk, Say(spell_error(event_id, failure, asked_by))

    def begin(self, at: float) -> tuple[Self, Doings]:
        """Say what the session is, or why there is none."""
        del at
        if (failure := self.refused) is not None:
            talk, said = self.refuse(failure)
            return talk, (said, Close(4000, f"{failure.type}.{failure.code}"))
        talk, said = self.say("session.created", session=self.session)
        return talk, (said,)

    def hear(self, message: bytes, event: object, at: float) -> tuple[Self, Doings]:
        """Take a message."""
        del message
        given = event if isinstance(event, dict) else {}
        try:
            match given.get("type"):
                case "session.update":
                    _UPDATE.check(given)
                    talk = replace(self, session=merge_translation(self.session, given["session"]))
                    talk, said = talk.say("session.updated", session=talk.session)
                    return talk, (said,)
                case "session.input_audio_buffer.append":
                    _APPEND.check(given)
                    return self._append(read_audio(given["audio"], _AUDIO), at)
                case "session.close":
                    return self._end(at)
                case unknown:
                    failure = errors.invalid_value("type", str(unknown), _KNOWN)
        except RequestRefused as refused:
            failure = refused.failure
        talk, said = self.refuse(failure, text_in(given, "event_id"))
        return talk, (said,)

    def _append(self, sound: bytes, at: float) -> tuple[Self, Doings]:
        buffer, heard = listen(self.sound, sound, SERVER_VAD)
        talk, doings = replace(self, sound=buffer), list[Doing]()
        for each in heard:
            if isinstance(each, Stopped):
                talk, begun = talk.hear_turn(each.sound, at)
                doings.append(begun)
        return talk, tuple(doings)

    def hear_turn(self, sound: bytes, at: float) -> tuple[Self, Begin]:
        """Have the words of a turn heard."""
        talk, lane = self.draw("item")
        talk = replace(talk, turns={**talk.turns, lane: None})
        wanted = object_in(object_in(talk.session["audio"], "input"), "transcription")
        sounding = Sounding(lane, sound)
        request = make_hearing(talk.handshake, talk.name, sounding, at, model=text_in(wanted, "model"))
        return talk, Begin(request, lane, is_silent=True)

    def _end(self, at: float) -> tuple[Self, Doings]:
        """Translate what is left, and close."""
        talk = replace(self, is_closing=True)
        if self.sound.speaks:
            buffer, sound = self.sound.take()
            talk, begun = replace(talk, sound=buffer).hear_turn(sound, at)
            return talk, (begun,)
        return talk.close_if_done()

    def close_if_done(self) -> tuple[Self, Doings]:
        """Close, if the client wants that and nothing is left to be translated."""
        if not self.is_closing or self.turns:
            return self, ()
        talk, said = self.say("session.closed")
        return talk, (said, Close(1000, "session closed"))

    def note(self, lane: str | None, text: str) -> Self:
        """Take note of what was heard in a turn."""
        event = read_event(text.encode())
        if isinstance(event, dict) and event.get("type") == f"{PREFIX}.completed" and lane in self.turns:
            return replace(self, turns={**self.turns, lane or "": str(event.get("transcript"))})
        return self

    def finish(self, lane: str | None, at: float) -> tuple[Self, Doings]:
        """Translate a turn that was heard, or forget one that is translated."""
        lane = lane or ""
        turns: dict[str, str | None] = {name: words for name, words in self.turns.items() if name != lane}
        words = self.turns.get(lane)
        if words is None:
            return replace(self, turns=turns).close_if_done()
        talk, said_lane = self.draw("item")
        talk, doings = replace(talk, turns={**turns, said_lane: None}), list[Doing]()
        elapsed = talk.sound.ms // _FRAME_MS * _FRAME_MS
        if object_in(talk.session["audio"], "input").get("transcription") is not None:
            for delta, _ in cut(words, "o200k_base", "token"):
                talk, said = talk.say("session.input_transcript.delta", delta=delta, elapsed_ms=elapsed)
                doings.append(said)
        body = {
            "model": talk.session["model"],
            "language": object_in(talk.session["audio"], "output").get("language"),
            "heard": words,
            "elapsed_ms": elapsed,
        }
        request = make_request_below(talk.handshake, talk.name, "realtime/translation", body, at)
        return talk, (*doings, Begin(request, said_lane))

    def wake(self, mark: int, at: float) -> tuple[Self, Doings]:
        """Do nothing."""
        del mark, at
        return self, ()

    def spell_answer_refused(
        self, lane: str | None, status: int, error: Mapping[str, object], headers: Headers
    ) -> Iterator[str]:
        """Spell an error."""
        del headers
        failure = failure_of(status, error)
        yield spell_error(draw_id("event", self.stamp, f"talk/{self.label}/refused/{lane}"), failure, None)

    @staticmethod
    def begin_of_message(lane: str | None, number: int) -> str:
        """Add nothing."""
        del lane, number
        return ""

    @staticmethod
    def end_of_message(lane: str | None) -> str:
        """Add nothing."""
        del lane
        return ""

    def spell_refusal(self, failure: Failure) -> str:
        """Spell an error that no event has caused."""
        return self.refuse(failure)[1].text

    def spell_too_old(self) -> str:
        """Spell that the session has ended."""
        message = "Your session hit the maximum duration of 60 minutes."
        return self.spell_refusal(Failure(status=400, type=INVALID, code="session_expired", message=message))


_KNOWN = ("session.update", "session.input_audio_buffer.append", "session.close")
_UPDATE = Fields(checks={"session": an_object}, needs=("session",))
_APPEND = Fields(checks={"audio": text()}, needs=("audio",))
_AUDIO: Place = (None, "audio")
_FRAME_MS = 200

# The endpoint -------------------------------------------------------------------------------------------------------


def read_turn(call: Call, body: JsonObject) -> Prompt:
    """Understand what a talk wants to be translated."""
    del call
    asked: Any = body
    heard = Message(role="user", text=str(asked.get("heard") or ""))
    return Prompt(endpoint=NAME, model=asked.get("model") or "", messages=(heard,), stream=True, body=asked)


def write_turn(prompt: Prompt, says: ModelOutput, manner: Manner) -> Answer:
    """Write a translation as events: its words, and then its sound."""
    return EventStream(pieces=Made(partial(_write, prompt, says, manner)))


def _write(prompt: Prompt, says: ModelOutput, manner: Manner) -> Iterator[Piece]:
    words, elapsed = says.choice(0).text, prompt.body.get("elapsed_ms")
    count = 0
    for delta, tokens in cut(words, "o200k_base", manner.chunk_by):
        count += 1
        yield _frame("session.output_transcript.delta", manner, count, tokens, delta=delta, elapsed_ms=elapsed)
    for part in batched(audio.pcm16(words), _BYTES_OF_A_DELTA):
        count += 1
        sound = {"delta": b64encode(bytes(part)).decode("ascii"), "sample_rate": audio.RATE, "channels": 1}
        yield _frame("session.output_audio.delta", manner, count, 0, **sound, format="pcm16", elapsed_ms=elapsed)


def _frame(kind: str, manner: Manner, number: int, tokens: int, **fields: object) -> Piece:
    event_id = draw_id("event", manner.stamp, f"translation/{number}")
    return Piece(frame_unnamed({"type": kind, "event_id": event_id, **fields}), tokens)


_BYTES_OF_A_DELTA = 9_600
