"""`/_emulator/clock`: the clock by which a session's rate limits and outages go."""

from dataclasses import replace
from typing import Annotated, Self

from pydantic import Field, model_validator

from llemulator_addon.admin.route import AdminCall, RequestBody, json_answer
from llemulator_addon.core.reply import Failure
from llemulator_addon.core.steps import Steps
from llemulator_addon.engine.session import Session
from llemulator_addon.script import json_text
from llemulator_addon.script.model import ScriptPart
from llemulator_addon.script.script_error import ScriptError, read_as
from llemulator_addon.wire.bodies import read_object
from llemulator_addon.wire.errors import INVALID, RequestRefused

_FAR = 1e10
"""Seconds; some three hundred years."""


class ClockPart(ScriptPart):
    """One of: a number of seconds ahead, a time in seconds since the epoch, or back to the real one."""

    advance_s: Annotated[float, Field(ge=-_FAR, le=_FAR)] | None = None
    at: Annotated[float, Field(ge=0, le=_FAR)] | None = None
    reset: bool | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if len(self.model_fields_set) != 1:
            message = "give one of advance_s, at and reset"
            raise ValueError(message)
        return self

    def ahead(self, before: float, now: float) -> float:
        """Return how far the clock is ahead of the real one afterwards."""
        if self.at is not None:
            return self.at - now
        return before + self.advance_s if self.advance_s is not None else 0.0


BODY = RequestBody(name="Clock", schema=ClockPart.model_json_schema)


async def move(call: AdminCall) -> Steps:
    """Move the clock. It goes on from there."""
    try:
        json_text.check_bounds(call.request.body)
        wanted = read_as(ClockPart, read_object(call.request), "")
    except ScriptError as error:
        raise RequestRefused(Failure(status=400, type=INVALID, param=error.place or None, message=str(error))) from None

    def transition(session: Session) -> tuple[Session, Session]:
        ahead = wanted.ahead(session.clock_ahead, call.request.at)
        # Advanced, a clock stays what it was: set, or not.
        is_set = session.clock_is_set if wanted.advance_s is not None else wanted.at is not None
        moved = replace(session, clock_ahead=ahead, clock_is_set=is_set)
        return moved, moved

    return _show(call, await call.server.store.change(call.key, transition))


async def show(call: AdminCall) -> Steps:
    """Show the time in seconds since the epoch, and how far it is ahead of the real one."""
    return _show(call, await call.server.store.read(call.key))


def _show(call: AdminCall, session: Session) -> Steps:
    return json_answer(
        {
            "object": "clock",
            "session": session.key.name,
            "at": session.clock_time(call.request),
            "ahead_s": session.clock_ahead,
        }
    )
