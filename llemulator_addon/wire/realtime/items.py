"""Items of a Realtime conversation: how a client's are checked, how they are kept, and how they are shown."""

import binascii
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from llemulator_addon.core.json_type import JSON, JsonObject
from llemulator_addon.core.prompt import Message, Tool
from llemulator_addon.core.reply import Failure
from llemulator_addon.wire.checking import (
    Check,
    Fields,
    Place,
    anything,
    array,
    boolean,
    choose_by_kind,
    one_of,
    spell,
    text,
)
from llemulator_addon.wire.errors import INVALID, RequestRefused
from llemulator_addon.wire.members import objects_in, text_in
from llemulator_addon.wire.responses.input_items import messages_of

RealtimeItemFields = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class RealtimeItem:
    """An item of a conversation."""

    shown: RealtimeItemFields
    """As events have it: without sound."""
    audio: bytes = b""
    """The sound of its first part, in the format of the session."""
    heard: str | None = None
    """The words in the sound of a user, which events have only where transcriptions are on."""

    @property
    def id(self) -> str:
        """Its id."""
        return str(self.shown["id"])

    @property
    def size(self) -> int:
        """Bytes of memory, about."""
        parts = self.shown.get("content") or ()
        texts = (
            self.shown.get("arguments"),
            self.shown.get("output"),
            *(value for part in parts for value in part.values()),
        )
        return _BYTES_OF_AN_ITEM + len(self.audio) + sum(len(each) for each in texts if isinstance(each, str))

    def show_in_full(self) -> RealtimeItemFields:
        """Return it with its sound."""
        if not self.audio:
            return self.shown
        first, *others = self.shown["content"]
        return {**self.shown, "content": [{**first, "audio": b64encode(self.audio).decode("ascii")}, *others]}

    def describe(self) -> RealtimeItemFields:
        """Return it as the model gets it: with the words that were heard."""
        if self.heard is None:
            return self.shown
        first, *others = self.shown["content"]
        return {**self.shown, "content": [{**first, "transcript": self.heard}, *others]}

    def set_transcript(self, transcript: str | None) -> "RealtimeItem":
        """Return it with a transcript of its sound."""
        first, *others = self.shown["content"]
        return replace(self, shown={**self.shown, "content": [{**first, "transcript": transcript}, *others]})


_BYTES_OF_AN_ITEM = 1_000


def read_item(given: JsonObject, item_id: str, place: Place) -> RealtimeItem:
    """Read an item that a client sends; raises `RequestRefused`. `item_id` is for one without its own."""
    _ITEM(place, dict(given))
    audio, content = b"", []
    for number, part in enumerate(objects_in(given, "content")):
        if isinstance(sound := part.get("audio"), str):
            audio = read_audio(sound, (((place, "content"), number), "audio"))
        content.append({name: value for name, value in part.items() if name != "audio"})
    shown: dict[str, Any] = {
        "id": text_in(given, "id") or item_id,
        "object": "realtime.item",
        "type": given["type"],
        "status": "completed",
        **{name: value for name, value in given.items() if name not in _OURS},
    }
    if given["type"] == "message":
        shown["content"] = content
    if given["type"] == "function_call" and not shown.get("call_id"):
        shown["call_id"] = f"call_{item_id.partition('_')[2]}"
    return RealtimeItem(shown=shown, audio=audio)


_OURS = frozenset({"id", "object", "type", "status", "content"})


def user_audio(item_id: str, audio: bytes) -> RealtimeItem:
    """Return the item of what a user said."""
    return RealtimeItem(
        shown={
            "id": item_id,
            "object": "realtime.item",
            "type": "message",
            "status": "completed",
            "role": "user",
            "content": [{"type": "input_audio", "transcript": None}],
        },
        audio=audio,
    )


def read_audio(sound: str, place: Place) -> bytes:
    """Read sound in Base64; raises `RequestRefused`."""
    try:
        return b64decode(sound, validate=True)
    except (binascii.Error, ValueError):
        name = spell(place)
        message = f"Invalid '{name}'. Expected base64-encoded audio bytes, but got an invalid value."
        raise RequestRefused(
            Failure(status=400, type=INVALID, code="invalid_value", param=name, message=message)
        ) from None


def find_said_aloud(body: Mapping[str, Any]) -> str | None:
    """Return the words that the user said aloud last, in the body of a request for a response.

    None, where he wrote since, or said nothing.
    """
    for item in reversed(objects_in(body, "input")):
        if item.get("role") == "user":
            parts = objects_in(item, "content")
            aloud = [part.get("transcript") for part in parts if part.get("type") == "input_audio"]
            return next((words for words in aloud if isinstance(words, str)), None)
    return None


def list_messages(instructions: str | None, items: Iterable[RealtimeItemFields]) -> tuple[Message, ...]:
    """Return a conversation in terms common to all endpoints."""
    first = (Message(role="system", text=instructions),) if instructions else ()
    return (*first, *messages_of(map(_spell_out, items)))


def _spell_out(item: RealtimeItemFields) -> dict[str, Any]:
    """Put the words of sound in place of text, as the items of Responses have it."""
    if "content" not in item:
        return dict(item)
    parts = [
        {"type": "text", "text": part.get("text") or part.get("transcript")} for part in objects_in(item, "content")
    ]
    return {**item, "content": parts}


def list_tools(given: JsonObject) -> Iterator[Tool]:
    """Yield the tools that a session or a response offers."""
    for tool in objects_in(given, "tools"):
        kind = text_in(tool, "type") or "function"
        parameters = tool.get("parameters")
        yield Tool(
            name=text_in(tool, "name") or text_in(tool, "server_label") or kind,
            kind=kind,
            description=text_in(tool, "description") or "",
            parameters=parameters if isinstance(parameters, dict) else {},
        )


# Checks -------------------------------------------------------------------------------------------------------------

_ID_LENGTH = 32
_COMMON: dict[str, Check] = {
    "id": text(least=1, most=_ID_LENGTH),
    "object": one_of("realtime.item"),
    "type": text(),
    "status": one_of("completed", "incomplete", "in_progress"),
}


def _check_part(kinds: dict[str, Check]) -> Check:
    return array(choose_by_kind(kinds))


_TEXT = Fields(checks={"type": text(), "text": text()}, needs=("text",))
_ROLES: dict[str, Check] = {
    "system": _check_part({"input_text": _TEXT}),
    "user": _check_part(
        {
            "input_text": _TEXT,
            "input_audio": Fields(checks={"type": text(), "audio": text(), "transcript": text()}),
            "input_image": Fields(checks={"type": text(), "image_url": text()}, needs=("image_url",)),
        }
    ),
    "assistant": _check_part(
        {
            "output_text": _TEXT,
            "output_audio": Fields(checks={"type": text(), "audio": text(), "transcript": text()}),
        }
    ),
}
_MESSAGE = Fields(
    checks={**_COMMON, "role": one_of(*_ROLES), "content": array(anything), "phase": text()}, needs=("role", "content")
)


def _check_message(place: Place, given: JSON) -> None:
    _MESSAGE(place, given)
    if isinstance(given, dict):
        _ROLES[str(given["role"])]((place, "content"), given["content"])


_ITEM = choose_by_kind(
    {
        "message": _check_message,
        "function_call": Fields(
            checks={**_COMMON, "call_id": text(), "name": text(least=1), "arguments": text()},
            needs=("name", "arguments"),
        ),
        "function_call_output": Fields(
            checks={**_COMMON, "call_id": text(least=1), "output": text()}, needs=("call_id", "output")
        ),
        "mcp_approval_response": Fields(
            checks={**_COMMON, "approval_request_id": text(least=1), "approve": boolean},
            needs=("approval_request_id", "approve"),
        ),
        "mcp_approval_request": Fields(checks=_COMMON),
        "mcp_list_tools": Fields(checks=_COMMON),
        "mcp_call": Fields(checks=_COMMON),
    }
)
