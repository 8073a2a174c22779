"""GPT-Live over WebSocket: a talk is a value; messages, and what is sent of answers, make another one of it.

The model speaks by a request to the endpoint `live`, and hears a user by one to `realtime.transcription`. A task for
Responses is one to `responses`, whose events come within the event `response.event`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from llemulator_addon.core.reply import Failure
from llemulator_addon.core.steps import Headers
from llemulator_addon.wire.errors import INVALID
from llemulator_addon.wire.json_bytes import compact
from llemulator_addon.wire.live_sessions.hearing import LiveHearing, hear
from llemulator_addon.wire.live_sessions.session import USUAL_RATE, format_of
from llemulator_addon.wire.live_sessions.state import BACKEND, SPEECH, LiveState, spell_error, spell_event
from llemulator_addon.wire.members import list_in, object_in, text_in
from llemulator_addon.wire.realtime.events import draw_id
from llemulator_addon.wire.realtime.sound import FORMATS, PCM
from llemulator_addon.wire.realtime.transcription import PREFIX
from llemulator_addon.wire.talks import Doings, failure_of, read_event


class LiveTalk(NamedTuple):
    """One connection. `at` of its methods is in seconds since the epoch."""

    state: LiveState

    @property
    def held(self) -> int:
        """Bytes of memory of what was said, and of sound."""
        return self.state.held

    @staticmethod
    def _put(done: tuple[LiveState, Doings]) -> "tuple[LiveTalk, Doings]":
        return LiveTalk(done[0]), done[1]

    def begin(self, at: float) -> "tuple[LiveTalk, Doings]":
        """Say nothing: the client starts the session."""
        del at
        return self, ()

    def hear(self, message: bytes, event: object, at: float) -> "tuple[LiveTalk, Doings]":
        """Take a message."""
        del message
        return self._put(hear(self.state, event, at))

    def note(self, lane: str | None, text: str) -> "LiveTalk":
        """Take note of a message of an answer. A script may send any event, so none is trusted."""
        event = read_event(text.encode())
        if not isinstance(event, dict) or lane not in self.state.lanes:
            return self
        if lane == SPEECH:
            return LiveTalk(_note_speech(self.state, event))
        if lane == BACKEND:
            return LiveTalk(_note_backend(self.state, object_in(event, "event")))
        if event.get("type") == f"{PREFIX}.completed":
            return LiveTalk(_note_words(self.state, str(lane), str(event.get("transcript"))))
        return self

    def finish(self, lane: str | None, at: float) -> "tuple[LiveTalk, Doings]":
        """Take note that an answer was sent."""
        return self._put(LiveHearing(self.state, at).finish(lane or ""))

    def wake(self, mark: int, at: float) -> "tuple[LiveTalk, Doings]":
        """Take note that a sound was played."""
        return self._put(LiveHearing(self.state, at).wake(mark))

    def spell_answer_refused(
        self, lane: str | None, status: int, error: Mapping[str, object], headers: Headers
    ) -> Iterator[str]:
        """Spell an error."""
        del headers
        failure = failure_of(status, error)
        begun = self.state.lanes.get(lane or "")
        yield spell_error(self._draw(f"refused/{lane}"), failure, None if begun is None else begun.asked_by)

    def begin_of_message(self, lane: str | None, number: int) -> str:
        """Return the event around one of Responses."""
        if lane != BACKEND:
            return ""
        event_id = compact(self._draw(f"response/{number}")).decode()
        return f'{{"type":"response.event","event_id":{event_id},"delegation_id":null,"event":'

    @staticmethod
    def end_of_message(lane: str | None) -> str:
        """Return the end of the event around one of Responses."""
        return "}}" if lane == BACKEND else ""

    def spell_refusal(self, failure: Failure) -> str:
        """Spell an error that no event has caused."""
        return spell_error(self._draw("refusal"), failure, None)

    def spell_too_old(self) -> str:
        """Spell that a session has expired."""
        if self.state.session is None:
            return self.spell_refusal(Failure(status=400, type=INVALID, code="session_expired", message="It is over."))
        session, usage = self.state.session, self.state.usage
        return spell_event("session.closed", self._draw("expired"), reason="expired", session=session, usage=usage)

    def _draw(self, label: str) -> str:
        return draw_id("event", self.state.stamp, f"live/{self.state.label}/{self.state.drawn}/{label}")


def _note_speech(state: LiveState, event: Mapping[str, object]) -> LiveState:
    match event.get("type"):
        case "session.output_transcript.delta":
            lane = state.lanes[SPEECH]
            said = replace(lane, said=lane.said + (text_in(event, "delta") or ""))
            return replace(state, lanes=state.lanes.insert(SPEECH, said))
        case "session.output_audio.delta":
            kind, rate = format_of(state.session or {})
            size = len(text_in(event, "delta") or "") * 3 // 4
            ms = FORMATS[kind].count_ms(size)
            ms = ms * USUAL_RATE // rate if kind == PCM else ms
            return replace(state, spoken_ms=state.spoken_ms + ms)
        case "session.delegation.created":
            delegation = object_in(event, "delegation")
            if delegation.get("target") == "responses":
                return replace(state, delegated=state.delegated + 1)
            return replace(state, delegations=(*state.delegations, str(delegation.get("id"))))
        case _:
            return state


def _note_backend(state: LiveState, event: Mapping[str, object]) -> LiveState:
    if event.get("type") != "response.output_item.done":
        return state
    item = object_in(event, "item")
    texts = [part.get("text") for part in list_in(item, "content") if isinstance(part, Mapping)]
    lane = state.lanes[BACKEND]
    said = "".join(text for text in (lane.said, *texts) if isinstance(text, str))
    told = replace(lane, said=said)
    return replace(state.add_backend(item), lanes=state.lanes.insert(BACKEND, told))


def _note_words(state: LiveState, name: str, words: str) -> LiveState:
    return replace(state, lanes=state.lanes.insert(name, replace(state.lanes[name], said=words)))
