"""`json`: what the request body contains."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, override

from llemulator_addon.script.pattern import Candidate, ExactKey, Key, Pattern
from llemulator_addon.script.subset import first_difference


@dataclass(frozen=True, slots=True)
class JsonBodyPattern(Pattern):
    """A part of the body: an object's members are there with these values, a list has exactly these elements."""

    wanted: dict[str, Any]

    @override
    def holds(self, asked: Candidate) -> bool:
        """Compare what is wanted, and nothing else."""
        return asked.looking.contains(asked.prompt.body, self.wanted)

    @override
    def difference(self, asked: Candidate) -> str:
        """Say what the first value that differs is."""
        return f"json {first_difference(asked.prompt.body, self.wanted, '$')}"

    @override
    def index_keys(self) -> tuple[Key, ...]:
        """Look up the first member that is text or a number."""
        return next(((ExactKey(_where, pair),) for pair in self.wanted.items() if isinstance(pair[1], _SIMPLE)), ())


_SIMPLE = (str, int, float)


def _where(asked: Candidate) -> Iterable[tuple[str, str | float]]:
    return ((name, value) for name, value in asked.prompt.body.items() if isinstance(value, _SIMPLE))
