"""Realtime over WebSocket: a talk is a value; messages, and what is sent of answers, make another one of it.

Each response is a request to the endpoint `realtime`, whose body is the input of the model; what a user says is a
request to `realtime.transcription`. So rules, faults, pacing, people and the journal know nothing of talks.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from llemulator_addon.core.reply import Failure
from llemulator_addon.core.steps import Headers
from llemulator_addon.wire.errors import INVALID
from llemulator_addon.wire.realtime.events import describe_failed, describe_response, draw_id
from llemulator_addon.wire.realtime.hearing import finish, hear, list_tools, wake
from llemulator_addon.wire.realtime.mcp import end_list
from llemulator_addon.wire.realtime.noting import note
from llemulator_addon.wire.realtime.state import RealtimeState, spell_error, spell_event
from llemulator_addon.wire.realtime.transcription import PREFIX
from llemulator_addon.wire.talks import Close, Doings, Say, failure_of


class RealtimeTalk(NamedTuple):
    """One connection. `at` of its methods is in seconds since the epoch."""

    state: RealtimeState

    @property
    def held(self) -> int:
        """Bytes of memory of its conversation, and of sound that was not committed."""
        return self.state.held

    @staticmethod
    def _put(done: tuple[RealtimeState, Doings]) -> "tuple[RealtimeTalk, Doings]":
        return RealtimeTalk(done[0]), done[1]

    def begin(self, at: float) -> "tuple[RealtimeTalk, Doings]":
        """Say what the session is, or why there is none."""
        state, event_id = self.state.draw("event")
        if (failure := state.refused) is not None:
            closing = Close(_REFUSED, f"{failure.type}.{failure.code}")
            return RealtimeTalk(state), (Say(spell_error(event_id, failure, None)), closing)
        state, listed = list_tools(state, at)
        return RealtimeTalk(state), (Say(spell_event("session.created", event_id, session=state.session)), *listed)

    def hear(self, message: bytes, event: object, at: float) -> "tuple[RealtimeTalk, Doings]":
        """Take a message."""
        del message
        return self._put(hear(self.state, event, at))

    def note(self, lane: str | None, text: str) -> "RealtimeTalk":
        """Take note of a message of an answer."""
        return RealtimeTalk(note(self.state, lane or "", text))

    def finish(self, lane: str | None, at: float) -> "tuple[RealtimeTalk, Doings]":
        """Take note that an answer was sent."""
        return self._put(finish(self.state, lane or "", at))

    def wake(self, mark: int, at: float) -> "tuple[RealtimeTalk, Doings]":
        """Take note that nobody said anything for some time."""
        return self._put(wake(self.state, mark, at))

    def spell_answer_refused(
        self, lane: str | None, status: int, error: Mapping[str, object], headers: Headers
    ) -> Iterator[str]:
        """Spell how a response, a transcription or a list of tools fails; a request that is wrong is an error."""
        del headers
        event_id = draw_id("event", self.state.stamp, f"talk/{self.state.label}/refused/{lane}")
        if lane is not None and (item := self.state.find_list(lane)) is not None:
            before = self.state.conversation.find_previous(lane)
            for number, (kind, fields) in enumerate(end_list(item, before, failed=True)):
                yield spell_event(kind, f"{event_id[:-1]}{number}", **fields)
        elif (response := self.state.responses.get(lane or "")) is None:
            if lane in self.state.hearing:
                said = {name: error.get(name) for name in ("type", "code", "message", "param")}
                yield spell_event(f"{PREFIX}.failed", event_id, item_id=lane, content_index=0, error=said)
        elif status == _RATE_LIMITED or status >= _SERVER_FAILED:
            yield spell_event("response.created", f"{event_id[:-1]}0", response=describe_response(response.body))
            yield spell_event("response.done", event_id, response=describe_failed(response.body, error))
        else:
            yield spell_error(event_id, failure_of(status, error), response.asked_by)

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
        return spell_error(self.state.draw("event")[1], failure, None)

    def spell_too_old(self) -> str:
        """Spell that a session has ended."""
        return self.spell_refusal(
            Failure(
                status=400,
                type=INVALID,
                code="session_expired",
                message="Your session hit the maximum duration of 60 minutes.",
            )
        )


_REFUSED = 4000
"""The code with which OpenAI closes a connection that it does not want (reported)."""
_RATE_LIMITED, _SERVER_FAILED = 429, 500
