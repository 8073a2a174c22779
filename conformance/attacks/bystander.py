"""Another client of the server: it asks small things, one after the other, and notes how long each took."""

import http.client
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from conformance.attacks.attack import chat

_PAUSE = 0.01
_GIVES_UP_AFTER = 60


@dataclass(slots=True)
class Waits:
    """How long the answers took."""

    seconds: list[float] = field(default_factory=list)
    error: Exception | None = None
    """What went wrong for this client."""

    @property
    def answers(self) -> int:
        """How many came."""
        return len(self.seconds)

    @property
    def longest(self) -> float:
        """The longest wait."""
        return max(self.seconds, default=0.0)

    def percentile(self, share: float) -> float:
        """Return what so many of the waits are below, had requests come at an even pace.

        A client that waits asks nothing meanwhile: those that it would have asked waited, too.
        """
        waits = sorted(wait for each in self.seconds for wait in _with_those_not_asked(each))
        return waits[min(len(waits) - 1, int(len(waits) * share))] if waits else 0.0


def _with_those_not_asked(wait: float) -> Iterator[float]:
    while wait > 0:
        yield wait
        wait -= _PAUSE


@dataclass(slots=True)
class _Client:
    port: int
    waits: Waits
    leaves: threading.Event = field(default_factory=threading.Event)
    asked_at: float | None = None

    def ask_until_left(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_GIVES_UP_AFTER)
        try:
            while not self.leaves.wait(_PAUSE):
                self._ask(connection)
        except (OSError, http.client.HTTPException) as error:
            # Once it has left, nobody asks what becomes of it.
            if not self.leaves.is_set():
                self.waits.error = error
        finally:
            connection.close()

    def _ask(self, connection: http.client.HTTPConnection) -> None:
        headers = {"authorization": "Bearer sk-bystander", "content-type": "application/json"}
        self.asked_at = time.monotonic()
        connection.request("POST", "/v1/chat/completions", json.dumps(chat("Hello")), headers)
        answer = connection.getresponse()
        answer.read()
        self.waits.seconds.append(time.monotonic() - self.asked_at)
        self.asked_at = None
        if answer.status != http.client.OK:
            raise http.client.HTTPException(f"the other client was answered with {answer.status}")


@contextmanager
def asking(port: int) -> Iterator[Waits]:
    """Ask for as long as this is open. What is not answered then counts with the time that it has waited."""
    waits = Waits()
    client = _Client(port, waits)
    thread = threading.Thread(target=client.ask_until_left, daemon=True)
    thread.start()
    try:
        yield waits
    finally:
        client.leaves.set()
        thread.join(1)
        if (asked_at := client.asked_at) is not None:
            waits.seconds.append(time.monotonic() - asked_at)
