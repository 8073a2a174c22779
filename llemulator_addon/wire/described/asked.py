"""One request to an operation of the table: what the client said, and how its answer is shown."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from llemulator_addon.core.resources import Resources
from llemulator_addon.wire.answer import Body, Call, Served, show_kept
from llemulator_addon.wire.bodies import read_object
from llemulator_addon.wire.described.collections import Thing, fill, id_in, name_one, nameless
from llemulator_addon.wire.described.forms import files_of, has_file, read_by_shape
from llemulator_addon.wire.described.making import MakingUp
from llemulator_addon.wire.described.shapes import check
from llemulator_addon.wire.described.table import Described, Member, TypeShape, read_table
from llemulator_addon.wire.json_bytes import pretty
from llemulator_addon.wire.multipart import is_form
from llemulator_addon.wire.stored_files import send_content

KnownMembers = dict[str, Any]


class ServedTogether:
    """The operations that are served together, and what follows from all of them."""

    def __init__(self, rows: Iterable[Described]) -> None:
        rows = tuple(rows)
        self.creatable = frozenset(nameless(each.collection) for each in rows if each.does == "create")
        self.unsettable = frozenset(nameless(each.path) for each in rows if each.does == "unset")
        of_one = [each for each in rows if each.does in ("retrieve", "update", "delete")]
        self._ids = {nameless(each.collection): id_in(each.path) for each in of_one}
        self._types = {nameless(each.collection): each.answer for each in of_one if each.does == "retrieve"}

    def id_of(self, collection: str) -> str:
        """Return the name that the id of a collection's members has in paths."""
        return self._ids.get(nameless(collection), "id")

    def type_of(self, described: Described) -> TypeShape | None:
        """Return the shape that members of a collection have when they are shown, as far as it is known."""
        return self._types.get(nameless(described.collection), described.answer)


@dataclass(frozen=True, slots=True)
class DescribedCall:
    """A request to an operation of the table."""

    described: Described
    group: ServedTogether
    call: Call
    body: KnownMembers

    @property
    def place(self) -> str:
        """The path of the collection with ids in place of `{…}`: what is created is kept there."""
        return fill(self.described.collection, self.call.params)

    @property
    def wants_stream(self) -> bool:
        """Whether the answer is a stream of events."""
        return self.body.get("stream") is True and self.described.events is not None

    @property
    def known(self) -> KnownMembers:
        """The members that a new thing is known to have: what the path and the body say."""
        name = self.body.get(f"{name_one(self.described.collection, '_')}_name")
        named = {} if name is None else {"name": name}
        said = {name: value for name, value in self.body.items() if not has_file(value)}
        return {**self.call.params, **named, **said, **_describe_file(self.body)}

    def complete(self, shape: TypeShape | None, thing: Thing) -> Any:  # noqa: ANN401 - JSON
        """Return a thing as an answer shows it."""
        kind = name_one(self.described.collection, ".")
        kind = f"{kind}.deleted" if self.described.does in ("delete", "unset") else kind
        making = MakingUp(self.call.stamp.lasting, thing.created, thing.id, kind)
        return making.complete("any" if shape is None else shape, thing.known)

    def show(self, thing: Thing, resources: Resources | None = None) -> Served:
        """Answer with a thing."""
        match self.described.answer:
            case None:
                return Served(answer=Body(body=b""), resources=resources)
            case "bytes":
                content = send_content(thing.content, thing.content_type, thing.id)
                return Served(answer=content, resources=resources)
            case shape:
                return answer(self.complete(shape, thing), resources)

    def show_all(self, things: Iterable[Thing], resources: Resources | None = None) -> Served:
        """Answer with a list that is whole."""
        shown = [self.complete(self.described.answer, each) for each in things]
        ids = [each.get("id") for each in shown]
        ends = {"first_id": ids[0] if ids else None, "last_id": ids[-1] if ids else None}
        return answer({"object": "list", "data": shown, **ends, "has_more": False}, resources)


def read_body(described: Described, call: Call) -> KnownMembers:
    """Read and check the body of a request; raises `RequestRefused`."""
    body: Mapping[str, Any] = {}
    if described.body is None:
        return {}
    if call.request.body or call.request.json:
        body = read_object(call.request)
        if is_form(call.request):
            body = read_by_shape(described.body, body)
    if not call.lenient:
        check(described.body, body, described.bounds)
    return dict(body)


def answer(value: object, resources: Resources | None = None) -> Served:
    """Answer with JSON."""
    return Served(answer=show_kept(value, pretty, b"\n"), resources=resources)


def members_of(shape: TypeShape | None) -> tuple[Member, ...]:
    """Return the members of a type of object; none of another shape."""
    return read_table().members(shape) if isinstance(shape, int) else ()


def _describe_file(body: KnownMembers) -> KnownMembers:
    sent = next(iter(files_of(body)), None)
    if sent is None:
        return {}
    named = {"filename": sent.name, "bytes": len(sent.content), "path": f"/mnt/data/{sent.name}"}
    return named if "name" in body else {**named, "name": sent.name}
