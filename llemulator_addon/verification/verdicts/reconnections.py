"""How a client came again after its WebSocket connections."""

from collections.abc import Iterator
from dataclasses import dataclass

from llemulator_addon.core.outcome import Closed
from llemulator_addon.verification.talk_messages import OVER_WEBSOCKET, SWITCHED
from llemulator_addon.verification.verdicts.client_history import Attempt, ClientHistory, gap


@dataclass(frozen=True, slots=True)
class Reconnection:
    """A connection that the server ended, and the next one of the same client."""

    before: Attempt
    """The handshake of each."""
    after: Attempt
    was_useful: bool
    """Whether a request was answered whole on the connection before."""

    @property
    def waited(self) -> float:
        """Seconds between the two."""
        return gap(self.before, self.after)

    @property
    def closed(self) -> Closed | None:
        """The close frame of the connection before; None for one that was lost."""
        ending = self.before.exchange.ending
        return None if ending is None else ending.closed


def list_reconnections(asking: ClientHistory) -> Iterator[Reconnection]:
    """Yield each in the order of the second handshake. Of several connections that are over, one has one successor."""
    useful = {
        attempt.exchange.connection
        for attempt in asking.attempts
        if attempt.exchange.http_version == OVER_WEBSOCKET and attempt.outcome == "whole"
    }
    over: list[Attempt] = []
    for attempt in asking.attempts:
        if attempt.exchange.status != SWITCHED:
            continue
        before = max((each for each in over if _is_succeeded_by(each, attempt)), key=_end, default=None)
        if before is not None:
            over.remove(before)
            yield Reconnection(before, attempt, before.exchange.connection in useful)
        if _was_ended_by_server(attempt):
            over.append(attempt)


def _is_succeeded_by(before: Attempt, after: Attempt) -> bool:
    return _end(before) <= after.start and _identify_client(before) == _identify_client(after)


def _identify_client(attempt: Attempt) -> tuple[str, str, str | None]:
    exchange = attempt.exchange
    return exchange.host, exchange.path, exchange.headers.get("user-agent")


def _end(attempt: Attempt) -> float:
    return attempt.start if attempt.end is None else attempt.end


def _was_ended_by_server(attempt: Attempt) -> bool:
    ending = attempt.exchange.ending
    if ending is None:
        return False
    return ending.how == "cut" if ending.closed is None else not ending.closed.by_client
