"""Containers as they are kept: those that a client makes, and those that a response makes for its code."""

from collections.abc import Mapping
from typing import Any

from llemulator_addon.core.resources import Kept, Value
from llemulator_addon.core.stamp import Stamp
from llemulator_addon.wire.stored_files import Content

KIND = "container"
_MINUTE = 60
_LASTS = {"anchor": "last_active_at", "minutes": 20}
"""OpenAI's: a container expires 20 minutes after it was last used."""


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


def make_container_file(container_id: str, name: str, content: Content, stamp: Stamp, label: str) -> Kept:
    """Make a file of a container; `label` tells it from others of the same answer."""
    shown = {
        "id": f"cfile_{stamp.hex(f'container file {label}', 32)}",
        "object": "container.file",
        "container_id": container_id,
        "created_at": stamp.created,
        "bytes": sum(map(len, content)),
        "path": f"/mnt/data/{name.rpartition('/')[2]}",
        "source": "user",
    }
    return Kept(files_kind(container_id), str(shown["id"]), {"shown": shown, "content": content})
