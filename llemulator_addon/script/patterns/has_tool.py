"""`has_tool`: the request offers a tool."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import override

from llemulator_addon.core.prompt import Tool
from llemulator_addon.script.globs import fits, is_plain
from llemulator_addon.script.pattern import Candidate, ExactKey, Key, Pattern


@dataclass(frozen=True, slots=True)
class HasToolPattern(Pattern):
    """The model may call a tool of this name (of one of OpenAI's own tools: of this type). The name may be a glob.

    A name without its prefix will do: `get_weather` for `weather-get_weather`, and for that tool of any namespace.
    """

    wanted: str

    @override
    def holds(self, asked: Candidate) -> bool:
        """Look for the name."""
        names = _where(asked)
        return self.wanted in names or (not is_plain(self.wanted) and any(fits(self.wanted, name) for name in names))

    @override
    def difference(self, asked: Candidate) -> str:
        """Say which tools there are."""
        return f'has_tool "{self.wanted}" is not offered; the request offers {", ".join(_names(asked)) or "no tools"}'

    @override
    def index_keys(self) -> tuple[Key, ...]:
        """Look it up by name."""
        return (ExactKey(_where, self.wanted),) if is_plain(self.wanted) else ()


def _where(asked: Candidate) -> Collection[str]:
    return tuple(dict.fromkeys(spelled for tool in asked.prompt.tools for spelled in _spellings(tool) if spelled))


def _names(asked: Candidate) -> Iterable[str]:
    return dict.fromkeys(name for tool in asked.prompt.tools for name in (_full(tool), tool.kind) if name)


def _full(tool: Tool) -> str:
    return tool.name if tool.namespace is None else f"{tool.namespace}.{tool.name}"


def _spellings(tool: Tool) -> Iterator[str]:
    """Yield what a tool may be called: its name, its type, its name with its namespace, and without a prefix."""
    yield from (tool.name, tool.kind, _full(tool))
    for sign in _BEHIND_PREFIXES:
        yield tool.name.rpartition(sign)[2]


_BEHIND_PREFIXES = (".", "-", "/", ":", "__")
"""Programs put these between the name of a server or plug-in and that of a tool, as in `mcp__files__read`."""
