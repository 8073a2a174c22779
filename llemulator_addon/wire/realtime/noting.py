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
    event = read_event(text.encode())
    if not isinstance(event, dict):
        return talk
    if event.get("type") == f"{PREFIX}.completed":
        return _note_heard(talk, lane, str(event.get("transcript")))
    response = talk.responses.get(lane)
    return talk if response is None else _note_of_response(talk, lane, response, event)


def _note_heard(talk: RealtimeState, item_id: str, transcript: str) -> RealtimeState:
    item = talk.conversation.find(item_id)
    if item is None:
        return talk
    heard = replace(item, heard=transcript)
    if transcription_of(talk.session) is not None:
        heard = heard.set_transcript(transcript)
    return replace(talk, conversation=talk.conversation.put(heard, None))


def _note_of_response(talk: RealtimeState, lane: str, response: OpenResponse, event: dict[str, Any]) -> RealtimeState:
    """Take note of an event of a response. A script may send any event, so none is trusted."""
    open_item = response.open_item
    match event.get("type"):
        case "response.created":
            response = replace(response, is_begun=True)
        case "response.output_item.added":
            item = object_in(event, "item")
            index = event.get("output_index")
            if "id" in item:
                response = replace(
                    response, open_item=OpenItem(item=item, index=index if isinstance(index, int) else 0)
                )
        case "conversation.item.added":
            talk = _put(talk, event, b"")
        case "response.content_part.added" if open_item is not None:
            response = replace(response, open_item=replace(open_item, has_part=True))
        case str() as kind if open_item is not None and kind.endswith(".delta"):
            response = replace(response, open_item=_note_delta(open_item, event))
            talk = replace(talk, has_spoken=talk.has_spoken or kind == _OF_SOUND)
        case "conversation.item.done":
            talk = _put(talk, event, b"".join(open_item.sound) if open_item is not None else b"")
        case "response.output_item.done":
            response = replace(response, open_item=None, output=(*response.output, object_in(event, "item")))
        case "response.done":
            return replace(talk, responses=talk.responses.remove(lane))
        case _:
            return talk
    return replace(talk, responses=talk.responses.insert(lane, response))


_OF_SOUND = "response.output_audio.delta"


def _note_delta(open_item: OpenItem, event: dict[str, Any]) -> OpenItem:
    delta = text_in(event, "delta") or ""
    if event.get("type") == _OF_SOUND:
        return replace(open_item, sound=(*open_item.sound, _decode(delta)))
    return replace(open_item, said=open_item.said + delta)


def _put(talk: RealtimeState, event: dict[str, Any], sound: bytes) -> RealtimeState:
    item = object_in(event, "item")
    if not isinstance(item.get("id"), str):
        return talk
    made = RealtimeItem(shown=item, audio=sound if _has_sound(item) else b"")
    return replace(talk, conversation=talk.conversation.put(made, text_in(event, "previous_item_id")))


def _open(event: dict[str, Any]) -> OpenItem | None:
    item, index = object_in(event, "item"), event.get("output_index")
    return OpenItem(item=item, index=index if isinstance(index, int) else 0) if "id" in item else None


def _has_sound(item: Mapping[str, Any]) -> bool:
    return any(part.get("type") == "output_audio" for part in objects_in(item, "content")[:1])


def _decode(delta: str) -> bytes:
    try:
        return b64decode(delta, validate=True)
    except ValueError:
        return b""
