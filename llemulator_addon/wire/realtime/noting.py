"""A Realtime talk takes note of the messages of its answers: items, the open response, the words that were heard."""

from base64 import b64decode
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from llemulator_addon.wire.members import object_in, objects_in, text_in
from llemulator_addon.wire.realtime.items import RealtimeItem
from llemulator_addon.wire.realtime.session import transcription_of
from llemulator_addon.wire.realtime.state import OpenItem, OpenResponse, RealtimeState
from llemulator_addon.wire.realtime.transcription import PREFIX
from llemulator_addon.wire.talks import read_event


def note(talk: RealtimeState, lane: str, text: str) -> RealtimeState:
    """Return a talk after a message of an answer; one that is no event of ours says nothing."""
    if text.startswith(_DELTAS) and (sent := talk.responses.get(lane)) is not None:
        talk = talk._replace(has_spoken=True) if text.startswith(_DELTAS[0]) else talk
        return _note_delta(talk, lane, sent, text)
    event = read_event(text.encode())
    if not isinstance(event, dict):
        return talk
    if event.get("type") == f"{PREFIX}.completed":
        return _note_heard(talk, lane, str(event.get("transcript")))
    response = talk.responses.get(lane)
    if response is None:
        is_list = event.get("type") == "conversation.item.done" and object_in(event, "item").get("id") == lane
        return _put(talk, event, None) if is_list and talk.find_list(lane) is not None else talk
    if str(event.get("type")).endswith(".delta"):
        talk = talk._replace(has_spoken=talk.has_spoken or event["type"] == _OF_SOUND)
        return _note_delta(talk, lane, response, text)
    return _note_of_response(talk, lane, response, event)


_OF_SOUND = "response.output_audio.delta"
_DELTAS = tuple(
    f'{{"type":"{kind}",'
    for kind in (
        _OF_SOUND,
        "response.output_audio_transcript.delta",
        "response.output_text.delta",
        "response.function_call_arguments.delta",
        "response.mcp_call_arguments.delta",
    )
)
"""How the messages begin of which there are most. They need not be read to be noted."""


def _note_delta(talk: RealtimeState, lane: str, response: OpenResponse, text: str) -> RealtimeState:
    if (open_item := response.open_item) is None:
        return talk
    grown = response._replace(open_item=open_item._replace(deltas=open_item.deltas.push_front(text)))
    return talk._replace(responses=talk.responses.insert(lane, grown))


def read_deltas(item: OpenItem) -> tuple[str, bytes]:
    """Return as much of an item as was sent: of its text or arguments, and of its sound."""
    events = [event for text in [*item.deltas][::-1] if isinstance(event := read_event(text.encode()), dict)]
    said = "".join(text_in(event, "delta") or "" for event in events if event.get("type") != _OF_SOUND)
    return said, b"".join(_decode(text_in(event, "delta") or "") for event in events if event.get("type") == _OF_SOUND)


def _note_heard(talk: RealtimeState, item_id: str, transcript: str) -> RealtimeState:
    item = talk.conversation.find(item_id)
    if item is None:
        return talk
    heard = replace(item, heard=transcript)
    if transcription_of(talk.session) is not None:
        heard = heard.set_transcript(transcript)
    return talk._replace(conversation=talk.conversation.put(heard, None))


def _note_of_response(talk: RealtimeState, lane: str, response: OpenResponse, event: dict[str, Any]) -> RealtimeState:
    """Take note of an event of a response. A script may send any event, so none is trusted."""
    open_item = response.open_item
    match event.get("type"):
        case "response.created":
            response = response._replace(is_begun=True)
        case "response.output_item.added":
            item = object_in(event, "item")
            index = event.get("output_index")
            if "id" in item:
                index = index if isinstance(index, int) else 0
                response = response._replace(open_item=OpenItem(item=item, output_index=index))
        case "conversation.item.added":
            talk = _put(talk, event, None)
        case "response.content_part.added" if open_item is not None:
            response = response._replace(open_item=open_item._replace(has_part=True))
        case "conversation.item.done":
            talk = _put(talk, event, open_item)
        case "response.output_item.done":
            response = response._replace(open_item=None, output=(*response.output, object_in(event, "item")))
        case "response.done":
            return talk._replace(responses=talk.responses.remove(lane))
        case _:
            return talk
    return talk._replace(responses=talk.responses.insert(lane, response))


def _put(talk: RealtimeState, event: dict[str, Any], opened: OpenItem | None) -> RealtimeState:
    item = object_in(event, "item")
    if not isinstance(item.get("id"), str):
        return talk
    sound = read_deltas(opened)[1] if opened is not None and _has_sound(item) else b""
    made = RealtimeItem(shown=item, audio=sound)
    return talk._replace(conversation=talk.conversation.put(made, text_in(event, "previous_item_id")))


def _has_sound(item: Mapping[str, Any]) -> bool:
    return any(part.get("type") == "output_audio" for part in objects_in(item, "content")[:1])


def _decode(delta: str) -> bytes:
    try:
        return b64decode(delta, validate=True)
    except ValueError:
        return b""
