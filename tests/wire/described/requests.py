"""Bodies and paths for each operation of the table, made of what the table says that they are."""

import json
from collections.abc import Iterator
from typing import Any

from llemulator_addon.core.request import Request
from llemulator_addon.core.stamp import Stamp
from llemulator_addon.emulator import Emulator
from llemulator_addon.wire.described.making import MakingUp
from llemulator_addon.wire.described.table import Described, TypeShape, read_table
from tests.playing import json_of, play, post, request
from tests.wire.forms import File, form


def make_body(described: Described) -> dict[str, Any]:
    """Return a body that has what it needs, and no file."""
    if described.body is None:
        return {}
    made = MakingUp(Stamp(0, 0), 1_760_000_000, "body").complete(described.body, {})
    return {name: _at_least(described, name, value) for name, value in made.items()}


def _at_least(described: Described, name: str, value: Any) -> Any:  # noqa: ANN401 - JSON
    bounds = described.bounds.get(name, {})
    match value:
        case int() | float() if not isinstance(value, bool):
            return max(value, bounds.get("minimum", value))
        case [] if bounds.get("minItems"):
            return ["one"]
        case _:
            return value


def takes_file(described: Described) -> bool:
    """Whether its body has to have a file."""
    return described.body is not None and any(True for _ in file_members(described.body))


def file_members(shape: TypeShape) -> Iterator[str]:
    """Yield the members of a body that are files and have to be there."""
    if isinstance(shape, list):
        # Of several kinds of body the first is made.
        shape = shape[1]
    if isinstance(shape, int):
        for member in read_table().members(shape):
            if member.needed and '"file"' in json.dumps(member.shape):
                yield member.name


def make_request(described: Described, path: str) -> Request:
    """Return a request that is right."""
    if described.method != "POST":
        return request(described.method, f"/v1{path}")
    body = make_body(described)
    if takes_file(described) and described.body is not None:
        sent: File = ("a.txt", b"Hello")
        files = [(name, sent) for name in file_members(described.body)]
        texts = [(name, str(value)) for name, value in body.items() if isinstance(value, str | int)]
        return form(f"/v1{path}", *files, *(each for each in texts if each[0] not in dict(files)))
    return post(f"/v1{path}", body)


def open_path(server: Emulator, described: Described, rows: dict[tuple[str, str], Described]) -> str:
    """Return the path of an operation with ids of things that are created for it, or with `x` where none can be."""
    path = ""
    for segment in described.path.strip("/").split("/"):
        if not segment.startswith("{"):
            path += f"/{segment}"
            continue
        pattern = "/".join(described.path.split("/")[: path.count("/") + 1])
        creating = rows.get(("POST", pattern))
        path += f"/{_create(server, creating, path, segment[1:-1]) if creating and creating.does == 'create' else 'x'}"
    return path


def _create(server: Emulator, creating: Described, path: str, name: str) -> str:
    (steps,) = play(server, make_request(creating, path))
    made = json_of(steps)
    return str(made.get("id") or make_body(creating).get(name) or made["session"]["id"])
