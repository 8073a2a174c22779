"""Containers as they are kept: those that a client makes, and those that a response makes for its code."""

from collections.abc import Mapping
from typing import Any

from llemulator_addon.core.reply import Failure
from llemulator_addon.core.resources import Kept, Resources, Value
from llemulator_addon.core.stamp import Stamp
from llemulator_addon.wire.errors import INVALID, RequestRefused
from llemulator_addon.wire.members import object_in, objects_in, text_in
from llemulator_addon.wire.skill_bundles import list_mounted
from llemulator_addon.wire.stored_files import Content

KIND = "container"
_MINUTE = 60
_LASTS = {"anchor": "last_active_at", "minutes": 20}
"""OpenAI's: a container expires 20 minutes after it was last used."""


FOLDER = "/mnt/data/"


def files_kind(container_id: str) -> str:
    """Return the kind of resource of a container's files."""
    return f"{KIND}/{container_id}/file"


def begin_container(container_id: str, body: Mapping[str, Any], stamp: Stamp, now: float) -> Value:
    """Return a new container; `now` is the session's clock."""
    return {
        "id": container_id,
        "name": body.get("name", "container"),
        "created_at": stamp.created,
        "expires_after": body.get("expires_after") or _LASTS,
        "memory_limit": body.get("memory_limit") or "1g",
        "network_policy": body.get("network_policy") or {"type": "disabled"},
        "begun": now,
        "active": now,
    }


def keep_container(value: Value) -> Kept:
    """Keep a container."""
    return Kept(KIND, value["id"], value)


def has_expired(value: Value, now: float) -> bool:
    """Whether nobody used a container for as long as it lasts."""
    return bool(now >= value["active"] + value["expires_after"]["minutes"] * _MINUTE)


def make_container_file(  # noqa: PLR0913 - what a file is made of
    container_id: str, name: str, content: Content, stamp: Stamp, label: str, *, source: str = "user"
) -> Kept:
    """Make a file of a container; `label` tells it from others of the same answer.

    A name that begins with `/` is its whole path. `source` is `assistant` for a file that code made.
    """
    shown = {
        "id": f"cfile_{stamp.hex(f'container file {label}', 32)}",
        "object": "container.file",
        "container_id": container_id,
        "created_at": stamp.created,
        "bytes": sum(map(len, content)),
        "path": name if name.startswith("/") else f"{FOLDER}{name.rpartition('/')[2]}",
        "source": source,
    }
    return Kept(files_kind(container_id), str(shown["id"]), {"shown": shown, "content": content})


def mount_skills(container_id: str, resources: Resources, asked: Mapping[str, Any], stamp: Stamp) -> tuple[Kept, ...]:
    """Return the files of the `skills` that a body or an environment names; raises `RequestRefused`."""
    files = list_mounted(resources, objects_in(asked, "skills"))
    return tuple(
        make_container_file(container_id, path, (content,), stamp, f"skill {number}")
        for number, (path, content) in enumerate(files)
    )


def refuse_unknown(container_id: str) -> Failure:
    """Refuse a container that is not there. The words are not recorded."""
    return Failure(status=404, type=INVALID, message=f"Container with id '{container_id}' not found.")


def refuse_unknown_file(container_id: str, file_id: str) -> Failure:
    """Refuse a file that a container does not have. Reported."""
    message = f"File {file_id} not found on container {container_id}."
    return Failure(status=404, type=INVALID, message=message)


def refuse_expired() -> Failure:
    """Refuse a container that has expired. The beginning is reported."""
    return Failure(status=400, type=INVALID, message="Container is expired.")


def check_tools(resources: Resources, body: Mapping[str, Any], now: float) -> None:
    """Check that what the tools of a body name is there, and no container has expired; raises `RequestRefused`."""
    for tool in objects_in(body, "tools"):
        environment = object_in(tool, "environment") if tool.get("type") == "shell" else {}
        named = text_in(tool, "container") if tool.get("type") == "code_interpreter" else None
        named = named or text_in(environment, "container_id")
        kept = None if named is None else resources.get(KIND, named)
        if named is not None and kept is None:
            raise RequestRefused(refuse_unknown(named))
        if kept is not None and has_expired(kept, now):
            raise RequestRefused(refuse_expired())
        if environment.get("type") == "container_auto":
            mount_skills("", resources, environment, Stamp(0, 0))
