"""`code_interpreter` and `shell` of Responses: the container in which the calls of a reply ran is kept.

The code makes what a script says of it: `logs`, and `files` that are in the container from then on.
"""

from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from llemulator_addon.core.prompt import Prompt
from llemulator_addon.core.reply import Block, HostedCall, ModelOutput, Text
from llemulator_addon.core.resources import Kept, Value
from llemulator_addon.core.stamp import Stamp
from llemulator_addon.engine.session import Session
from llemulator_addon.wire.containers import (
    FOLDER,
    KIND,
    begin_container,
    has_expired,
    keep_container,
    make_container_file,
    mount_skills,
)
from llemulator_addon.wire.errors import RequestRefused
from llemulator_addon.wire.members import list_in, object_in, objects_in, text_in
from llemulator_addon.wire.responses import history
from llemulator_addon.wire.responses.echoed_parameters import includes
from llemulator_addon.wire.responses.ids import lone
from llemulator_addon.wire.stored_files import find_file


@dataclass(frozen=True, slots=True)
class _Use:
    """A tool that runs in a container."""

    tool: str
    call: str
    asks: str
    """The member of the tool that says in which one."""

    def find_container(self, item: Mapping[str, Any]) -> str | None:
        """Return the container that an item of a call names."""
        place = item if self == _CODE else object_in(item, "environment")
        return text_in(place, "container_id")

    def name_container(self, container_id: str) -> dict[str, Any]:
        """Return the fields with which an item names its container."""
        if self == _CODE:
            return {"container_id": container_id}
        return {"environment": {"type": "container_reference", "container_id": container_id}}

    def is_open(self, block: Block) -> bool:
        """Whether it is a call of the tool of which a script does not say where it runs."""
        return (
            isinstance(block, HostedCall)
            and block.type == self.call
            and not self.name_container("") & block.fields.keys()
        )


_CODE = _Use("code_interpreter", "code_interpreter_call", "container")
_SHELL = _Use("shell", "shell_call", "environment")


def open_containers(
    session: Session, prompt: Prompt, reply: ModelOutput, now: float, talk: str
) -> tuple[ModelOutput, tuple[Kept, ...]]:
    """Return a reply whose calls name their container, and what is kept of that: it was used `now`.

    An automatic container is the one that the context used last, while that is running, else a new one. A script's own
    `container_id` and `environment` stay.
    """
    if prompt.endpoint != "responses":
        return reply, ()
    kept: list[Kept] = []
    for use in (_CODE, _SHELL):
        if any(use.is_open(each) for one in reply.choices for each in one.blocks):
            opened = _open(session, prompt, use, now, talk)
            if opened:
                container, *files = opened
                kept += [replace(container, value={**container.value, "active": now}), *files]
                named = use.name_container(container.id)
                choices = (replace(each, blocks=tuple(_name(each.blocks, use, named))) for each in reply.choices)
                reply = replace(reply, choices=tuple(choices))
    made: list[Kept] = []
    choices = (replace(each, blocks=tuple(_show_outputs(each.blocks, session, prompt, made))) for each in reply.choices)
    return replace(reply, choices=tuple(choices)), (*kept, *made)


def _open(session: Session, prompt: Prompt, use: _Use, now: float, talk: str) -> Sequence[Kept]:
    """Return the container, and the files that it begins with; nothing, if there is none."""
    asked = next(
        (each.get(use.asks) for each in objects_in(prompt.body, "tools") if each.get("type") == use.tool), None
    )
    if isinstance(asked, Mapping) and asked.get("type") in {"auto", "container_auto"}:
        used = _find_last(session, prompt, use, now, talk)
        return list(_begin(session, use, asked, now)) if used is None else [keep_container(used)]
    name = asked.get("container_id") if isinstance(asked, Mapping) else asked
    named = session.resources.get(KIND, str(name))
    return [] if named is None else [keep_container(named)]


def _name(blocks: Sequence[Block], use: _Use, named: Mapping[str, Any]) -> Iterator[Block]:
    for block in blocks:
        if isinstance(block, HostedCall) and use.is_open(block):
            yield replace(block, fields={**block.fields, **named})
        else:
            yield block


def _find_last(session: Session, prompt: Prompt, use: _Use, now: float, talk: str) -> Value | None:
    for item in reversed(_list_items_before(session, prompt, talk)):
        if item.get("type") == use.call:
            kept = session.resources.get(KIND, str(use.find_container(item)))
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


def _begin(session: Session, use: _Use, asked: Mapping[str, Any], now: float) -> Iterator[Kept]:
    """Yield a new container, copies of the files that the tool names, and the files of its skills."""
    stamp = session.stamp
    limit, policy = asked.get("memory_limit"), asked.get("network_policy")
    given = {
        **({"memory_limit": limit} if isinstance(limit, str) else {}),
        **({"network_policy": policy} if isinstance(policy, Mapping) else {}),
    }
    label = "container" if use == _CODE else "shell container"
    container = keep_container(begin_container(lone(stamp, "cntr", label), given, stamp, now))
    yield container
    ids = [each for each in list_in(asked, "file_ids") if isinstance(each, str)]
    for number, file in enumerate(find_file(session.resources, each, now) for each in ids):
        if file is not None:
            name = file["file"]["filename"]
            yield make_container_file(container.id, name, file["content"], stamp, f"{label} {number}")
    with suppress(RequestRefused):  # a lenient call may name what is not there
        yield from mount_skills(container.id, session.resources, asked, stamp)


# What code made -------------------------------------------------------------------------------------------------------


def _show_outputs(blocks: Sequence[Block], session: Session, prompt: Prompt, made: list[Kept]) -> Iterator[Block]:
    """Yield blocks whose code shows what it printed, and whose next text cites the files that it made."""
    cited: list[Kept] = []
    for block in blocks:
        match block:
            case HostedCall() if block.type == _CODE.call and _SAID & block.fields.keys():
                files = list(_list_made(block.fields, session.stamp, len(made)))
                made += files
                cited += files
                yield _write_outputs(block, prompt, files)
            case Text() if cited and not block.annotations:
                yield replace(block, annotations=tuple(_cite(each, block.text) for each in cited))
                cited = []
            case _:
                yield block


_SAID = {"logs", "files"}


def _list_made(fields: Mapping[str, Any], stamp: Stamp, number: int) -> Iterator[Kept]:
    container_id = fields.get("container_id") or lone(stamp, "cntr", "container")
    for at, file in enumerate(objects_in(fields, "files"), number):
        content = b64decode(file["data"]) if file.get("data") else str(file.get("text", "")).encode("utf-8", "replace")
        yield make_container_file(container_id, file["filename"], (content,), stamp, f"made {at}", source="assistant")


def _write_outputs(block: HostedCall, prompt: Prompt, files: Sequence[Kept]) -> HostedCall:
    fields = {name: value for name, value in block.fields.items() if name not in _SAID}
    if "outputs" in fields or not includes(prompt.body, f"{_CODE.call}.outputs"):
        return replace(block, fields=fields)
    said = block.fields.get("logs")
    logs = [] if said is None else [{"type": "logs", "logs": said}]
    pictures = (_show_picture(each) for each in files)
    return replace(block, fields={**fields, "outputs": [*logs, *(each for each in pictures if each)]})


def _show_picture(file: Kept) -> dict[str, str] | None:
    """Return a file as an output, if it is a picture: others are cited only."""
    kind = _PICTURES.get(file.value["shown"]["path"].lower().rpartition(".")[2])
    spelled = b64encode(b"".join(file.value["content"])).decode("ascii")
    return None if kind is None else {"type": "image", "url": f"data:image/{kind};base64,{spelled}"}


_PICTURES = {"png": "png", "jpg": "jpeg", "jpeg": "jpeg", "webp": "webp", "gif": "gif"}


def _cite(file: Kept, text: str) -> dict[str, Any]:
    """Return the citation of a file: where the text names it as a link does, else at the end."""
    shown = file.value["shown"]
    link = f"sandbox:{shown['path']}"
    begin = text.find(link)
    begin, end = (begin, begin + len(link)) if begin >= 0 else (len(text), len(text))
    return {
        "type": "container_file_citation",
        "container_id": shown["container_id"],
        "end_index": end,
        "file_id": shown["id"],
        "filename": shown["path"].removeprefix(FOLDER),
        "start_index": begin,
    }
