"""Verdicts on the client, from what the wire showed: to add one is one file and one line here."""

from collections.abc import Iterator

from llemulator_addon.verification.finding import Finding
from llemulator_addon.verification.verdicts.accepted_cut_stream import find_accepted_cut_streams
from llemulator_addon.verification.verdicts.client_history import ClientHistory, VerdictFunction
from llemulator_addon.verification.verdicts.dead_connection import find_dead_connections
from llemulator_addon.verification.verdicts.early_retry import find_early_retries
from llemulator_addon.verification.verdicts.gave_up_early import find_early_surrender
from llemulator_addon.verification.verdicts.ignored_close_code import find_ignored_close_codes
from llemulator_addon.verification.verdicts.ignored_error_event import find_ignored_error_events
from llemulator_addon.verification.verdicts.ignored_should_retry import find_ignored_should_retry
from llemulator_addon.verification.verdicts.new_connections import find_new_connections
from llemulator_addon.verification.verdicts.no_backoff import find_missing_backoff
from llemulator_addon.verification.verdicts.no_read_timeout import find_missing_read_timeout
from llemulator_addon.verification.verdicts.no_reconnect_backoff import find_missing_reconnect_backoff
from llemulator_addon.verification.verdicts.retried_in_vain import find_retries_in_vain
from llemulator_addon.verification.verdicts.retry_storm import find_retry_storms

VERDICTS: dict[str, VerdictFunction] = {
    "retried_in_vain": find_retries_in_vain,
    "early_retry": find_early_retries,
    "ignored_should_retry": find_ignored_should_retry,
    "retry_storm": find_retry_storms,
    "no_backoff": find_missing_backoff,
    "gave_up_early": find_early_surrender,
    "accepted_cut_stream": find_accepted_cut_streams,
    "ignored_error_event": find_ignored_error_events,
    "no_read_timeout": find_missing_read_timeout,
    "new_connections": find_new_connections,
    "dead_connection": find_dead_connections,
    "no_reconnect_backoff": find_missing_reconnect_backoff,
    "ignored_close_code": find_ignored_close_codes,
}


def verdicts(asking: ClientHistory) -> Iterator[Finding]:
    """Yield the problems in how a client behaved."""
    for verdict in VERDICTS.values():
        yield from verdict(asking)


__all__ = ["VERDICTS", "ClientHistory", "verdicts"]
