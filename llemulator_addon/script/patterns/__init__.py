"""The words of `match`: to add one is one file and one line here.

The argument's type is that of the field `wanted`; the reader, the JSON schema and the documentation follow it.
"""

from collections.abc import Callable
from typing import Any

from llemulator_addon.script.pattern import Pattern
from llemulator_addon.script.patterns.all_of import AllOfPattern
from llemulator_addon.script.patterns.answered import AnsweredPattern
from llemulator_addon.script.patterns.any_of import AnyOfPattern
from llemulator_addon.script.patterns.any_text import AnyTextPattern
from llemulator_addon.script.patterns.endpoint import EndpointPattern
from llemulator_addon.script.patterns.event import EventPattern
from llemulator_addon.script.patterns.has_tool import HasToolPattern
from llemulator_addon.script.patterns.header import HeaderPattern
from llemulator_addon.script.patterns.json_body import JsonBodyPattern
from llemulator_addon.script.patterns.json_path import JsonPathPattern
from llemulator_addon.script.patterns.json_path_regex import JsonPathRegexPattern
from llemulator_addon.script.patterns.method import MethodPattern
from llemulator_addon.script.patterns.model import ModelPattern
from llemulator_addon.script.patterns.not_ import NotPattern
from llemulator_addon.script.patterns.path import PathPattern
from llemulator_addon.script.patterns.stream import StreamPattern
from llemulator_addon.script.patterns.system_text import SystemTextPattern
from llemulator_addon.script.patterns.text import TextPattern
from llemulator_addon.script.patterns.tool_result import ToolResultPattern
from llemulator_addon.script.patterns.transcript import TranscriptPattern
from llemulator_addon.script.patterns.turn import TurnPattern
from llemulator_addon.script.patterns.user_text import UserTextPattern

PATTERNS: dict[str, Callable[[Any], Pattern]] = {
    "endpoint": EndpointPattern,
    "method": MethodPattern,
    "path": PathPattern,
    "model": ModelPattern,
    "text": TextPattern,
    "user_text": UserTextPattern,
    "system_text": SystemTextPattern,
    "any_text": AnyTextPattern,
    "transcript": TranscriptPattern,
    "event": EventPattern,
    "tool_result": ToolResultPattern,
    "has_tool": HasToolPattern,
    "turn": TurnPattern,
    "answered": AnsweredPattern,
    "stream": StreamPattern,
    "header": HeaderPattern,
    "json": JsonBodyPattern,
    "json_path": JsonPathPattern,
    "json_path_regex": JsonPathRegexPattern,
}

_WORDS = {made: word for word, made in PATTERNS.items() if isinstance(made, type)}


def find_word(pattern: Pattern) -> str | None:
    """Return the word of `match` that makes such a pattern; None if no single word does."""
    return _WORDS.get(type(pattern))


COMBINING: dict[str, Callable[[Any], Pattern]] = {
    "any_of": AnyOfPattern,
    "all_of": AllOfPattern,
    "not": NotPattern,
}
"""Words that are given matches: `not` one, the others a list."""
