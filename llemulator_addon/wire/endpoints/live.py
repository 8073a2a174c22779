"""The words of a GPT-Live session's model: asked for by messages of a talk alone."""

from functools import partial
from typing import Any

from llemulator_addon.core.json_type import JsonObject
from llemulator_addon.core.prompt import Prompt
from llemulator_addon.core.reply import ModelOutput
from llemulator_addon.wire.answer import Answer, Call, Endpoint, EventStream, Made, Manner
from llemulator_addon.wire.live_sessions.speech import break_off, write_speech
from llemulator_addon.wire.realtime.events import estimate_size
from llemulator_addon.wire.realtime.items import list_messages

NAME = "live"


def read(call: Call, body: JsonObject) -> Prompt:
    """Understand what a talk asks for: it was checked before."""
    del call
    asked: Any = body
    return Prompt(
        endpoint=NAME,
        model=asked["model"],
        messages=list_messages(asked.get("instructions"), asked["input"]),
        stream=True,
        body=asked,
    )


def write(prompt: Prompt, says: ModelOutput, manner: Manner) -> Answer:
    """Write the model's words as events."""
    return EventStream(pieces=Made(partial(write_speech, prompt, says, manner)))


ENDPOINT = Endpoint(
    name=NAME,
    method="POST",
    path="/live",
    read=read,
    write=write,
    break_off=break_off,
    size=estimate_size,
    only_in_talks=True,
)
