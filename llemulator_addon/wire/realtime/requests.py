"""The requests that a Realtime talk makes: for an answer of the model, for what is heard, and for lists of tools."""

from collections.abc import Mapping
from dataclasses import replace
from math import ceil
from typing import Any, NamedTuple

from llemulator_addon.core.request import Request
from llemulator_addon.wire.json_bytes import compact
from llemulator_addon.wire.members import list_in, object_in, text_in
from llemulator_addon.wire.realtime.items import RealtimeItem, RealtimeItemFields
from llemulator_addon.wire.realtime.session import format_of, transcription_of
from llemulator_addon.wire.realtime.sound import FORMATS, PCM, hear_words
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
    return Begin(make_request_below(talk.handshake, talk.name, "realtime", body, at), response_id)


def _count_heard(talk: RealtimeState) -> int:
    form = FORMATS[format_of(talk.session, "input")]
    heard = (len(each.audio) for each in talk.conversation if each.shown.get("role") == "user")
    return ceil(form.count_ms(sum(heard)) / _MS_OF_A_TOKEN)


_MS_OF_A_TOKEN = 100


def ask_to_hear(talk: RealtimeState, item: RealtimeItem, at: float) -> Begin:
    """Return the request for what is heard in an item; the client gets its answer where it wants transcriptions."""
    wanted, kind = transcription_of(talk.session), format_of(talk.session, "input")
    request = make_hearing(
        talk.handshake,
        talk.name,
        Sounding(item.id, item.audio, kind),
        at,
        model=text_in(wanted, "model"),
        language=text_in(wanted, "language"),
        prompt=text_in(wanted, "prompt"),
        said_before=[each.heard for each in talk.conversation if each.heard is not None],
        logprobs=bool(list_in(talk.session, "include")),
    )
    return Begin(request, item.id, is_silent=wanted is None)


def ask_for_tools(talk: RealtimeState, body: Mapping[str, Any], at: float) -> Begin:
    """Return the request for the tools of an MCP server; its lane is the item of their list."""
    request = make_request_below(talk.handshake, talk.name, "realtime/mcp_list_tools", body, at)
    return Begin(request, body["item_id"])


class Sounding(NamedTuple):
    """Sound that is to be heard."""

    item_id: str
    sound: bytes
    kind: str = PCM


def make_hearing(handshake: Request, talk: str, sounding: Sounding, at: float, **asked: object) -> Request:
    """Return a request for what is heard in sound."""
    item_id, sound, kind = sounding
    body = {"item_id": item_id, "ms": FORMATS[kind].count_ms(len(sound)), "words": hear_words(sound, kind), **asked}
    return make_request_below(handshake, talk, "realtime/transcription", body, at)


def make_request_below(handshake: Request, talk: str, path: str, body: Mapping[str, Any], at: float) -> Request:
    """Return a request with a path below the version of the API in that of the handshake."""
    known = handshake.path
    path = f"{known[: known.index('realtime')]}{path}"
    return replace(make_request(handshake, compact(body), body, talk, at), path=path)
