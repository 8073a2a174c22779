"""`no_reconnect_backoff`: opened WebSocket connections again and again at once, or always after the same time."""

from collections.abc import Iterator

from llemulator_addon.verification.finding import Finding
from llemulator_addon.verification.verdicts.client_history import ClientHistory
from llemulator_addon.verification.verdicts.ignored_close_code import WAITED_FOR
from llemulator_addon.verification.verdicts.no_backoff import describe_pauses
from llemulator_addon.verification.verdicts.reconnections import Reconnection, list_reconnections


def find_missing_reconnect_backoff(asking: ClientHistory) -> Iterator[Finding]:
    """Look for connections in a row that the server ended before they were of use, without longer pauses between them.

    To connect again at once is right the first time: a connection that was of use may just have been too old.
    """
    for row in _list_rows(asking):
        pauses = [each.waited for each in row]
        if (how := describe_pauses(pauses, at_once=2)) is not None:
            yield Finding(
                name="no_reconnect_backoff",
                sentence=f"{len(row)} times in a row a WebSocket connection was ended by the server and opened again "
                f"{how}: the client waited {', '.join(f'{each:.2f}' for each in pauses)} s.",
                exchanges=(row[0].before.number, *(each.after.number for each in row)),
                evidence={"waited": [round(each, 3) for each in pauses]},
            )


def _list_rows(asking: ClientHistory) -> Iterator[list[Reconnection]]:
    rows: dict[int, list[Reconnection]] = {}
    """By the number of the last handshake."""
    for each in list_reconnections(asking):
        if each.closed is not None and each.closed.code in WAITED_FOR:
            continue
        row = [] if each.was_useful else rows.pop(each.before.number, [])
        rows[each.after.number] = [*row, each]
    yield from rows.values()
