"""A line of the log for each request: method, path, model, the rule that answered, status, and duration."""

import logging

from llemulator_addon.core.outcome import Ask
from llemulator_addon.engine.journal import Exchange

logger = logging.getLogger(__name__)

_LONGEST = 200
_ENDINGS = {"cut": ", cut", "client_left": ", the client left"}


class RequestLog:
    """Writes the lines."""

    def note_end(self, exchange: Exchange) -> None:
        """Log a request whose answer has ended."""
        if logger.isEnabledFor(logging.INFO):
            logger.info(describe(exchange))

    def waits(self, ask: Ask) -> None:
        """Warn of a request that nobody answers until a person does."""
        logger.warning(
            "request %d waits for a person: POST /_emulator/waiting/%d answers it (%s %s %s)",
            ask.exchange.number,
            ask.exchange.number,
            ask.request.method[:_LONGEST],
            ask.request.path[:_LONGEST],
            ask.prompt.model[:_LONGEST],
        )


def describe(exchange: Exchange) -> str:
    """Describe a request and its answer in one line."""
    asked = " ".join(filter(None, (exchange.method, exchange.path[:_LONGEST], (exchange.model or "")[:_LONGEST])))
    ending = exchange.ending
    took = "" if ending is None else f" in {ending.seconds:.2f} s{_ENDINGS.get(ending.how, '')}"
    return f"{asked}: {_name_origin(exchange)}, {exchange.status or 'no status'}{took}"


def _name_origin(exchange: Exchange) -> str:
    if exchange.rule is not None:
        return f'rule "{exchange.rule}"'
    if exchange.upstream is not None:
        return f"forwarded to {exchange.upstream}"
    if exchange.is_unsupported:
        return "unsupported"
    return "unmatched" if exchange.unmatched is not None else exchange.endpoint or ""
