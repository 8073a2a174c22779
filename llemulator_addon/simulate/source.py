"""Where values are looked for before they are generated."""

from collections.abc import Sequence
from typing import Any, Protocol

from llemulator_addon.simulate.harmless import Words
from llemulator_addon.simulate.numbers import Flat


class Source(Protocol):
    """The source of values before they are generated: the words of the user."""

    def offer(self, name: Words, schema: Flat, kind: str, *, sure: bool = False) -> Sequence[Any]:
        """Return values that may fit a property, best first; `sure`: only those that its name asks for."""
        ...

    def mark_used(self, value: object) -> None:
        """Note that a value was used."""
        ...

    @property
    def brief(self) -> bool:
        """Whether properties that need no value get one only where there is one to take."""
        ...

    @property
    def doing(self) -> frozenset[str]:
        """Words of the tool whose arguments are made: it may act on them. Empty if nobody acts on the value."""
        ...
