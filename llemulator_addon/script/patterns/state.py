"""`state.requires`: the state of the session. Written next to `match`, and a pattern like the others."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import override

from llemulator_addon.script.pattern import Candidate, ExactKey, Key, Pattern


@dataclass(frozen=True, slots=True)
class StatePattern(Pattern):
    """The session is in this state."""

    wanted: str

    @override
    def holds(self, asked: Candidate) -> bool:
        """Compare."""
        return asked.state == self.wanted

    @override
    def difference(self, asked: Candidate) -> str:
        """Say in which state it is."""
        return f'state requires "{self.wanted}", the session is in "{asked.state}"'

    @override
    def index_keys(self) -> tuple[Key, ...]:
        """Look it up by name."""
        return (ExactKey(_where, self.wanted),)


def _where(asked: Candidate) -> Iterable[str]:
    return (asked.state,)
