"""Client secrets and calls of Realtime: keys for browsers, and calls that an application accepts.

There is no telephone and no WebRTC: a call is any id that an application accepts, and its connection is WebSocket.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any
from urllib.parse import unquote

from llemulator_addon.core.reply import Failure
from llemulator_addon.core.request import Request
from llemulator_addon.core.resources import Kept
from llemulator_addon.wire.answer import Body, Call, Operation, Served
from llemulator_addon.wire.bodies import check_body, read_object
from llemulator_addon.wire.checking import Fields, an_object, integer, one_of, text
from llemulator_addon.wire.credentials import key_of, make_client_secret, session_of
from llemulator_addon.wire.errors import INVALID, RequestRefused
from llemulator_addon.wire.json_bytes import pretty
from llemulator_addon.wire.members import object_in, text_in
from llemulator_addon.wire.realtime.events import draw_id
from llemulator_addon.wire.realtime.opening import CALL
from llemulator_addon.wire.realtime.secrets import keep_secret
from llemulator_addon.wire.realtime.session import (
    REALTIME,
    TRANSCRIPTION,
    RealtimeSessionFields,
    begin_session,
    merge_session,
)
from llemulator_addon.wire.realtime.translation import begin_translation, merge_translation

_USUAL_SECONDS = 600


def create_secret(call: Call) -> Served:
    """Make a key that belongs to the session of the token that asks, with the configuration of its connections."""
    body: Mapping[str, Any] = check_body(_SECRET, read_object(call.request), lenient=call.lenient)
    given = dict(body.get("session") or {"type": REALTIME})
    return _give_secret(call, body, given, merge_session(_begin(call, given), given, lenient=call.lenient))


def _give_secret(
    call: Call, body: Mapping[str, Any], given: Mapping[str, Any], session: RealtimeSessionFields
) -> Served:
    seconds = int(object_in(body, "expires_after").get("seconds") or _USUAL_SECONDS)
    value = make_client_secret(key_of(session_of(call.request) or ""), call.stamp.base62("client secret", 24))
    kept = keep_secret(value, given, until=call.now + seconds)
    secret = {"value": value, "expires_at": call.stamp.created + seconds}
    if call.lenient:
        # Version 1 of the SDK expects it here too.
        session = {**session, "client_secret": secret}
    made = {**secret, "session": session}
    return Served(answer=Body(body=pretty(made)), resources=call.resources.put(kept))


def create_translation_secret(call: Call) -> Served:
    """Make a key for a translation session."""
    body: Mapping[str, Any] = check_body(_TRANSLATION, read_object(call.request), lenient=call.lenient)
    given = dict(body.get("session") or {})
    begun = begin_translation(text_in(given, "model"), draw_id("sess", call.stamp, "session"), call.stamp.created)
    return _give_secret(call, body, given, merge_translation(begun, given))


def _begin(call: Call, given: Mapping[str, Any]) -> RealtimeSessionFields:
    kind = TRANSCRIPTION if text_in(given, "type") == TRANSCRIPTION else REALTIME
    model = text_in(given, "model") or "gpt-realtime"
    if not call.lenient and kind == REALTIME and not call.knows(model):
        raise RequestRefused(call.missing_model(model))
    return begin_session(kind, model, draw_id("sess", call.stamp, "session"), call.stamp.created)


_EXPIRES_AFTER = Fields(checks={"anchor": one_of("created_at"), "seconds": integer(10, 7_200)})
_TRANSLATION = Fields(
    checks={
        "expires_after": _EXPIRES_AFTER,
        "session": Fields(checks={"model": text(least=1), "audio": an_object}, needs=("model",)),
    },
    needs=("session",),
    closed=True,
)
_SECRET = Fields(
    checks={
        "expires_after": _EXPIRES_AFTER,
        "session": Fields(checks={"type": one_of(REALTIME, TRANSCRIPTION)}, needs=("type",)),
    },
    closed=True,
)


def refuse_call(call: Call) -> Served:
    """Refuse a call over WebRTC."""
    del call
    return Served(answer=_NO_WEBRTC)


_NO_WEBRTC = Failure(
    status=400,
    type=INVALID,
    code="webrtc_not_supported",
    message="llemulator has no sound over WebRTC. Connect to /v1/realtime by WebSocket: it has the same events.",
    headers=(("x-should-retry", "false"),),
)


def accept_call(call: Call) -> Served:
    """Accept a call: from now on it has a connection (`?call_id=`) with this session."""
    given = dict(read_object(call.request))
    call_id = call.params["call_id"]
    if not call.lenient:
        merge_session(_begin(call, given), given)
    return Served(answer=_NOTHING, resources=call.resources.put(Kept(CALL, call_id, given)))


def end_call(call: Call, *, fields: Fields) -> Served:
    """End a call: it is hung up, rejected, or transferred to somebody else."""
    if call.request.body:
        check_body(fields, read_object(call.request), lenient=call.lenient)
    elif fields.needs:
        check_body(fields, {}, lenient=call.lenient)
    return Served(answer=_NOTHING, resources=call.resources.remove(CALL, call.params["call_id"]))


def find_ended_call(request: Request) -> str | None:
    """Return the id of the call that a request ends if it is answered well; None if it ends none."""
    _, is_of_calls, below = request.path.partition("/realtime/calls/")
    call_id, _, what = below.partition("/")
    return unquote(call_id) if is_of_calls and request.method == "POST" and what in _ENDS else None


_ENDS = frozenset({"hangup", "refer", "reject"})


_NOTHING = Body(body=b"")

CLIENT_SECRETS = Operation(
    name="realtime.client_secrets.create", method="POST", path="/realtime/client_secrets", serve=create_secret
)
TRANSLATION_SECRETS = Operation(
    name="realtime.translations.client_secrets.create",
    method="POST",
    path="/realtime/translations/client_secrets",
    serve=create_translation_secret,
)
CALLS = Operation(name="realtime.calls.create", method="POST", path="/realtime/calls", serve=refuse_call)
ACCEPT = Operation(
    name="realtime.calls.accept", method="POST", path="/realtime/calls/{call_id}/accept", serve=accept_call
)
HANGUP = Operation(
    name="realtime.calls.hangup",
    method="POST",
    path="/realtime/calls/{call_id}/hangup",
    serve=partial(end_call, fields=Fields(checks={})),
)
REFER = Operation(
    name="realtime.calls.refer",
    method="POST",
    path="/realtime/calls/{call_id}/refer",
    serve=partial(end_call, fields=Fields(checks={"target_uri": text(least=1)}, needs=("target_uri",))),
)
REJECT = Operation(
    name="realtime.calls.reject",
    method="POST",
    path="/realtime/calls/{call_id}/reject",
    serve=partial(end_call, fields=Fields(checks={"status_code": integer(300, 699)})),
)
