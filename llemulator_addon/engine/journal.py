"""The journal of a session: what was asked, what answered, and how that ended. Bounded, newest kept."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from rpds import HashTrieMap

from llemulator_addon.core.outcome import Ending


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request and its answer. Holds no token and no key."""

    number: int = 0
    """Counted from 1 in each session."""
    at: float
    """When the request was complete, in seconds since the epoch."""
    method: str
    host: str
    path: str
    endpoint: str | None = None
    """None where the path names no operation."""
    model: str | None = None
    stream: bool = False
    user_text: str | None = None
    rule: str | None = None
    """Name of the rule that answered."""
    unmatched: str | None = None
    """Where no rule answered: the closest rule and what differed."""
    status: int
    ending: Ending | None = None
    """None while it is being played."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Journal:
    """The exchanges of a session; adding one costs the same whether it is empty or full."""

    entries: "HashTrieMap[int, Exchange]" = field(default_factory=HashTrieMap)
    recorded: int = 0
    """How many there ever were; the number of the last."""
    limit: int = 1000

    def record(self, exchange: Exchange) -> "Journal":
        """Add an exchange under the next number; the oldest makes room."""
        number = self.recorded + 1
        entries = self.entries.insert(number, replace(exchange, number=number))
        return replace(self, entries=entries.discard(number - self.limit), recorded=number)

    def ended(self, number: int, ending: Ending) -> "Journal":
        """Note how the playing of an answer ended; nothing where the exchange has made room meanwhile."""
        if (exchange := self.entries.get(number)) is None:
            return self
        return replace(self, entries=self.entries.insert(number, replace(exchange, ending=ending)))

    def __iter__(self) -> Iterator[Exchange]:
        """Yield the exchanges that are kept, oldest first."""
        for number in range(max(1, self.recorded - self.limit + 1), self.recorded + 1):
            yield self.entries[number]
