"""`/_emulator/calls`: let a call over SIP come in, of which an application learns by a webhook."""

from typing import Annotated, Literal, TypedDict

from pydantic import Field

from llemulator_addon.admin.route import AdminCall, RequestBody, json_answer
from llemulator_addon.core.reply import Failure
from llemulator_addon.core.resources import Kept
from llemulator_addon.core.steps import Steps
from llemulator_addon.engine.session import Session
from llemulator_addon.script import json_text
from llemulator_addon.script.model import ScriptPart
from llemulator_addon.script.script_error import ScriptError, read_as
from llemulator_addon.wire.bodies import read_object
from llemulator_addon.wire.errors import INVALID, RequestRefused
from llemulator_addon.wire.incoming_calls import FROM, LIVE_CALL, REALTIME_CALL, TO, describe_call
from llemulator_addon.wire.webhooks import DELIVERY, queue_event

PATH = "/_emulator/calls"
_KIND = "sip.call"
"""The kind of resource that counts the calls of a session."""
_SipLine = Annotated[str, Field(min_length=1, max_length=1_000, pattern=r"^[^\r\n]*$")]


class SipHeaderPart(ScriptPart):
    """A header of the INVITE."""

    name: _SipLine
    value: _SipLine


class IncomingCallPart(ScriptPart):
    """Who calls whom, and further headers of the INVITE."""

    of: Annotated[_SipLine, Field(alias="from")] = FROM
    to: _SipLine = TO
    sip_headers: Annotated[list[SipHeaderPart], Field(max_length=100)] = Field(default_factory=list)


class IncomingCall(TypedDict):
    """A call that came in."""

    object: Literal["call"]
    call_id: str
    """For `/v1/realtime/calls/{call_id}/accept`."""
    session_id: str
    """The same call for GPT-Live."""
    deliveries: list[int]
    """The numbers of the webhooks that tell of it."""


BODY = RequestBody(name="IncomingCall", schema=IncomingCallPart.model_json_schema)


async def begin(call: AdminCall) -> Steps:
    """Let a call come in. The answer does not wait for the receivers of its webhooks."""
    try:
        json_text.check_bounds(call.request.body)
        wanted = read_as(IncomingCallPart, read_object(call.request) if call.request.body else {}, "")
    except ScriptError as error:
        raise RequestRefused(Failure(status=400, type=INVALID, param=error.place or None, message=str(error))) from None
    more = [(each.name, each.value) for each in wanted.sip_headers]

    def transition(session: Session) -> tuple[Session, IncomingCall]:
        before = session.resources
        number = 1 + sum(1 for _ in before.list_kind(_KIND))
        drawn = session.stamp.hex(f"call/{number}", 24)
        resources = before.put(Kept(_KIND, drawn, {"number": number}))
        now, named = session.clock_time(call.request), session.policy.webhooks
        for kind in (REALTIME_CALL, LIVE_CALL):
            told = describe_call(kind, drawn, of=wanted.of, to=wanted.to, more=more)
            resources = queue_event(resources, kind, told, session.stamp, now=now, named=named)
        sent = [each["number"] for each in resources.list_kind(DELIVERY)]
        known = {each["number"] for each in before.list_kind(DELIVERY)}
        answer = IncomingCall(
            object="call",
            call_id=f"rtc_{drawn}",
            session_id=f"live_{drawn}",
            deliveries=[each for each in sent if each not in known],
        )
        return session.change(resources=resources), answer

    return json_answer(dict(await call.server.store.change(call.key, transition)))
