"""Values of a session as plain JSON, from which the same values are read."""

from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from operator import attrgetter
from typing import Any, NamedTuple

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
    if kind is tuple:
        return _write_tuple(value)
    if (members := _MEMBERS.get(kind)) is None:
        return _write_unnamed(value)
    written: dict[str, Any] = {_KIND: kind.__name__}
    for (name, default), member in zip(members.defaults, members.get(value), strict=True):
        if member is not default:
            written[name] = member if type(member) in _PLAIN else write_value(member)
    return written


def _write_unnamed(value: object) -> Any:  # noqa: ANN401 - JSON
    match value:
        case tuple():
            return _write_tuple(value)
        case bytes():
            return {_KIND: "bytes", "base64": b64encode(value).decode()}
        case bool() | int() | float() | str():
            return value
        case list():
            return _write_all(value)
        case dict() | Mapping():  # to ask whether it is a dict takes no time
            return _write_mapping(value)
        case _:
            raise TypeError(f"there is no written form of a {type(value).__name__}")


def _write_tuple(value: Any) -> dict[str, Any]:  # noqa: ANN401 - a tuple
    return {_KIND: "tuple", "members": _write_all(value)}


def _write_all(values: Iterable[object]) -> list[Any]:
    return [each if type(each) in _PLAIN else write_value(each) for each in values]


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
    written = {key: each if type(each) in _PLAIN else write_value(each) for key, each in value.items()}
    return {_KIND: "object", "pairs": [list(pair) for pair in written.items()]} if _KIND in written else written


class _Members(NamedTuple):
    """The members of a class."""

    defaults: Sequence[tuple[str, object]]
    """Their names, and what they are unless they are given."""
    get: Callable[[Any], Iterable[object]]
    """Returns those of a value."""


def _members(kind: type) -> _Members:
    if is_dataclass(kind):
        members = fields(kind)
        defaults = [(field.name, _NO_DEFAULT if field.default is MISSING else field.default) for field in members]
        # With one name, `attrgetter` returns no tuple.
        getter = attrgetter(*(field.name for field in members))
        return _Members(defaults, getter if len(members) > 1 else lambda value: (getter(value),))
    given: Mapping[str, object] = getattr(kind, "_field_defaults", {})
    names: Sequence[str] = getattr(kind, "_fields", ())
    return _Members([(name, given.get(name, _NO_DEFAULT)) for name in names], iter)


_MEMBERS: Mapping[type, _Members] = {made: _members(made) for made in _CLASSES.values() if isinstance(made, type)}
