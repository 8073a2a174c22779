"""`has_tool`: the request offers a tool."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import override

from llemulator_addon.script.pattern import Candidate, ExactKey, Key, Pattern


@dataclass(frozen=True, slots=True)
class HasToolPattern(Pattern):
    """The model may call a tool of this name (of one of OpenAI's own tools: of this type)."""

    wanted: str

    @override
    def holds(self, asked: Candidate) -> bool:
        """Look for the name."""
        return self.wanted in _where(asked)

    @override
    def difference(self, asked: Candidate) -> str:
        """Say which tools there are."""
        return f'has_tool "{self.wanted}" is not offered; the request offers {", ".join(_where(asked)) or "no tools"}'

    @override
    def index_keys(self) -> tuple[Key, ...]:
        """Look it up by name."""
        return (ExactKey(_where, self.wanted),)


def _where(asked: Candidate) -> Iterable[str]:
    return tuple(dict.fromkeys(name for tool in asked.prompt.tools for name in (tool.name, tool.kind) if name))
