"""`code_interpreter` of Responses: the container in which the calls of a reply ran is kept."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from llemulator_addon.core.prompt import Prompt
from llemulator_addon.core.reply import Block, HostedCall, ModelOutput
from llemulator_addon.core.resources import Kept, Value
from llemulator_addon.engine.session import Session
from llemulator_addon.wire.containers import (
    KIND,
    begin_container,
    has_expired,
    keep_container,
    make_container_file,
)
from llemulator_addon.wire.errors import RequestRefused
from llemulator_addon.wire.members import list_in, objects_in
from llemulator_addon.wire.responses import history
from llemulator_addon.wire.responses.ids import lone
from llemulator_addon.wire.stored_files import find_file

_TOOL, _CALL = "code_interpreter", "code_interpreter_call"


def open_containers(
    session: Session, prompt: Prompt, reply: ModelOutput, now: float, talk: str
) -> tuple[ModelOutput, tuple[Kept, ...]]:
    """Return a reply whose code names its container, and what is kept of that: it was used `now`.

    An automatic container is the one that the context used last, while that is running, else a new one. A script's own
    `container_id` stays.
    """
    if prompt.endpoint != "responses" or not any(_is_open(each) for one in reply.choices for each in one.blocks):
        return reply, ()
    asked = next(
        (each.get("container") for each in objects_in(prompt.body, "tools") if each.get("type") == _TOOL), None
    )
    if isinstance(asked, Mapping):
        used = _find_last(session, prompt, now, talk)
        container, *files = _begin(session, asked, now) if used is None else (keep_container(used),)
    elif (named := session.resources.get(KIND, str(asked))) is not None:
        container, files = keep_container(named), []
    else:
        return reply, ()
    choices = (replace(each, blocks=tuple(_name(each.blocks, container.id))) for each in reply.choices)
    return replace(reply, choices=tuple(choices)), (
        replace(container, value={**container.value, "active": now}),
        *files,
    )


def _is_open(block: Block) -> bool:
    return isinstance(block, HostedCall) and block.type == _CALL and "container_id" not in block.fields


def _name(blocks: Sequence[Block], container_id: str) -> Iterator[Block]:
    for block in blocks:
        if isinstance(block, HostedCall) and _is_open(block):
            yield replace(block, fields={**block.fields, "container_id": container_id})
        else:
            yield block


def _find_last(session: Session, prompt: Prompt, now: float, talk: str) -> Value | None:
    for item in reversed(_list_items_before(session, prompt, talk)):
        if item.get("type") == _CALL:
            kept = session.resources.get(KIND, str(item.get("container_id")))
            if kept is not None and not has_expired(kept, now):
                return kept
    return None


def _list_items_before(session: Session, prompt: Prompt, talk: str) -> list[Mapping[str, Any]]:
    given = objects_in(prompt.body, "input")
    match prompt.body:
        case {"previous_response_id": str() as response_id}:
            with suppress(RequestRefused):  # a lenient call may go on with what is not there
                given = [*history.history(session.resources, response_id, talk), *given]
            return given
        case {"conversation": str() as conversation_id} | {"conversation": {"id": str() as conversation_id}}:
            return [*history.items_of(session.resources, conversation_id), *given]
        case _:
            return given


def _begin(session: Session, asked: Mapping[str, Any], now: float) -> Iterator[Kept]:
    """Yield a new container, and copies of the files that the tool names."""
    stamp = session.stamp
    limit = asked.get("memory_limit")
    given = {"memory_limit": limit} if isinstance(limit, str) else {}
    container = keep_container(begin_container(lone(stamp, "cntr", "container"), given, stamp, now))
    yield container
    ids = [each for each in list_in(asked, "file_ids") if isinstance(each, str)]
    for number, file in enumerate(find_file(session.resources, each, now) for each in ids):
        if file is not None:
            yield make_container_file(container.id, file["file"]["filename"], file["content"], stamp, f"{number}")
