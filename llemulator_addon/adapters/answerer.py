"""What a way in needs from the program behind it."""

from typing import Protocol

from llemulator_addon.core.outcome import Ending, Outcome
from llemulator_addon.core.request import Request


class Answerer(Protocol):
    """Answers requests. `Emulator` is the one of the program; a test may bring its own."""

    async def answer(self, request: Request) -> Outcome:
        """Return what to do about a request. Raises only for a bug of ours."""
        ...

    def ended(self, exchange: str, ending: Ending) -> None:
        """Take note of how the playing of an answer ended; called once for each `Play` that names its exchange."""
        ...
