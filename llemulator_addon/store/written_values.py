"""Values of a session as plain JSON, from which the same values are read."""

from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
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


def write_value(value: object) -> Any:  # noqa: ANN401 - JSON
    """Write a value; raises TypeError for one of a kind that is not listed here."""
    match value:
        case None | bool() | int() | float() | str():
            return value
        case bytes():
            return {_KIND: "bytes", "base64": b64encode(value).decode()}
        case list():
            return [write_value(each) for each in value]
        case Mapping():
            return _write_mapping(value)
        case _ if type(value).__name__ in _CLASSES:
            return {_KIND: type(value).__name__, **{name: write_value(getattr(value, name)) for name in _names(value)}}
        case tuple():
            return {_KIND: "tuple", "members": [write_value(each) for each in value]}
        case _:
            raise TypeError(f"there is no written form of a {type(value).__name__}")


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


def _names(value: object) -> Sequence[str]:
    if is_dataclass(value):
        return [field.name for field in fields(value)]
    names: Sequence[str] = getattr(value, "_fields", ())
    return names
