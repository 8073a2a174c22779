"""Those who learn of requests as they come to their end: the log of requests, the metrics."""

from typing import Protocol

from llemulator_addon.core.answer_tokens import AnswerTokens
from llemulator_addon.core.outcome import Ask, Ending, Play
from llemulator_addon.core.request import Request
from llemulator_addon.core.session_key import ExchangeId
from llemulator_addon.core.steps import Steps
from llemulator_addon.engine.journal import Exchange


class Watcher(Protocol):
    """Learns of requests as they come to their end."""

    def note_end(
        self, named: ExchangeId, exchange: Exchange | None, ending: Ending, tokens: AnswerTokens | None
    ) -> None:
        """Take a request whose answer has ended.

        `exchange` is as the journal has it, without its ending; None: its session was forgotten, or could not be read.
        `tokens` are None where they can only be read from the answer's bytes, as those of an upstream.
        """

    def note_unrecorded(self, request: Request, steps: Steps) -> None:
        """Take a request that no journal has: an admin route's, or one that could not be decided."""

    def waits(self, ask: Ask) -> None:
        """Take a request that begins to wait for a person."""


class Watchers:
    """All watchers of an emulator. Not a value: it belongs to the event loop."""

    def __init__(self) -> None:
        self._all: tuple[Watcher, ...] = ()
        self._tokens: dict[ExchangeId, AnswerTokens] = {}
        """Of the answers that are being played."""

    def add(self, watcher: Watcher) -> None:
        """Tell one more from now on."""
        self._all += (watcher,)

    def note_play(self, request: Request, play: Play) -> None:
        """Take an answer that is about to be played."""
        if play.exchange is None:
            for watcher in self._all:
                watcher.note_unrecorded(request, play.steps)
        elif play.tokens is not None and self._all:
            self._tokens[play.exchange] = play.tokens

    def note_end(self, named: ExchangeId, exchange: Exchange | None, ending: Ending) -> None:
        """Take a request whose answer has ended."""
        tokens = self._tokens.pop(named, None)
        for watcher in self._all:
            watcher.note_end(named, exchange, ending, tokens)

    def waits(self, ask: Ask) -> None:
        """Take a request that begins to wait for a person."""
        for watcher in self._all:
            watcher.waits(ask)
