"""Verdicts on the client, from what the wire showed: to add one is one file and one line here."""

from collections.abc import Iterator

from llemulator_addon.verification.finding import Finding
from llemulator_addon.verification.verdicts.accepted_cut_stream import accepted_cut_stream
from llemulator_addon.verification.verdicts.client_history import Asking, Verdict
from llemulator_addon.verification.verdicts.dead_connection import dead_connection
from llemulator_addon.verification.verdicts.early_retry import early_retry
from llemulator_addon.verification.verdicts.gave_up_early import gave_up_early
from llemulator_addon.verification.verdicts.ignored_error_event import ignored_error_event
from llemulator_addon.verification.verdicts.ignored_should_retry import ignored_should_retry
from llemulator_addon.verification.verdicts.new_connections import new_connections
from llemulator_addon.verification.verdicts.no_backoff import no_backoff
from llemulator_addon.verification.verdicts.no_read_timeout import no_read_timeout
from llemulator_addon.verification.verdicts.retried_in_vain import retried_in_vain
from llemulator_addon.verification.verdicts.retry_storm import retry_storm

VERDICTS: dict[str, Verdict] = {
    "retried_in_vain": retried_in_vain,
    "early_retry": early_retry,
    "ignored_should_retry": ignored_should_retry,
    "retry_storm": retry_storm,
    "no_backoff": no_backoff,
    "gave_up_early": gave_up_early,
    "accepted_cut_stream": accepted_cut_stream,
    "ignored_error_event": ignored_error_event,
    "no_read_timeout": no_read_timeout,
    "new_connections": new_connections,
    "dead_connection": dead_connection,
}


def verdicts(asking: Asking) -> Iterator[Finding]:
    """Yield all that is amiss with how a client asked."""
    for verdict in VERDICTS.values():
        yield from verdict(asking)


__all__ = ["VERDICTS", "Asking", "verdicts"]
