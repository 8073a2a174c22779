"""What a pattern looks at, and what a pattern is."""

from dataclasses import dataclass
from typing import Protocol

from llemulator_addon.core.prompt import Prompt
from llemulator_addon.core.request import Request


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: as it came, and as the endpoint understood it."""

    prompt: Prompt
    request: Request


class Pattern(Protocol):
    """One word of `match` with what the script gives it."""

    def holds(self, asked: Asked) -> bool:
        """Whether the request is as the script wants it."""
        ...

    def difference(self, asked: Asked) -> str:
        """Say in a few words what was wanted and what came; called only where it does not hold."""
        ...
