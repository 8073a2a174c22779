"""The events of a client of Live: each changes the state of the talk, and says what is to be done."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from llemulator_addon.core.reply import Failure
from llemulator_addon.wire import errors
from llemulator_addon.wire.checking import Check, Fields, an_object, text
from llemulator_addon.wire.errors import INVALID, RequestRefused
from llemulator_addon.wire.json_bytes import compact
from llemulator_addon.wire.live_sessions.session import SLOW_RATE, backend_of, format_of, start_session, update_session
from llemulator_addon.wire.live_sessions.speech import read_format, speed_up
from llemulator_addon.wire.live_sessions.state import (
    BACKEND,
    SPEECH,
    LiveLane,
    LiveState,
    spell_error,
    spell_event,
)
from llemulator_addon.wire.members import text_in
from llemulator_addon.wire.realtime.items import read_audio
from llemulator_addon.wire.realtime.sound import FORMATS, PCM, SoundBuffer, Started, Stopped, hear_words, listen
from llemulator_addon.wire.talks import Begin, Close, Doing, Doings, Say, Stop, Wake, make_request

_MS_OF_FIXTURE = 30_000
_DETECTION: Mapping[str, Any] = {
    "type": "server_vad",
    "threshold": 0.5,
    "prefix_padding_ms": 300,
    "silence_duration_ms": 500,
}


def hear(talk: LiveState, event: object, at: float) -> tuple[LiveState, Doings]:
    """Return a talk after an event of a client, and what is to be done."""
    return LiveHearing(talk, at).hear(event)


class LiveHearing:
    """Not a value: one event as it changes a talk."""

    def __init__(self, talk: LiveState, at: float) -> None:
        self._talk = talk
        self._at = at
        self._doings: list[Doing] = []
        self._asked_by: str | None = None
        """The `event_id` of the event."""

    def hear(self, event: object) -> tuple[LiveState, Doings]:
        """Hear an event."""
        try:
            self._hear(event)
        except RequestRefused as refused:
            self._refuse(refused.failure)
        return self._talk, tuple(self._doings)

    def finish(self, lane: str) -> tuple[LiveState, Doings]:
        """Go on after an answer was sent."""
        done = self._talk.lanes.get(lane, LiveLane())
        self._talk = replace(self._talk, lanes=self._talk.lanes.discard(lane))
        if lane == SPEECH:
            self._end_speech(done)
        elif lane == BACKEND:
            if done.said:
                self._talk = self._talk.add_said("user", done.said)
                self._ask(done.asked_by)
        else:
            self._say("session.input_transcript.delta", delta=done.said, start_ms=done.start_ms, end_ms=done.end_ms)
            self._talk = self._talk.add_said("user", done.said)
            self._ask(None)
        self._begin_next()
        return self._talk, tuple(self._doings)

    def wake(self, mark: int) -> tuple[LiveState, Doings]:
        """End the sound that is played."""
        if mark == self._talk.wakes and self._talk.fixture is not None:
            self._asked_by = self._talk.fixture or None
            self._talk = replace(self._talk, fixture=None)
            self._say("session.output_audio.fixture.played")
        return self._talk, tuple(self._doings)

    # Saying ---------------------------------------------------------------------------------------------------

    def _say(self, kind: str, **fields: object) -> None:
        self._talk, event_id = self._talk.draw("event")
        self._doings.append(Say(spell_event(kind, event_id, self._asked_by, **fields)))

    def _refuse(self, failure: Failure) -> None:
        self._talk, event_id = self._talk.draw("event")
        self._doings.append(Say(spell_error(event_id, failure, self._asked_by)))

    # Events ---------------------------------------------------------------------------------------------------------

    def _hear(self, event: object) -> None:
        if not isinstance(event, dict):
            raise RequestRefused(errors.not_json())
        given = event.get("event_id")
        self._asked_by = given if isinstance(given, str) else None
        kind = event.get("type")
        if not isinstance(kind, str) or kind not in _EVENTS:
            raise RequestRefused(errors.invalid_value("type", str(kind), tuple(_EVENTS)))
        check, act = _EVENTS[kind]
        Fields(checks=check, needs=tuple(check)).check(event)
        if (self._talk.session is None) is (kind != "session.start"):
            raise RequestRefused(_NOT_STARTED if self._talk.session is None else _IS_STARTED)
        act(self, event)

    def start(self, event: dict[str, Any]) -> None:
        """Start the session."""
        self._talk, session_id = self._talk.draw("live")
        session = start_session(event["session"], session_id, int(self._at))
        kind, _ = format_of(session)
        self._talk = replace(self._talk, session=session, began=self._at, sound=SoundBuffer(kind=kind))
        for item in session["input"]:
            self._talk = self._talk.add_said(item["role"], item["content"][0]["text"])
        self._say("session.started", session=session)

    def update(self, event: dict[str, Any]) -> None:
        """Change the session."""
        self._talk = replace(self._talk, session=update_session(self._talk.session or {}, event["session"]))
        self._say("session.updated", session=self._talk.session)

    def close(self, event: dict[str, Any]) -> None:
        """End the session."""
        del event
        self._doings += [Stop(lane) for lane in self._talk.lanes]
        self._say("session.closed", reason="close_requested", session=self._talk.session, usage=self._talk.usage)
        self._doings.append(Close(1000, ""))

    def append(self, event: dict[str, Any]) -> None:
        """Add words that the Live model knows; it speaks of a commentary."""
        kind = event["type"].split(".")[1]
        self._check_delegation(event.get("delegation_id"))
        self._check_fixture()
        self._check_room(len(event["content"]))
        ms = self._talk.find_ms(self._at)
        self._say(f"session.{kind}.appended", start_ms=ms, end_ms=ms)
        self._talk = self._talk.add_said("user" if kind == "commentary" else "developer", event["content"])
        if kind == "commentary":
            self._ask(self._asked_by)

    def hear_sound(self, event: dict[str, Any]) -> None:
        """Take sound; when speech ends in it, its words are asked for."""
        sound = read_audio(event["audio"], (None, "audio"))
        self._check_room(len(sound))
        kind, rate = format_of(self._talk.session or {})
        if kind == PCM and rate == SLOW_RATE:
            sound = speed_up(sound)
        if self._talk.is_muted or self._talk.fixture is not None:
            sound = bytes(len(sound)) if kind == PCM else b"\xff" * len(sound)
        buffer, heard = listen(self._talk.sound, sound, _DETECTION)
        self._talk = replace(self._talk, sound=buffer)
        for each in heard:
            match each:
                case Started():
                    self._interrupt()
                case Stopped(ms, said):
                    self._ask_to_hear(said, ms, kind)

    def mute(self, event: dict[str, Any]) -> None:
        """Hear silence from now on, or no longer."""
        is_muted = event["type"].endswith(".mute")
        self._talk = replace(self._talk, is_muted=is_muted)
        self._say(f"session.input_audio.{'muted' if is_muted else 'unmuted'}")

    def play_fixture(self, event: dict[str, Any]) -> None:
        """Play a sound in place of words."""
        self._check_fixture()
        ms = FORMATS[PCM].count_ms(len(read_audio(event["audio"], (None, "audio"))))
        if not 0 < ms <= _MS_OF_FIXTURE:
            raise RequestRefused(_wrong("invalid_value", "A fixture has sound, and at most 30 seconds of it.", "audio"))
        self._interrupt()
        wakes = self._talk.wakes + 1
        self._talk = replace(self._talk, fixture=self._asked_by or "", wakes=wakes, spoken_ms=self._talk.spoken_ms + ms)
        self._say("session.output_audio.fixture.playing")
        self._doings.append(Wake(ms / 1_000, wakes))

    def add_item(self, event: dict[str, Any]) -> None:
        """Add an item that Responses know."""
        self._check_backend()
        self._check_room(len(compact(event["item"])))
        self._talk = self._talk.add_backend(event["item"])

    def create_response(self, event: dict[str, Any]) -> None:
        """Let Responses go on."""
        del event
        self._check_backend()
        if BACKEND in self._talk.lanes:
            raise RequestRefused(_wrong("response_in_progress", "A response is being made; wait until it is done."))
        self._begin_backend(self._asked_by)

    def decide(self, event: dict[str, Any]) -> None:
        """Refuse."""
        message = f"'{event['type']}' is not supported: no Decisions are made here."
        raise RequestRefused(_wrong("decisions_not_supported", message))

    # Checks ---------------------------------------------------------------------------------------------------------

    def _check_delegation(self, delegation_id: object) -> None:
        if delegation_id is not None and delegation_id not in self._talk.delegations:
            message = f"There is no delegation '{delegation_id}' for this application."
            raise RequestRefused(_wrong("delegation_not_found", message, "delegation_id"))

    def _check_fixture(self) -> None:
        if self._talk.fixture is not None:
            raise RequestRefused(_wrong("fixture_active", "An audio fixture is being played; wait for its end."))

    def _check_backend(self) -> None:
        if backend_of(self._talk.session or {}) is None:
            raise RequestRefused(
                _wrong("responses_delegation_required", "This session does not delegate to Responses.")
            )

    def _check_room(self, more: int) -> None:
        if self._talk.held + more > self._talk.most_bytes:
            raise RequestRefused(_wrong("session_too_large", "This session has too much to remember."))

    # Requests -------------------------------------------------------------------------------------------------------

    def _ask(self, asked_by: str | None) -> None:
        """Let the Live model speak, after what it is saying."""
        if SPEECH in self._talk.lanes:
            self._talk = replace(self._talk, waiting=(*self._talk.waiting, asked_by))
            return
        session = self._talk.session or {}
        kind, rate = format_of(session)
        body = {
            "model": session["model"],
            "instructions": session["instructions"],
            "input": list(self._talk.said),
            "audio": {"output": {**session["audio"]["output"], "format": read_format(kind, rate)}},
            "delegation": session["delegation"]["type"],
            "offset_ms": self._talk.find_ms(self._at),
        }
        self._begin(SPEECH, "live", body, LiveLane(asked_by=asked_by))

    def _begin_backend(self, asked_by: str | None) -> None:
        given = backend_of(self._talk.session or {}) or {}
        body = {
            **{name: value for name, value in given.items() if value is not None},
            "input": list(self._talk.backend),
        }
        self._begin(BACKEND, "responses", {**body, "store": False, "stream": True}, LiveLane(asked_by=asked_by))

    def _ask_to_hear(self, sound: bytes, end_ms: int, kind: str) -> None:
        ms, lane = FORMATS[kind].count_ms(len(sound)), f"heard/{end_ms}"
        said_before = [text_in(item["content"][0], "text") for item in self._talk.said if item["role"] == "user"]
        body = {"item_id": lane, "ms": ms, "words": hear_words(sound, kind), "said_before": said_before}
        heard = LiveLane(start_ms=end_ms - ms, end_ms=end_ms)
        self._begin(lane, "realtime/transcription", body, heard, is_silent=True)

    def _begin(
        self, lane: str, path: str, body: Mapping[str, Any], begun: LiveLane, *, is_silent: bool = False
    ) -> None:
        handshake = self._talk.handshake
        known = handshake.path
        request = make_request(handshake, compact(body), body, self._talk.name, self._at)
        request = replace(request, path=f"{known[: known.index('live/')]}{path}")
        # Events of this answer have other ids than those of the one before.
        self._talk, _ = replace(self._talk, lanes=self._talk.lanes.insert(lane, begun)).draw("lane")
        self._doings.append(Begin(request, lane, is_silent))

    def _interrupt(self) -> None:
        """Let the model say no more: somebody else speaks."""
        if (speaking := self._talk.lanes.get(SPEECH)) is not None:
            self._doings.append(Stop(SPEECH))
            self._talk = replace(self._talk, lanes=self._talk.lanes.remove(SPEECH), waiting=())
            self._end_speech(speaking)

    def _end_speech(self, spoken: LiveLane) -> None:
        # Also without words: what comes next is another turn.
        self._talk = self._talk.add_said("assistant", spoken.said)
        self._say("session.usage.updated", usage=self._talk.usage)

    def _begin_next(self) -> None:
        if self._talk.delegated and BACKEND not in self._talk.lanes:
            self._talk = replace(self._talk, delegated=self._talk.delegated - 1)
            for item in [each for each in self._talk.said if each["role"] == "user"][-1:]:
                self._talk = self._talk.add_backend(item)
            self._begin_backend(None)
        if self._talk.waiting and SPEECH not in self._talk.lanes:
            asked_by, *waiting = self._talk.waiting
            self._talk = replace(self._talk, waiting=tuple(waiting))
            self._ask(asked_by)


def _wrong(code: str, message: str, param: str | None = None) -> Failure:
    return Failure(status=400, type=INVALID, code=code, message=message, param=param)


_NOT_STARTED = _wrong("session_not_started", "Send session.start first, and wait for session.started.")
_IS_STARTED = _wrong("session_already_started", "The session is started already.")
_CONTENT: Mapping[str, Check] = {"content": text(least=1)}
_AUDIO: Mapping[str, Check] = {"audio": text()}
_EVENTS: Mapping[str, tuple[Mapping[str, Check], Callable[[LiveHearing, dict[str, Any]], None]]] = {
    "session.start": ({"session": an_object}, LiveHearing.start),
    "session.update": ({"session": an_object}, LiveHearing.update),
    "session.input_audio.append": (_AUDIO, LiveHearing.hear_sound),
    "session.input_audio.mute": ({}, LiveHearing.mute),
    "session.input_audio.unmute": ({}, LiveHearing.mute),
    "session.output_audio.fixture.play": (_AUDIO, LiveHearing.play_fixture),
    "session.instructions.append": (_CONTENT, LiveHearing.append),
    "session.thinking.append": (_CONTENT, LiveHearing.append),
    "session.commentary.append": (_CONTENT, LiveHearing.append),
    "decision.create": ({}, LiveHearing.decide),
    "decision.item.create": ({}, LiveHearing.decide),
    "decision.item.delete": ({}, LiveHearing.decide),
    "response.item.create": ({"item": an_object}, LiveHearing.add_item),
    "response.create": ({}, LiveHearing.create_response),
    "session.close": ({}, LiveHearing.close),
}
"""The client's events: what is checked of each, and what is done."""
