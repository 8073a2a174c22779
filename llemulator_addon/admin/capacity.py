"""`/_emulator/capacity`: the model servers under load: what they can do, and the requests that run and wait now."""

from dataclasses import asdict
from typing import Literal, NotRequired, TypedDict

from llemulator_addon.admin.route import AdminCall, AnswerBody, RequestBody, json_answer
from llemulator_addon.core.capacity import Capacity
from llemulator_addon.core.reply import Failure
from llemulator_addon.core.steps import Steps
from llemulator_addon.core.unclaimed import digest_of
from llemulator_addon.script import json_text
from llemulator_addon.script.capacity import CapacityPart
from llemulator_addon.script.script_error import ScriptError, read_as
from llemulator_addon.wire.bodies import read_object
from llemulator_addon.wire.errors import INVALID, RequestRefused

PATH = "/_emulator/capacity"
BODY = RequestBody(name="Capacity", schema=CapacityPart.model_json_schema)


class ShownCapacityFigures(TypedDict):
    """The figures of a model server; null is without a limit."""

    max_num_seqs: int | None
    max_waiting: int | None
    max_model_len: int | None
    kv_cache_tokens: int | None
    ttft_ms: float
    prefill_ms_per_token: float
    tokens_per_second: float | None
    jitter: float
    time_factor_under_load: float
    refuse_with: Literal[429, 503]


class ShownModelServer(TypedDict):
    """A model server."""

    model: str
    session: NotRequired[str]
    """The digest of the token whose own script gives it a capacity."""
    running: int
    waiting: int
    kv_cache_tokens: int
    """Held by those that run."""
    slowdown: float


class ShownCapacity(TypedDict):
    """The model servers."""

    object: Literal["capacity"]
    capacity: ShownCapacityFigures
    servers: list[ShownModelServer]


SHOWS = AnswerBody(ShownCapacity)


def show(call: AdminCall) -> Steps:
    """Show what the shared model servers can do, and each server that has requests or had some."""
    servers = [
        {
            "model": place.model,
            **({} if place.owner is None else {"session": digest_of(place.owner)}),
            "running": len(server.running),
            "waiting": len(server.waiting),
            "kv_cache_tokens": server.held,
            "slowdown": server.slowdown,
        }
        for place, server in call.server.model_servers.list_servers()
    ]
    capacity = call.server.model_servers.capacity
    return json_answer({"object": "capacity", "capacity": asdict(capacity), "servers": servers})


def change(call: AdminCall) -> Steps:
    """Give the shared model servers another capacity: a profile, figures, or both.

    Requests that wait may begin by that; those that run go on.
    """
    call.server.model_servers.change(_read(call))
    return show(call)


def _read(call: AdminCall) -> Capacity:
    try:
        json_text.check_bounds(call.request.body)
        return read_as(CapacityPart, read_object(call.request), "").capacity()
    except ScriptError as error:
        raise RequestRefused(Failure(status=400, type=INVALID, param=error.place or None, message=str(error))) from None
