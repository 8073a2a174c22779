"""One problem, described in a sentence."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from llemulator_addon.engine.journal import Exchange

_WORDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A problem and its evidence."""

    name: str
    """Of the kind of finding; under it, it can be switched off."""
    sentence: str
    rule: str | None = None
    exchanges: tuple[int, ...] = ()
    """Numbers of the exchanges that show it."""
    evidence: Mapping[str, Any] = field(default_factory=dict)
    """Times and counts that show it, as JSON."""


def cite(exchange: Exchange) -> str:
    """Name an exchange in a sentence: its number, what it asked, and of which model."""
    # One that came as a message of WebSocket.
    method = "message to" if exchange.http_version == "WebSocket" else exchange.method
    asked = f"{method} {exchange.path}"
    model = f", {exchange.model}" if exchange.model else ""
    words = f', "{shorten(exchange.user_text)}"' if exchange.user_text else ""
    return f"Request {exchange.number} ({asked}{model}{words})"


def shorten(text: str) -> str:
    """Return a text in one line, without its end where it is long."""
    line = " ".join(text.split())
    return line if len(line) <= _WORDS else f"{line[:_WORDS]}…"


def once_or_times(count: int) -> str:
    """Spell how often."""
    return {0: "never", 1: "once", 2: "twice"}.get(count, f"{count} times")
