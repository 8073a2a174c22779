"""`text`: the last user message, word for word."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import override

from llemulator_addon.script.pattern import Candidate, ExactKey, Key, Pattern
from llemulator_addon.script.patterns.user_text import list_texts
from llemulator_addon.script.script_error import kind_of


@dataclass(frozen=True, slots=True)
class TextPattern(Pattern):
    """The last user message is exactly this text: no signs have a meaning, and case counts."""

    wanted: str

    @override
    def holds(self, asked: Candidate) -> bool:
        """Compare the texts."""
        return self.wanted in list_texts(asked)

    @override
    def difference(self, asked: Candidate) -> str:
        """Say what it is."""
        return f"text is {kind_of(self.wanted)}, the last user message is {kind_of(asked.prompt.user_text)}"

    @override
    def index_keys(self) -> tuple[Key, ...]:
        """Look it up."""
        return (ExactKey(_where, self.wanted),)

    @override
    def texts(self, asked: Candidate) -> tuple[str, str] | None:
        """Compare with the last user message."""
        return self.wanted, asked.prompt.user_text


def _where(asked: Candidate) -> Iterable[str]:
    return list_texts(asked)
