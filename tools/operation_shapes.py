"""The SDK's types as shapes, which are JSON (`llemulator_addon/wire/described/shapes.py` says which)."""

import json
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAliasType

import pydantic
from openai._utils import PropertyInfo
from typing_extensions import is_typeddict

type Shape = str | int | list[Any]


@dataclass(frozen=True)
class Numbered:
    """The types with a number each: their lines, in that order, and the numbers by name."""

    lines: list[Any]
    numbers: Mapping[str, int]

    def rename_in(self, value: Any) -> Any:  # noqa: ANN401 - JSON
        """Return JSON with numbers in place of names."""
        return _rename(value, self.numbers)


class Shapes:
    """Reads types, and remembers each class that it meets."""

    def __init__(self, description: Mapping[str, Any]) -> None:
        self._classes: dict[str, list[Any]] = {}
        self._always = _always_there(description)

    def read(self, hint: object) -> Shape:
        """Return the shape of a type; a class is in it by its name."""
        if isinstance(hint, TypeAliasType):
            return self.read(hint.__value__)
        kind, parts = typing.get_origin(hint), typing.get_args(hint)
        if kind in (typing.Annotated, typing.Required, typing.NotRequired):
            return self.read(parts[0])
        if kind is typing.Literal:
            return ["=", *parts]
        if kind in (typing.Union, types.UnionType):
            return self._union(parts)
        if isinstance(hint, type) and issubclass(hint, pydantic.BaseModel):
            return self._class(hint, self._model_fields)
        if is_typeddict(hint):
            return self._class(typing.cast("type", hint), self._dict_fields)
        return _SIMPLE[typing.cast("type", hint)] if hint in _SIMPLE else self._generic(hint)

    def _generic(self, hint: object) -> Shape:
        kind, parts = typing.get_origin(hint), typing.get_args(hint)
        named = getattr(kind, "__name__", "") or str(hint)
        if named in ("list", "List", "Iterable", "Sequence", "SequenceNotStr", "tuple"):
            return ["[", self.read(parts[0])]
        if named in ("dict", "Dict", "Mapping"):
            return ["{", self.read(parts[1])]
        return "file" if "PathLike" in named or "IO" in named else "any"

    def number(self) -> Numbered:
        """Return the types; those that are alike are one."""
        groups = dict.fromkeys(self._classes, 0)
        while True:
            spelled = {name: json.dumps(_rename(fields, groups)) for name, fields in self._classes.items()}
            numbers = {text: number for number, text in enumerate(dict.fromkeys(spelled.values()))}
            found = {name: numbers[text] for name, text in spelled.items()}
            if len(set(found.values())) == len(set(groups.values())):
                break
            groups = found
        lines: list[Any] = [None] * len(set(found.values()))
        for name, number in found.items():
            lines[number] = _rename(self._classes[name], found)
        return Numbered(lines, found)

    def _union(self, parts: tuple[object, ...]) -> Shape:
        shapes: list[Shape] = []
        for part in parts:
            shape = self.read(part)
            for each in shape[1:] if isinstance(shape, list) and shape[0] == "|" else [shape]:
                if each not in shapes:
                    shapes.append(each)
        if "file" in shapes:
            # The SDK takes files in many forms, which are one on the wire.
            shapes = ["file", *(each for each in shapes if each in ("null", ["[", "file"]))]
        return shapes[0] if len(shapes) == 1 else ["|", *shapes]

    def _class(self, found: type, read_fields: typing.Callable[[type], Iterator[list[Any]]]) -> Shape:
        name = f"{found.__module__}.{found.__qualname__}"
        if name not in self._classes:
            self._classes[name] = []
            self._classes[name] += list(read_fields(found))
        return f"#{name}"

    def _model_fields(self, found: type) -> Iterator[list[Any]]:
        always = self._always.get(found.__name__, frozenset())
        model = typing.cast("type[pydantic.BaseModel]", found)
        model.model_rebuild()
        for name, field in model.model_fields.items():
            spelled = field.alias or name
            shape = self.read(field.annotation)
            # A member that may be missing and not null is one that the SDK is sure to get.
            is_sent = spelled in always or not _may_be_null(shape)
            yield [spelled, shape, 1 if field.is_required() else 2 if is_sent else 0]

    def _dict_fields(self, found: type) -> Iterator[list[Any]]:
        # Of a class that is total; the others say `Required`, which is text to this set.
        required: frozenset[str] = getattr(found, "__required_keys__", frozenset())
        for name, hint in typing.get_type_hints(found, include_extras=True).items():
            needed = typing.get_origin(hint) is typing.Required or (name in required and not _may_miss(hint))
            yield [_alias(hint) or name, self.read(hint), int(needed)]


_SIMPLE: dict[object, str] = {
    str: "text",
    int: "integer",
    float: "number",
    bool: "boolean",
    type(None): "null",
    datetime: "time",
    bytes: "file",
    object: "any",
    Any: "any",
}


def _may_be_null(shape: Shape) -> bool:
    return shape in ("null", "any") or (isinstance(shape, list) and shape[0] == "|" and "null" in shape)


def _may_miss(hint: object) -> bool:
    return typing.get_origin(hint) is typing.NotRequired


def _alias(hint: object) -> str | None:
    while typing.get_origin(hint) is not None:
        for each in typing.get_args(hint):
            if isinstance(each, PropertyInfo) and each.alias:
                return each.alias
        if typing.get_origin(hint) not in (typing.Required, typing.NotRequired, typing.Annotated):
            return None
        hint = typing.get_args(hint)[0]
    return None


def _always_there(description: Mapping[str, Any]) -> dict[str, frozenset[str]]:
    """Return the members that a schema of OpenAI's description requires, by its name as the SDK has it."""
    found: dict[str, frozenset[str]] = {}
    for name, schema in description["components"]["schemas"].items():
        plain = name.removesuffix("Object").removesuffix("Resource")
        for spelled in {name, plain, _SDK_NAMES.get(name, name)}:
            found[spelled] = frozenset(schema.get("required", ()))
    return found


_SDK_NAMES = {
    "AssistantObject": "Assistant",
    "MessageObject": "Message",
    "RunObject": "Run",
    "RunStepObject": "RunStep",
    "ThreadObject": "Thread",
    "VectorStoreFileObject": "VectorStoreFile",
    "VectorStoreObject": "VectorStore",
    "VideoResource": "Video",
}


def _rename(value: Any, names: Mapping[str, int]) -> Any:  # noqa: ANN401 - JSON
    match value:
        case str() if value.startswith("#"):
            return names[value[1:]]
        case list():
            return [_rename(each, names) for each in value]
        case dict():
            return {key: _rename(each, names) for key, each in value.items()}
        case _:
            return value
