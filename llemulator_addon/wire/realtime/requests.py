"""The requests that a Realtime talk makes: for an answer of the model, and for what is heard in sound."""

from collections.abc import Mapping
from dataclasses import replace
from math import ceil
from typing import Any

from llemulator_addon.core.request import Request
from llemulator_addon.wire.json_bytes import compact
from llemulator_addon.wire.members import list_in, object_in
from llemulator_addon.wire.realtime.items import RealtimeItem, RealtimeItemFields
from llemulator_addon.wire.realtime.session import format_of, transcription_of
from llemulator_addon.wire.realtime.sound import FORMATS, hear_words
from llemulator_addon.wire.realtime.state import RealtimeState
from llemulator_addon.wire.talks import Begin, make_request

_OF_RESPONSE = (
    "instructions",
    "tools",
    "tool_choice",
    "output_modalities",
    "max_output_tokens",
    "parallel_tool_calls",
    "prompt",
    "reasoning",
)
"""Fields that a response has of its session, unless its event has them."""


def ask(
    talk: RealtimeState, event: Mapping[str, Any], said: list[RealtimeItemFields], response_id: str, at: float
) -> Begin:
    """Return the request for a response; its body is the input of the model."""
    session, given = talk.session, object_in(event, "response")
    spoken = {**object_in(session["audio"], "output"), **object_in(object_in(given, "audio"), "output")}
    is_kept = given.get("conversation") in (None, "auto")
    body = {
        "event": event["type"],
        "model": session["model"],
        **{name: session[name] for name in _OF_RESPONSE if name in session},
        **{name: value for name, value in given.items() if name in _OF_RESPONSE and value is not None},
        "audio": {"output": spoken},
        "metadata": given.get("metadata"),
        "response_id": response_id,
        "conversation_id": talk.conversation_id if is_kept else None,
        "previous_item_id": talk.conversation.last_id if is_kept else None,
        "input_audio_tokens": _count_heard(talk),
        "input": said,
    }
    return Begin(_make(talk, "realtime", body, at), response_id)


def _count_heard(talk: RealtimeState) -> int:
    form = FORMATS[format_of(talk.session, "input")]
    heard = (len(each.audio) for each in talk.conversation if each.shown.get("role") == "user")
    return ceil(form.count_ms(sum(heard)) / _MS_OF_A_TOKEN)


_MS_OF_A_TOKEN = 100


def ask_to_hear(talk: RealtimeState, item: RealtimeItem, at: float) -> Begin:
    """Return the request for what is heard in an item; the client gets its answer where it wants transcriptions."""
    wanted, kind = transcription_of(talk.session), format_of(talk.session, "input")
    body = {
        "model": (wanted or {}).get("model"),
        "language": (wanted or {}).get("language"),
        "prompt": (wanted or {}).get("prompt"),
        "item_id": item.id,
        "ms": FORMATS[kind].count_ms(len(item.audio)),
        "words": hear_words(item.audio, kind),
        "said_before": [each.heard for each in talk.conversation if each.heard is not None],
        "logprobs": bool(list_in(talk.session, "include")),
    }
    return Begin(_make(talk, "realtime/transcription", body, at), item.id, is_silent=wanted is None)


def _make(talk: RealtimeState, path: str, body: Mapping[str, Any], at: float) -> Request:
    known = talk.handshake.path
    path = f"{known[: known.index('realtime')]}{path}"
    return replace(make_request(talk.handshake, compact(body), body, talk.name, at), path=path)
