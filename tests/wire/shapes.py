"""Whether a JSON value is what OpenAI sends: by the SDK's types, by OpenAI's description, and by what was recorded.

`openai/README.md` says where the last two are from.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, ValidationError
from openai._models import construct_type
from pydantic import BaseModel, TypeAdapter

_OPENAI = Path(__file__).parent / "openai"
_OFTEN = 0.95

type Paths = dict[str, dict[str, int]]
"""How many values of each JSON type were recorded at each path of an object."""


def events(stream: bytes) -> list[Any]:
    """Return the JSON of each event of a stream, without `[DONE]`; the framing is checked on the way."""
    assert stream.endswith(b"\n\n")
    assert b"\r" not in stream
    blocks = [block.split(b"\n") for block in stream.removesuffix(b"\n\n").split(b"\n\n")]
    lines = [line.removeprefix(b"data: ") for block in blocks for line in block if line.startswith(b"data: ")]
    assert len(lines) == len(blocks)
    return [json.loads(line) for line in lines if line != b"[DONE]"]


def assert_sdk(shape: Any, value: Any, *, beyond: Iterable[str] = ()) -> None:  # noqa: ANN401
    """Assert that the SDK's type takes a value, strictly, and knows its keys; `beyond` are the paths of the others."""
    text = json.dumps(value)
    _adapter(shape).validate_json(text, strict=True)
    unknown = set(_unknown(construct_type(type_=shape, value=json.loads(text)), ""))
    assert unknown == set(beyond), unknown


def assert_described(
    schema: str,
    value: Any,  # noqa: ANN401
    *,
    but: Iterable[str] = (),
    null: Iterable[str] = (),
) -> None:
    """Assert that a value is as a schema of OpenAI's description says.

    Where recordings show that the description is wrong, `but` are whole findings, and `null` the paths (`$.a[].b`) of
    keys that may be null although it does not say so.
    """
    found = sorted(_validator(schema).iter_errors(value), key=lambda error: list(map(str, error.absolute_path)))
    findings = [f"{error.json_path}: {error.message[:300]}" for error in found if not _may_be_null(error, null)]
    unexplained = [finding for finding in findings if finding not in but]
    assert unexplained == [], unexplained


def described_answer(method: str, path: str) -> str:
    """Return the name of the schema that OpenAI's description gives for the JSON of an operation's answer."""
    (operations,) = (found for named, found in _description()["paths"].items() if _unnamed(named) == _unnamed(path))
    reference: str = operations[method.lower()]["responses"]["200"]["content"]["application/json"]["schema"]["$ref"]
    return reference.rpartition("/")[2]


def _unnamed(path: str) -> str:
    return re.sub(r"{[^}]*}", "{}", path)


@dataclass(frozen=True, slots=True)
class Differences:
    """How a value differs from what was recorded, as paths in the notation of `openai/recorded.json`."""

    missing: tuple[str, ...] = ()
    """Keys that at least 95 % of the recorded objects have."""
    wrong: tuple[str, ...] = ()
    """Keys with a type that was never recorded, which is said behind the path."""
    never: tuple[str, ...] = ()
    """Keys that no recording has."""


def differences(kind: str, value: Any) -> Differences:  # noqa: ANN401
    """Compare a value with the recordings of its kind."""
    at_paths = recorded()[kind]
    types: dict[str, set[str]] = {}
    objects: list[tuple[str, frozenset[str]]] = []
    for path, found in _walk("", value):
        types.setdefault(path, set()).add(_type(found))
        if isinstance(found, dict):
            objects.append((path, frozenset(found)))
    return Differences(
        missing=tuple(
            sorted({path for at, keys in objects for path in _often(at_paths, at) if _key(path) not in keys})
        ),
        wrong=tuple(
            f"{path} {found}"
            for path in sorted(types)
            if path in at_paths
            for found in sorted(types[path] - at_paths[path].keys())
        ),
        never=tuple(path for path in sorted(types) if path and path[-1] not in "]>" and path not in at_paths),
    )


@cache
def recorded() -> dict[str, Paths]:
    """Return of each kind of recorded object its paths."""
    kinds: dict[str, Paths] = json.loads((_OPENAI / "recorded.json").read_bytes())
    return kinds


@cache
def recorded_events() -> list[dict[str, Any]]:
    """Return single recorded events of Responses: the `event` and item, the day when, and the places of all `keys`."""
    events: list[dict[str, Any]] = json.loads((_OPENAI / "recorded_events.json").read_bytes())
    return events


def _may_be_null(error: ValidationError, null: Iterable[str]) -> bool:
    steps = ("[]" if isinstance(step, int) else f".{step}" for step in error.absolute_path)
    return error.instance is None and f"${''.join(steps)}" in null


def _unknown(value: object, place: str) -> Iterator[str]:
    match value:
        case BaseModel():
            aliases = {field.alias for field in type(value).model_fields.values()}
            yield from (f"{place}{key}" for key in value.model_extra or {} if key not in aliases)
            for name in type(value).model_fields:
                yield from _unknown(getattr(value, name), f"{place}{name}.")
        case list():
            for item in value:
                yield from _unknown(item, place)
        case _:
            return


@cache
def _adapter(shape: Any) -> TypeAdapter[Any]:  # noqa: ANN401 - one of the SDK's types; to make one takes long
    return TypeAdapter(shape)


@cache
def _validator(schema: str) -> Draft202012Validator:
    return Draft202012Validator({"$ref": f"#/components/schemas/{schema}", "components": _description()["components"]})


@cache
def _description() -> dict[str, Any]:
    description: dict[str, Any] = json.loads((_OPENAI / "description.json").read_bytes())
    return description


def _walk(path: str, value: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401
    """Yield every value with its path; a list's object has its `type` in the path, where it has one."""
    yield path, value
    match value:
        case dict():
            for key, member in value.items():
                yield from _walk(f"{path}.{key}" if path else key, member)
        case list():
            for item in value:
                kind = f"<{item['type']}>" if isinstance(item, dict) and isinstance(item.get("type"), str) else ""
                yield from _walk(f"{path}[]{kind}", item)
        case _:
            return


def _often(paths: Paths, at: str) -> list[str]:
    """Return the paths of the keys that nearly all recorded objects at a place have."""
    children = {path: sum(paths[path].values()) for path in paths if _parent(path) == at and not path.endswith("]")}
    total = paths[at].get("object", 0) if at and at in paths else max(children.values(), default=0)
    return [path for path, count in children.items() if total and count >= _OFTEN * total]


def _parent(path: str) -> str:
    return path.rpartition(".")[0]


def _key(path: str) -> str:
    return path.rpartition(".")[2]


def _type(value: object) -> str:
    match value:
        case None:
            return "null"
        case dict():
            return "object"
        case _:
            return type(value).__name__
