"""The words of `match`: to add one is one file and one line here.

The argument's type is that of the field `wanted`; the reader, the JSON schema and the documentation follow it.
"""

from collections.abc import Callable
from typing import Any

from llemulator_addon.script.pattern import Pattern
from llemulator_addon.script.patterns.all_of import AllOf
from llemulator_addon.script.patterns.any_of import AnyOf
from llemulator_addon.script.patterns.any_text import AnyText
from llemulator_addon.script.patterns.endpoint import Endpoint
from llemulator_addon.script.patterns.has_tool import HasTool
from llemulator_addon.script.patterns.header import Header
from llemulator_addon.script.patterns.json_body import JsonBody
from llemulator_addon.script.patterns.json_path import JsonPath
from llemulator_addon.script.patterns.method import Method
from llemulator_addon.script.patterns.model import Model
from llemulator_addon.script.patterns.not_ import Not
from llemulator_addon.script.patterns.path import Path
from llemulator_addon.script.patterns.stream import Stream
from llemulator_addon.script.patterns.system_text import SystemText
from llemulator_addon.script.patterns.tool_result import ToolResult
from llemulator_addon.script.patterns.turn import Turn
from llemulator_addon.script.patterns.user_text import UserText

PATTERNS: dict[str, Callable[[Any], Pattern]] = {
    "endpoint": Endpoint,
    "method": Method,
    "path": Path,
    "model": Model,
    "user_text": UserText,
    "system_text": SystemText,
    "any_text": AnyText,
    "tool_result": ToolResult,
    "has_tool": HasTool,
    "turn": Turn,
    "stream": Stream,
    "header": Header,
    "json": JsonBody,
    "json_path": JsonPath,
}

COMBINING: dict[str, Callable[[Any], Pattern]] = {
    "any_of": AnyOf,
    "all_of": AllOf,
    "not": Not,
}
"""Words that are given matches: `not` one, the others a list."""
