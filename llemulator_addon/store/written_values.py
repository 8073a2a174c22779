"""Values of a session as plain JSON, from which the same values are read."""

from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from typing import Any

from llemulator_addon.core.outcome import Closed, Ending
from llemulator_addon.core.prompt import CalledTool, Message, Prompt, Tool
from llemulator_addon.core.prompt_cache import CachedPrefix, PromptCache
from llemulator_addon.core.resources import Kept
from llemulator_addon.core.steps import Cut, Head, Send, Wait
from llemulator_addon.core.talk import TalkMessage, TalkMessages
from llemulator_addon.engine.journal import Exchange
from llemulator_addon.script.faults import MEMORIES

_KIND = "$"
"""The key of an object that is no object of JSON: its value names the kind."""
_CLASSES: Mapping[str, Callable[..., object]] = {
    made.__name__: made
    for made in (
        *(
            *MEMORIES,
            CachedPrefix,
            CalledTool,
            Closed,
            Cut,
            Ending,
            Exchange,
            Head,
            Kept,
            Message,
            Prompt,
            PromptCache,
            Send,
        ),
        *(TalkMessage, TalkMessages, Tool, Wait),
    )
}


_PLAIN = frozenset({type(None), bool, int, float, str})
_NO_DEFAULT = object()


def write_value(value: object) -> Any:  # noqa: ANN401 - JSON
    """Write a value; raises TypeError for one of a kind that is not listed here.

    Members that are their defaults are left out: most are, and each that is written takes time at every change.
    """
    kind = type(value)
    if kind in _PLAIN:
        return value
    if (members := _MEMBERS.get(kind)) is not None:
        written = {_KIND: kind.__name__}
        for name, default in members:
            member = getattr(value, name)
            if member is not default:
                written[name] = member if type(member) in _PLAIN else write_value(member)
        return written
    match value:
        case bool() | int() | float() | str():
            return value
        case bytes():
            return {_KIND: "bytes", "base64": b64encode(value).decode()}
        case list():
            return [write_value(each) for each in value]
        case Mapping():
            return _write_mapping(value)
        case tuple():
            return {_KIND: "tuple", "members": [write_value(each) for each in value]}
        case _:
            raise TypeError(f"there is no written form of a {kind.__name__}")


def read_value(written: Any) -> Any:  # noqa: ANN401 - JSON, and any value
    """Read what `write_value` made."""
    match written:
        case list():
            return [read_value(each) for each in written]
        case {"$": "bytes", "base64": text}:
            return b64decode(text)
        case {"$": "tuple", "members": members}:
            return tuple(read_value(each) for each in members)
        case {"$": "object", "pairs": pairs}:
            return {key: read_value(value) for key, value in pairs}
        case dict() if _KIND in written:
            made = _CLASSES[written[_KIND]]
            return made(**{key: read_value(value) for key, value in written.items() if key != _KIND})
        case dict():
            return {key: read_value(value) for key, value in written.items()}
        case _:
            return written


def _write_mapping(value: Mapping[str, object]) -> dict[str, Any]:
    written = {key: write_value(each) for key, each in value.items()}
    return {_KIND: "object", "pairs": [list(pair) for pair in written.items()]} if _KIND in written else written


def _members(kind: type) -> Sequence[tuple[str, object]]:
    """Return the members of a class, and their defaults."""
    if is_dataclass(kind):
        return [(field.name, _NO_DEFAULT if field.default is MISSING else field.default) for field in fields(kind)]
    defaults: Mapping[str, object] = getattr(kind, "_field_defaults", {})
    names: Sequence[str] = getattr(kind, "_fields", ())
    return [(name, defaults.get(name, _NO_DEFAULT)) for name in names]


_MEMBERS: Mapping[type, Sequence[tuple[str, object]]] = {
    made: _members(made) for made in _CLASSES.values() if isinstance(made, type)
}
