"""Those who learn of requests as they come to their end: the log of requests, the metrics."""

from typing import Protocol

from llemulator_addon.core.outcome import Ask
from llemulator_addon.core.request import Request
from llemulator_addon.core.session_key import ExchangeId
from llemulator_addon.core.steps import Steps
from llemulator_addon.engine.journal import Exchange


class Watcher(Protocol):
    """Learns of requests as they come to their end."""

    def note_end(self, named: ExchangeId, exchange: Exchange | None) -> None:
        """Take a request whose answer has ended; None: its session was forgotten, or could not be read."""

    def note_unrecorded(self, request: Request, steps: Steps) -> None:
        """Take a request that no journal has: an admin route's, or one that could not be decided."""

    def waits(self, ask: Ask) -> None:
        """Take a request that begins to wait for a person."""
