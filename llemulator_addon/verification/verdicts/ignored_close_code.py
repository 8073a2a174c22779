"""`ignored_close_code`: connected again at once, although the close code of the WebSocket connection forbids that."""

from collections.abc import Iterator, Mapping

from llemulator_addon.verification.finding import Finding
from llemulator_addon.verification.verdicts.client_history import ClientHistory
from llemulator_addon.verification.verdicts.reconnections import list_reconnections

WAITED_FOR: Mapping[int, str] = {
    1008: "the client broke a rule, and will again",
    1012: "the service restarts",
    1013: "the server has too much to do",
}
"""Codes after which a client waits, or does not come again (RFC 6455, 7.4.1; IANA's registry of close codes)."""
_TOO_EARLY: Mapping[int, float] = {1008: 1.0, 1012: 0.2, 1013: 0.2}
"""Seconds. OpenAI's SDKs do not come again by themselves after 1008, and after the others with their backoff."""


def find_ignored_close_codes(asking: ClientHistory) -> Iterator[Finding]:
    """Look for connections that follow at once one that was closed with such a code."""
    for each in list_reconnections(asking):
        closed = each.closed
        if closed is None or closed.code not in WAITED_FOR or each.waited >= _TOO_EARLY[closed.code]:
            continue
        yield Finding(
            name="ignored_close_code",
            sentence=f"The WebSocket connection of request {each.before.number} was closed with {closed.code} "
            f"({WAITED_FOR[closed.code]}), and request {each.after.number} connected again after {each.waited:.2f} s.",
            exchanges=(each.before.number, each.after.number),
            evidence={"code": closed.code, "waited": round(each.waited, 3)},
        )
