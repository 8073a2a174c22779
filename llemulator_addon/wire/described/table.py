"""The table of all operations, as `tools/make_operations.py` writes it. It is read when it is first needed.

The first line is its notice. Then comes a line for each operation, an empty line, and a line for each type of object:
a list of its members, each as its name, its shape, and 1 if it has to be there, 2 if OpenAI always sends it, else 0.
"""

import gzip
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from typing import Any, Literal, NamedTuple

type TypeShape = str | int | list[Any]
"""The shape of a value.

`text`, `integer`, `number`, `boolean`, `null`, `any`, `time` (ISO 8601) and `file` are simple shapes. A number names a
type of object. `["=", …]` is one of some values, `["[", shape]` an array, `["{", shape]` an object with any names, and
`["|", …]` any of several shapes.
"""

Does = Literal[
    "list", "create", "retrieve", "update", "delete", "act", "show", "set", "unset", "content", "pick", "stream", "call"
]
"""The work of an operation on a collection or a single thing; `call` keeps nothing."""


class Member(NamedTuple):
    """A member of an object."""

    name: str
    shape: TypeShape
    needed: int
    """0: it may be missing; 1: it has to be there; 2: OpenAI always sends it, though clients do without."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """One operation, as the table has it."""

    name: str
    """As scripts name it: the path to it in the official SDK, without `beta` and `admin`."""
    method: str
    path: str
    does: Does
    at: str = ""
    """The path of the collection, where that is not the operation's own."""
    answer: TypeShape | None = None
    """Of the answer, or of the members of a page; `bytes` for a file's content; None: the answer is empty."""
    body: TypeShape | None = None
    page: Literal["", "cursor", "next"] = ""
    """How a list goes on: after the last id, or after what `next` says. Empty: it is no list."""
    events: TypeShape | None = None
    """Of the events of a stream, if it has one."""
    prefix: str = ""
    """The beginning of its ids."""
    limit: Sequence[int] = (20, 100)
    """The usual and the largest number of members of a page."""
    order: Literal["asc", "desc"] = "desc"
    bounds: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """The limits of the body's members, in words of JSON Schema."""
    says: str = ""
    """Its work, in OpenAI's words."""

    @property
    def collection(self) -> str:
        """The path of the collection, or of the single thing."""
        return self.at or self.path


class Table:
    """All operations and types. The types are kept as text, and each is read when it is first needed."""

    def __init__(self, text: bytes) -> None:
        _, *lines = text.splitlines()
        end = lines.index(b"")
        self.operations: tuple[Described, ...] = tuple(Described(**json.loads(line)) for line in lines[:end])
        self._types = lines[end + 1 :]
        self._read: dict[int, tuple[Member, ...]] = {}

    def members(self, number: int) -> tuple[Member, ...]:
        """Return the members of a type of object."""
        found = self._read.get(number)
        if found is None:
            found = self._read[number] = tuple(Member(*each) for each in json.loads(self._types[number]))
        return found


@lru_cache(maxsize=1)
def read_table() -> Table:
    """Return the table; it is read once."""
    packed = files("llemulator_addon.wire.described").joinpath("table.jsonl.gz").read_bytes()
    return Table(gzip.decompress(packed))
