"""Responses of Realtime, and what is heard in the sound of a user: both are asked for by messages of a talk alone."""

from functools import partial
from typing import Any

from llemulator_addon.core.json_type import JsonObject
from llemulator_addon.core.prompt import Prompt
from llemulator_addon.core.reply import ModelOutput
from llemulator_addon.wire.answer import Answer, Call, Endpoint, EventStream, Made, Manner
from llemulator_addon.wire.realtime import mcp, translation
from llemulator_addon.wire.realtime.events import break_off, estimate_size, write_events
from llemulator_addon.wire.realtime.items import list_messages, list_tools
from llemulator_addon.wire.realtime.transcription import read_sound, write_heard

NAME, TRANSCRIPTION = "realtime", "realtime.transcription"


def read(call: Call, body: JsonObject) -> Prompt:
    """Understand what a talk asks for: it was checked before."""
    del call
    asked: Any = body
    return Prompt(
        endpoint=NAME,
        model=asked.get("model") or "",
        messages=list_messages(asked.get("instructions"), asked.get("input") or ()),
        tools=tuple(list_tools(asked)),
        stream=True,
        body=asked,
    )


def write(prompt: Prompt, says: ModelOutput, manner: Manner) -> Answer:
    """Write what the model says as events."""
    return EventStream(pieces=Made(partial(write_events, prompt, says, manner)), announced=1)


ENDPOINT = Endpoint(
    name=NAME,
    method="POST",
    path="/realtime",
    read=read,
    write=write,
    break_off=break_off,
    size=estimate_size,
    only_in_talks=True,
)
TRANSLATING = Endpoint(
    name=translation.NAME,
    method="POST",
    path="/realtime/translation",
    read=translation.read_turn,
    write=translation.write_turn,
    break_off=break_off,
    only_in_talks=True,
)
LISTING = Endpoint(
    name=mcp.LISTING,
    method="POST",
    path="/realtime/mcp_list_tools",
    read=mcp.read_listing,
    write=mcp.write_list,
    speaks=False,
    only_in_talks=True,
)
HEARING = Endpoint(
    name=TRANSCRIPTION,
    method="POST",
    path="/realtime/transcription",
    read=partial(read_sound, name=TRANSCRIPTION),
    write=write_heard,
    speaks=False,
    only_in_talks=True,
)
