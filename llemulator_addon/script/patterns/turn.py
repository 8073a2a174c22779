"""`turn`: how far the conversation has come."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, override

from pydantic import Field

from llemulator_addon.script.pattern import Asked, Is, Key, Pattern


@dataclass(frozen=True, slots=True)
class Turn(Pattern):
    """How many user messages the conversation has."""

    wanted: Annotated[int, Field(ge=0)]

    @override
    def holds(self, asked: Asked) -> bool:
        """Count them."""
        return asked.prompt.user_turns == self.wanted

    @override
    def difference(self, asked: Asked) -> str:
        """Say how many there are."""
        return f"turn is {self.wanted}, the conversation has {asked.prompt.user_turns} user messages"

    @override
    def index_keys(self) -> tuple[Key, ...]:
        """Look it up by number."""
        return (Is(_where, self.wanted),)


def _where(asked: Asked) -> Iterable[int]:
    return (asked.prompt.user_turns,)
