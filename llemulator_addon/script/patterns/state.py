"""`state.requires`: in which state the session is. Written beside `match`, and a pattern like the others."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import override

from llemulator_addon.script.pattern import Asked, Is, Key, Pattern


@dataclass(frozen=True, slots=True)
class InState(Pattern):
    """The session is in this state."""

    wanted: str

    @override
    def holds(self, asked: Asked) -> bool:
        """Compare."""
        return asked.state == self.wanted

    @override
    def difference(self, asked: Asked) -> str:
        """Say in which state it is."""
        return f'state requires "{self.wanted}", the session is in "{asked.state}"'

    @override
    def index_keys(self) -> tuple[Key, ...]:
        """Look it up by name."""
        return (Is(_where, self.wanted),)


def _where(asked: Asked) -> Iterable[str]:
    return (asked.state,)
