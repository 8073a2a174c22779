"""`dead_connection`: sent a request on a connection that was over."""

from collections.abc import Iterator

from llemulator_addon.core.steps import Cut
from llemulator_addon.verification.finding import Finding, cite
from llemulator_addon.verification.verdicts.client_history import Attempt, ClientHistory


def find_dead_connections(asking: ClientHistory) -> Iterator[Finding]:
    """Look for requests on a connection that was closed before: by a cut, a GOAWAY, or `connection: close`."""
    over: dict[str, tuple[Attempt, str]] = {}
    for attempt in asking.attempts:
        connection = attempt.exchange.connection
        if connection in over:
            before, how = over[connection]
            if before.end is not None and before.end < attempt.start:
                yield Finding(
                    name="dead_connection",
                    sentence=f"{cite(attempt.exchange)} came on a connection that {how} with request {before.number}.",
                    exchanges=(before.number, attempt.number),
                    evidence={"connection": connection},
                )
        if (how_it_ended := _how_it_ended(attempt)) is not None:
            over.setdefault(connection, (attempt, how_it_ended))


def _how_it_ended(attempt: Attempt) -> str | None:
    exchange = attempt.exchange
    if exchange.ending is None:
        return None
    if attempt.headers.get("connection", "").lower() == "close":
        return "was announced to close"
    cut = next((step for step in exchange.steps if isinstance(step, Cut)), None)
    if exchange.ending.how != "cut" or cut is None:
        return None
    if exchange.http_version.startswith("HTTP/2") and cut.how == "close":
        return None  # that resets one stream, and the connection stays
    return "was sent away" if cut.how == "goaway" else "was cut"
