"""How a Realtime connection begins: the session that a handshake asks for, or why OpenAI closes it at once."""

from dataclasses import replace
from typing import NamedTuple

from llemulator_addon.core.json_type import JsonObject
from llemulator_addon.core.reply import Failure
from llemulator_addon.core.request import Request
from llemulator_addon.wire.answer import Call
from llemulator_addon.wire.described.gone import is_gone
from llemulator_addon.wire.errors import INVALID, RequestRefused
from llemulator_addon.wire.models import DEFAULT_MODELS, SIMULATED_MODEL
from llemulator_addon.wire.realtime.events import draw_id
from llemulator_addon.wire.realtime.session import (
    REALTIME,
    TRANSCRIPTION,
    RealtimeSessionFields,
    begin_session,
    merge_session,
)
from llemulator_addon.wire.realtime.translation import begin_translation, merge_translation

CALL = "realtime.call"
"""The kind of resource under which the session of a call is kept, by the call's id."""


class Opening(NamedTuple):
    """The session of a connection; a refused one is closed, with an error."""

    session: RealtimeSessionFields
    refused: Failure | None = None


def open_session(call: Call, given: JsonObject | None, *, takes_any_model: bool, takes_beta: bool) -> Opening | Failure:
    """Return the session that a handshake asks for; a failure where it gets no connection.

    `given` is the session of the client secret with which it comes.
    """
    request = call.request
    if given is None and (call_id := request.query_value("call_id")) is not None:
        given = call.resources.get(CALL, call_id)
        if given is None:
            return _no_call(call_id)
    wanted = given or {}
    if request.path.endswith("/translations"):
        return _open_translation(call, wanted, takes_any_model=takes_any_model)
    is_transcription = wanted.get("type") == TRANSCRIPTION or request.query_value("intent") == "transcription"
    model = request.query_value("model") or _text(wanted.get("model"))
    kind = TRANSCRIPTION if is_transcription else REALTIME
    session = begin_session(kind, model, draw_id("sess", call.stamp, "session"), call.stamp.created)
    if given is not None:
        try:
            session = merge_session(session, {**given, "type": kind, **({} if is_transcription else {"model": model})})
        except RequestRefused as refused:
            return Opening(session, refused.failure)
    if not takes_beta and _is_beta(request):
        return Opening(session, _BETA if is_gone(_OF_BETA, call.day) else _BETA_OF_THEN)
    if is_transcription:
        return Opening(session)
    if not model:
        return Opening(session, _NO_MODEL)
    return Opening(session, None if takes_any_model else _refuse_model(call, model))


def _open_translation(call: Call, given: JsonObject, *, takes_any_model: bool) -> Opening:
    model = call.request.query_value("model") or _text(given.get("model"))
    session = begin_translation(model, draw_id("sess", call.stamp, "session"), call.stamp.created)
    try:
        session = merge_translation(session, given)
    except RequestRefused as refused:
        return Opening(session, refused.failure)
    if not model:
        return Opening(session, _NO_MODEL)
    return Opening(session, None if takes_any_model else _refuse_model(call, model))


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _is_beta(request: Request) -> bool:
    named = f"{request.headers.get('openai-beta', '')},{request.headers.get('sec-websocket-protocol', '')}"
    words = {word.strip() for word in named.split(",")}
    return bool(words & {"realtime=v1", "openai-beta.realtime-v1"})


def _refuse_model(call: Call, model: str) -> Failure | None:
    if not call.knows(model):
        return call.missing_model(model)
    if model != SIMULATED_MODEL and "realtime" not in DEFAULT_MODELS.get(model, ("realtime",)):
        message = f'Model "{model}" is not supported in realtime mode.'
        return Failure(status=400, type=INVALID, code="invalid_model", message=message)
    return None


_BETA = Failure(
    status=400,
    type=INVALID,
    code="beta_api_shape_disabled",
    message="The Realtime Beta API is no longer supported. Please use /v1/realtime for the GA API.",
)
"""Reported, as the code of the close frame."""
_BETA_OF_THEN = replace(
    _BETA, message="llemulator does not speak the Realtime Beta API, which OpenAI had until 2026-05-12. Use the GA API."
)
_OF_BETA = "/realtime/sessions"
"""A path that went with the Beta API."""
_NO_MODEL = Failure(status=400, type=INVALID, code="missing_model", message="You must provide a model parameter.")


def _no_call(call_id: str) -> Failure:
    return Failure(
        status=404,
        type=INVALID,
        code="call_id_not_found",
        message=f"No session found for call_id '{call_id}': only calls that were accepted have one.",
    )
