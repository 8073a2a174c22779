"""The configuration of a Realtime session: how it begins, what a client may change, and how it is shown.

The shapes are those of the SDK's types and of OpenAI's examples of `session.created`.
"""

from collections.abc import Mapping
from typing import Any

from llemulator_addon.core.json_type import JSON, JsonObject
from llemulator_addon.core.reply import Failure
from llemulator_addon.wire import errors
from llemulator_addon.wire.checking import (
    Check,
    Fields,
    Place,
    an_object,
    anything,
    array,
    boolean,
    choose_by_kind,
    decimal,
    either,
    integer,
    one_of,
    refuse_type,
    spell,
    text,
)
from llemulator_addon.wire.errors import INVALID, RequestRefused
from llemulator_addon.wire.members import object_in, text_in

RealtimeSessionFields = Mapping[str, Any]
REALTIME, TRANSCRIPTION = "realtime", "transcription"
SECONDS = 3_600
"""How long a session may be (OpenAI's guide)."""

VOICES = ("alloy", "ash", "ballad", "coral", "echo", "sage", "shimmer", "verse", "marin", "cedar")
PCM: RealtimeSessionFields = {"type": "audio/pcm", "rate": 24_000}
SERVER_VAD: RealtimeSessionFields = {
    "type": "server_vad",
    "threshold": 0.5,
    "prefix_padding_ms": 300,
    "silence_duration_ms": 200,
    "idle_timeout_ms": None,
    "create_response": True,
    "interrupt_response": True,
}
_SEMANTIC_VAD: RealtimeSessionFields = {
    "type": "semantic_vad",
    "eagerness": "auto",
    "create_response": True,
    "interrupt_response": True,
}
_INSTRUCTIONS = "You are a friendly assistant. Speak as people do, and be brief."
"""OpenAI's own are longer."""


def begin_session(kind: str, model: str | None, session_id: str, created: int) -> RealtimeSessionFields:
    """Return the session as it is before a client changes it; `created` is in seconds since the epoch."""
    heard = {"format": PCM, "transcription": None, "noise_reduction": None, "turn_detection": SERVER_VAD}
    if kind == TRANSCRIPTION:
        return {
            "type": kind,
            "object": "realtime.transcription_session",
            "id": session_id,
            "expires_at": created + SECONDS,
            "audio": {"input": heard},
            "include": None,
        }
    return {
        "type": kind,
        "object": "realtime.session",
        "id": session_id,
        "model": model,
        "output_modalities": ["audio"],
        "instructions": _INSTRUCTIONS,
        "tools": [],
        "tool_choice": "auto",
        "max_output_tokens": "inf",
        "tracing": None,
        "truncation": "auto",
        "prompt": None,
        "expires_at": created + SECONDS,
        "audio": {"input": heard, "output": {"format": PCM, "voice": "marin", "speed": 1.0}},
        "include": None,
    }


def update_session(session: RealtimeSessionFields, given: JsonObject, *, has_spoken: bool) -> RealtimeSessionFields:
    """Return a session with the fields that a client gives; raises `RequestRefused`, and then nothing changes.

    `has_spoken` is whether the model has said something aloud: its voice stays from then on.
    """
    changed = merge_session(session, given)
    if has_spoken and voice_of(changed) != voice_of(session):
        raise RequestRefused(_keeps_voice())
    if changed.get("model") != session.get("model"):
        raise RequestRefused(_keeps("model"))
    return changed


def merge_session(session: RealtimeSessionFields, given: JsonObject, *, lenient: bool = False) -> RealtimeSessionFields:
    """Return a session with the fields with which it is opened; raises `RequestRefused`.

    Leniently, a field that is wrong counts as not given.
    """
    kind = session["type"]
    if (wanted := text_in(given, "type")) != kind and wanted in _SESSIONS:
        raise RequestRefused(_keeps("type"))
    if lenient:
        given = _SESSIONS[kind].drop_wrong(given)
    else:
        _SESSIONS[kind](_SESSION, dict(given))
    audio = given.get("audio") or {}
    merged = {**session, **{name: value for name, value in given.items() if name != "audio"}}
    merged["audio"] = {
        side: _merge_side(object_in(session["audio"], side), object_in(audio, side)) for side in session["audio"]
    }
    return merged


def _merge_side(before: RealtimeSessionFields, given: RealtimeSessionFields) -> RealtimeSessionFields:
    merged = {**before, **given}
    if isinstance(detection := given.get("turn_detection"), dict):
        usual = _SEMANTIC_VAD if detection.get("type") == "semantic_vad" else SERVER_VAD
        merged["turn_detection"] = {**usual, **detection}
    if isinstance(spoken := given.get("format"), dict):
        merged["format"] = PCM if spoken.get("type", "audio/pcm") == "audio/pcm" else dict(spoken)
    return merged


def format_of(session: RealtimeSessionFields, side: str) -> str:
    """Return the format of a side, `input` or `output`: `audio/pcm`, `audio/pcmu` or `audio/pcma`."""
    return text_in(object_in(object_in(session["audio"], side), "format"), "type") or "audio/pcm"


def voice_of(session: RealtimeSessionFields) -> JSON:
    """Return the voice: a name, or an object with the id of the user's own voice."""
    voice: JSON = object_in(session["audio"], "output").get("voice")
    return voice


def turn_detection_of(session: RealtimeSessionFields) -> RealtimeSessionFields | None:
    """Return how turns are detected; None: not at all."""
    found = object_in(session["audio"], "input").get("turn_detection")
    return found if isinstance(found, dict | Mapping) else None


def transcription_of(session: RealtimeSessionFields) -> RealtimeSessionFields | None:
    """Return how sound is transcribed for the client; None: not at all."""
    found = object_in(session["audio"], "input").get("transcription")
    return found if isinstance(found, dict | Mapping) else None


# Checks -------------------------------------------------------------------------------------------------------------

_SESSION: Place = (None, "session")
_FORMAT = Fields(checks={"type": one_of("audio/pcm", "audio/pcmu", "audio/pcma"), "rate": integer(24_000, 24_000)})
_VAD_CHECKS: dict[str, Check] = {"type": text(), "create_response": boolean, "interrupt_response": boolean}
_DETECTION = choose_by_kind(
    {
        "server_vad": Fields(
            checks={
                **_VAD_CHECKS,
                "threshold": decimal(0, 1),
                "prefix_padding_ms": integer(0),
                "silence_duration_ms": integer(0),
                "idle_timeout_ms": integer(5_000, 30_000),
            },
            closed=True,
        ),
        "semantic_vad": Fields(
            checks={**_VAD_CHECKS, "eagerness": one_of("low", "medium", "high", "auto")}, closed=True
        ),
    }
)
_INPUT = Fields(
    checks={
        "format": _FORMAT,
        "transcription": an_object,
        "noise_reduction": Fields(checks={"type": one_of("near_field", "far_field"), "strength": decimal(0)}),
        "turn_detection": _DETECTION,
    },
    closed=True,
)
_VOICE = either("a string or an object", a_text=one_of(*VOICES), an_object=Fields(checks={"id": text()}, needs=("id",)))
_OUTPUT = Fields(checks={"format": _FORMAT, "voice": _VOICE, "speed": decimal(0.25, 1.5)}, closed=True)


def _check_tokens(place: Place, given: JSON) -> None:
    if given != "inf":
        if not isinstance(given, int):
            raise refuse_type(place, "one of an integer or 'inf'", given)
        integer(1, 4_096)(place, given)


def _check_modalities(place: Place, given: JSON) -> None:
    array(one_of("text", "audio"), least=1)(place, given)
    if isinstance(given, list) and len(given) > 1:
        raise RequestRefused(
            Failure(
                status=400,
                type=INVALID,
                code="invalid_value",
                param=spell(place),
                message=f"Invalid modalities: {given}. Supported combinations are: ['text'] and ['audio'].",
            )
        )


_TOOL = choose_by_kind(
    {
        "function": Fields(
            checks={"type": text(), "name": text(least=1), "description": text(), "parameters": an_object},
            needs=("name",),
        ),
        "mcp": Fields(checks={"type": text(), "server_label": text(least=1)}, needs=("server_label",)),
    }
)
MODEL_CHECKS: dict[str, Check] = {
    "instructions": text(),
    "max_output_tokens": _check_tokens,
    "output_modalities": _check_modalities,
    "parallel_tool_calls": boolean,
    "prompt": an_object,
    "reasoning": an_object,
    "tool_choice": either("a string or an object", a_text=one_of("none", "auto", "required"), an_object=an_object),
    "tools": array(_TOOL),
}
"""Fields of a session that a response may have otherwise."""
OUTPUT_CHECK = Fields(checks={"output": _OUTPUT}, closed=True)
_INCLUDE = array(one_of("item.input_audio_transcription.logprobs"))
_TYPE: dict[str, Check] = {"type": one_of(REALTIME, TRANSCRIPTION)}
_SHOWN: dict[str, Check] = {"id": anything, "object": anything, "expires_at": anything}
"""Fields that a client may send back as it got them."""
_SESSIONS: dict[str, Fields] = {
    REALTIME: Fields(
        checks={
            **_TYPE,
            "audio": Fields(checks={"input": _INPUT, "output": _OUTPUT}, closed=True),
            "include": _INCLUDE,
            **MODEL_CHECKS,
            "model": text(),
            "tracing": anything,
            "truncation": anything,
            **_SHOWN,
        },
        needs=("type",),
        closed=True,
    ),
    TRANSCRIPTION: Fields(
        checks={
            **_TYPE,
            "audio": Fields(checks={"input": _INPUT}, closed=True),
            "include": _INCLUDE,
            **_SHOWN,
        },
        needs=("type",),
        closed=True,
    ),
}


def _keeps_voice() -> Failure:
    return Failure(
        status=400,
        type=INVALID,
        code="cannot_update_voice",
        param="session.audio.output.voice",
        message="Cannot update a conversation's voice if assistant audio is present.",
    )


def _keeps(name: str) -> Failure:
    return errors.refuse_value(f"session.{name}", "another value than at the beginning of the session")
