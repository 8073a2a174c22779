"""`turn`: how far the conversation has come."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, override

from pydantic import Field

from llemulator_addon.script.pattern import Candidate, ExactKey, Key, Pattern


@dataclass(frozen=True, slots=True)
class TurnPattern(Pattern):
    """How many user messages the conversation has."""

    wanted: Annotated[int, Field(ge=0)]

    @override
    def holds(self, asked: Candidate) -> bool:
        """Count them."""
        return asked.prompt.user_turns == self.wanted

    @override
    def difference(self, asked: Candidate) -> str:
        """Say how many there are."""
        return f"turn is {self.wanted}, the conversation has {asked.prompt.user_turns} user messages"

    @override
    def index_keys(self) -> tuple[Key, ...]:
        """Look it up by number."""
        return (ExactKey(_where, self.wanted),)


def _where(asked: Candidate) -> Iterable[int]:
    return (asked.prompt.user_turns,)
