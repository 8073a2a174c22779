"""The configuration of a Live session: how it is checked and shown. The shapes are those of the SDK's types."""

from collections.abc import Mapping
from typing import Any

from llemulator_addon.core.json_type import JsonObject
from llemulator_addon.wire import errors
from llemulator_addon.wire.checking import (
    Fields,
    Place,
    an_object,
    anything,
    array,
    boolean,
    choose_by_kind,
    either,
    integer,
    one_of,
    text,
)
from llemulator_addon.wire.errors import RequestRefused
from llemulator_addon.wire.members import object_in, text_in
from llemulator_addon.wire.realtime.sound import PCM, PCMA, PCMU

LiveSessionFields = Mapping[str, Any]
SECONDS = 3_600
"""How long a session may be."""
USUAL_RATE, SLOW_RATE = 24_000, 16_000
_USUAL_FORMAT = {"type": PCM, "rate": USUAL_RATE}
_USUAL_VOICE = "marin"
_MOST_ITEMS = 128


def start_session(given: JsonObject, session_id: str, created: int) -> LiveSessionFields:
    """Return a session that a client starts; `created` is in seconds since the epoch. Raises `RequestRefused`."""
    _START(_SESSION, dict(given))
    audio = object_in(given, "audio")
    spoken = object_in(audio, "format") or _USUAL_FORMAT
    if spoken.get("type") == PCM and spoken.get("rate") not in {USUAL_RATE, SLOW_RATE}:
        raise RequestRefused(
            errors.invalid_value("session.audio.format.rate", str(spoken.get("rate")), ("16000", "24000"))
        )
    return {
        "id": session_id,
        "expires_at": created + SECONDS,
        "status": "active",
        "model": given["model"],
        "audio": {"format": spoken, "output": {"voice": object_in(audio, "output").get("voice") or _USUAL_VOICE}},
        "delegation": given.get("delegation") or {"type": "client", "acknowledgement_delay_ms": 0},
        "input": given.get("input") or [],
        "instructions": given.get("instructions"),
        "store": bool(given.get("store")),
        "triggers": given.get("triggers") or [],
        **{name: given[name] for name in ("client", "safety_identifier") if given.get(name) is not None},
    }


def update_session(session: LiveSessionFields, given: JsonObject) -> LiveSessionFields:
    """Return a session with what a client changes; raises `RequestRefused`, and then nothing changes."""
    _UPDATE(_SESSION, dict(given))
    before, changed = session["delegation"], object_in(given, "delegation")
    if changed and changed.get("type") != before["type"]:
        raise RequestRefused(errors.invalid_value("session.delegation.type", str(changed["type"]), (before["type"],)))
    inner = {name: {**object_in(before, name), **object_in(changed, name)} for name in _OWNERS if name in changed}
    triggers = given.get("triggers")
    return {
        **session,
        "delegation": {**before, **changed, **inner},
        "triggers": session["triggers"] if triggers is None else triggers,
    }


def format_of(session: LiveSessionFields) -> tuple[str, int]:
    """Return the format of sound and its rate."""
    spoken = object_in(session["audio"], "format")
    rate = spoken.get("rate")
    return text_in(spoken, "type") or PCM, rate if isinstance(rate, int) else USUAL_RATE


def backend_of(session: LiveSessionFields) -> Mapping[str, Any] | None:
    """Return the configuration of the Responses that do the session's tasks; None where others do them."""
    delegation = session["delegation"]
    return object_in(delegation, "responses") if delegation.get("type") == "responses" else None


# Checks -------------------------------------------------------------------------------------------------------------

_SESSION: Place = (None, "session")
_OWNERS = ("responses", "decisions")
_DELAY = integer(0)
_BACKEND = Fields(
    checks={
        "model": text(least=1),
        "instructions": text(),
        "max_output_tokens": integer(1),
        "parallel_tool_calls": boolean,
        "reasoning": an_object,
        "service_tier": text(),
        "text": an_object,
        "tool_choice": anything,
        "tools": array(an_object),
    }
)
_DELEGATION = choose_by_kind(
    {
        "client": Fields(checks={"type": text(), "acknowledgement_delay_ms": _DELAY}, closed=True),
        **{
            owner: Fields(
                checks={"type": text(), "acknowledgement_delay_ms": _DELAY, owner: check}, needs=needs, closed=True
            )
            for owner, check, needs in (
                ("responses", Fields(checks=_BACKEND.checks, needs=("model",)), ("responses",)),
                ("decisions", an_object, ("decisions",)),
            )
        },
    }
)
_CHANGED_DELEGATION = choose_by_kind(
    {
        "client": Fields(checks={"type": text(), "acknowledgement_delay_ms": _DELAY}, closed=True),
        "responses": Fields(
            checks={"type": text(), "acknowledgement_delay_ms": _DELAY, "responses": _BACKEND}, closed=True
        ),
        "decisions": Fields(
            checks={"type": text(), "acknowledgement_delay_ms": _DELAY, "decisions": an_object}, closed=True
        ),
    }
)
_ITEM = Fields(
    checks={
        "type": one_of("message"),
        "role": one_of("developer", "user", "assistant"),
        "content": array(Fields(checks={"type": text(), "text": text()}, needs=("text",)), least=1, most=1),
        "id": text(),
        "status": text(),
    },
    needs=("role", "content"),
)
_TRIGGERS = array(an_object)
_START = Fields(
    checks={
        "model": text(least=1),
        "audio": Fields(
            checks={
                "format": Fields(checks={"type": one_of(PCM, PCMU, PCMA), "rate": integer()}, needs=("type",)),
                "output": Fields(
                    checks={"voice": either("a string or an object", a_text=text(least=1), an_object=an_object)}
                ),
            },
            closed=True,
        ),
        "client": an_object,
        "delegation": _DELEGATION,
        "input": array(_ITEM, most=_MOST_ITEMS),
        "instructions": text(),
        "safety_identifier": text(),
        "store": boolean,
        "triggers": _TRIGGERS,
    },
    needs=("model",),
    closed=True,
)
_UPDATE = Fields(checks={"delegation": _CHANGED_DELEGATION, "triggers": _TRIGGERS}, closed=True)
