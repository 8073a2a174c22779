"""`POST /v1/responses`: writing what the model says as an object, or as typed events."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from llemulator_addon.core.prompt import Prompt
from llemulator_addon.core.reply import HostedCall, Says
from llemulator_addon.core.resources import Kept
from llemulator_addon.wire.answer import Answer, Body, Call, Endpoint, Manner, Stream
from llemulator_addon.wire.endpoints import completions
from llemulator_addon.wire.jsons import pretty
from llemulator_addon.wire.responses import failures, reading, stored
from llemulator_addon.wire.responses.events import Cutting, pieces_of
from llemulator_addon.wire.responses.hosted import PARTIAL_IMAGES, POINT
from llemulator_addon.wire.responses.ids import Ids
from llemulator_addon.wire.responses.input_items import NOT_KEPT, Item, items_of
from llemulator_addon.wire.responses.output import Writing
from llemulator_addon.wire.responses.reading import NAME
from llemulator_addon.wire.responses.whole import billed, conversation_id, finished, tier_asked


def read(call: Call, body: Mapping[str, Any]) -> Prompt:
    """Understand a body; raises `Refused` in OpenAI's words."""
    if is_legacy(body):
        return replace(completions.read(call._replace(lenient=True), body), endpoint=NAME)
    return reading.read(call, body)


def is_legacy(body: Mapping[str, Any]) -> bool:
    """Whether a body is one for legacy completions: `prompt` as text, and no `input`.

    OpenAI refuses it. The first emulator of this kind answered it with a text completion, and its users send it.
    """
    return "input" not in body and isinstance(body.get("prompt"), str | list)


def write(prompt: Prompt, says: Says, manner: Manner) -> Answer:
    """Write what the model says; it is kept where the request does not forbid it."""
    if is_legacy(prompt.body):
        return completions.write(prompt, says, manner)
    body = prompt.body
    ids = Ids(manner.stamp, stored=body.get("store") is not False)
    response = finished(prompt, says, Writing(prompt=prompt, manner=manner, ids=ids))
    cutting = _cutting(prompt, says, manner)
    made = stored.record(response, items_of(body.get("input"), ids), cutting)
    if prompt.stream:
        return Stream(pieces=pieces_of(response, cutting), keeps=_keeps(stored.done(made), body))
    return Body(body=pretty(billed(stored.now(made))), keeps=_keeps(made, body))


ENDPOINT = Endpoint(
    name=NAME, method="POST", path="/responses", read=read, write=write, unknown_model=failures.unknown_model
)


def _cutting(prompt: Prompt, says: Says, manner: Manner) -> Cutting:
    options = prompt.body.get("stream_options")
    wanted = options.get("include_obfuscation") if isinstance(options, dict) else None
    return Cutting(
        stamp=manner.stamp,
        chunk_by=manner.chunk_by,
        tier=tier_asked(prompt.body),
        partial_images=_partial_images(prompt, says),
        # Recorded: a stream of a background response is not padded.
        obfuscates=wanted is not False and not prompt.body.get("background"),
    )


def _partial_images(prompt: Prompt, says: Says) -> tuple[str, ...]:
    """Return the images to show before the finished one: those of the script, or as many as the tool asks for."""
    calls = [block for block in says.choice(0).blocks if isinstance(block, HostedCall)]
    for call in calls:
        if PARTIAL_IMAGES in call.fields:
            return tuple(call.fields[PARTIAL_IMAGES])
    images = [call.fields.get("result", POINT) for call in calls if call.type == "image_generation_call"]
    return tuple(images[:1]) * _images_asked(prompt.body)


def _images_asked(body: Mapping[str, Any]) -> int:
    tools = body.get("tools")
    asked = [tool.get("partial_images") for tool in tools or () if isinstance(tool, dict)]
    return next((count for count in asked if isinstance(count, int)), 0)


def _keeps(made: stored.Record, body: Mapping[str, Any]) -> tuple[Kept, ...]:
    """Return what is kept: the response, and its items at the end of its conversation."""
    response = made["response"]
    # What runs in the background must be found again, whatever `store` says.
    own = (stored.kept(made),) if response["store"] or response["background"] else ()
    name = conversation_id(body)
    if name is None:
        return own
    said: tuple[Item, ...] = (*made["input"], *response["output"])
    return (*own, *stored.appended(name, (item for item in said if item.get("type") not in NOT_KEPT)))
