"""Where the things of a collection are kept, and how they are found again."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from llemulator_addon.core.reply import Failure
from llemulator_addon.core.resources import Kept, Resources
from llemulator_addon.wire.answer import Call
from llemulator_addon.wire.described.table import Described
from llemulator_addon.wire.errors import INVALID, RequestRefused
from llemulator_addon.wire.stored_files import Content


@dataclass(frozen=True, slots=True)
class Thing:
    """Something that was created: what is known of it, when it was made, and the bytes that came with it."""

    id: str
    known: Mapping[str, Any]
    created: int
    content: Content = ()
    content_type: str = "application/octet-stream"

    def keep_in(self, collection: str) -> Kept:
        """Return it as a resource; `collection` is a path with ids in place of `{…}`."""
        value = {
            "id": self.id,
            "known": self.known,
            "created": self.created,
            "content": self.content,
            "type": self.content_type,
        }
        return Kept(collection, self.id, value)


def find_thing(resources: Resources, collection: str, thing_id: str) -> Thing | None:
    """Return a thing of a collection, or None."""
    found = resources.get(collection, thing_id)
    return None if found is None else _read(found)


def list_things(resources: Resources, collection: str) -> Iterator[Thing]:
    """Yield the things of a collection, oldest first."""
    return map(_read, resources.list_kind(collection))


def _read(value: Mapping[str, Any]) -> Thing:
    return Thing(value["id"], value["known"], value["created"], value["content"], value["type"])


def fill(path: str, params: Mapping[str, str]) -> str:
    """Return a path with what stood in it in place of `{…}`."""
    return "/".join(params[each[1:-1]] if each.startswith("{") else each for each in path.split("/"))


def id_in(path: str) -> str:
    """Return the name of the last parameter of a path."""
    return next((each[1:-1] for each in reversed(path.split("/")) if each.startswith("{")), "")


def require_parents(call: Call, described: Described, creatable: frozenset[str]) -> None:
    """Refuse a path below something that was never created; raises `RequestRefused`. A lenient call goes on."""
    if call.lenient:
        return
    segments = described.collection.split("/")
    for at, segment in enumerate(segments):
        collection = "/".join(segments[:at])
        if segment.startswith("{") and nameless(collection) in creatable:
            thing_id = call.params[segment[1:-1]]
            if find_thing(call.resources, fill(collection, call.params), thing_id) is None:
                raise RequestRefused(unknown(collection, thing_id))


def nameless(path: str) -> str:
    """Return a path without the names of its parameters."""
    return "/".join("{}" if each.startswith("{") else each for each in path.split("/"))


def unknown(collection: str, thing_id: str | None = None) -> Failure:
    """Refuse an id, or a single thing. Reported for assistants and threads, and assumed for the rest."""
    with_id = "" if thing_id is None else f" with id '{thing_id}'"
    return Failure(status=404, type=INVALID, message=f"No {name_one(collection)} found{with_id}.")


def name_one(collection: str, between: str = " ") -> str:
    """Return the name of one thing of a collection, as a message says it."""
    many = collection.rpartition("/")[2].replace("_", between)
    for end, one in (("ies", "y"), ("ches", "ch"), ("s", "")):
        if many.endswith(end):
            return f"{many.removesuffix(end)}{one}"
    return many
