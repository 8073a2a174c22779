"""A line of the log for each request: method, path, model, the rule that answered, status, and duration.

In stock mitmdump only `WaitLog` writes: mitmproxy prints each request itself, and each line costs it as much as a hook.
"""

import logging
from typing import assert_never, override

from llemulator_addon.adapters.origins import find_origin
from llemulator_addon.core.answer_tokens import AnswerTokens
from llemulator_addon.core.outcome import ENDING_WORDS, Ask, Ending
from llemulator_addon.core.request import Request
from llemulator_addon.core.session_key import ExchangeId
from llemulator_addon.core.steps import Steps
from llemulator_addon.engine.journal import Exchange
from llemulator_addon.verification.talk_messages import OVER_WEBSOCKET, SWITCHED

logger = logging.getLogger(__name__)

_LONGEST = 200


class WaitLog:
    """Writes the warnings alone."""

    def note_end(
        self, named: ExchangeId, exchange: Exchange | None, ending: Ending, tokens: AnswerTokens | None
    ) -> None:
        """Log nothing."""

    def note_unrecorded(self, request: Request, steps: Steps) -> None:
        """Log nothing."""

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


class RequestLog(WaitLog):
    """Writes all lines."""

    @override
    def note_end(
        self, named: ExchangeId, exchange: Exchange | None, ending: Ending, tokens: AnswerTokens | None
    ) -> None:
        """Log a request whose answer has ended."""
        if exchange is not None and logger.isEnabledFor(logging.INFO):
            logger.info(describe(exchange._replace(ending=ending)))


def describe(exchange: Exchange) -> str:
    """Describe a request and its answer in one line."""
    method = "message" if exchange.http_version == OVER_WEBSOCKET else exchange.method
    asked = " ".join(filter(None, (method, exchange.path[:_LONGEST], (exchange.model or "")[:_LONGEST])))
    ending = exchange.ending
    took = "" if ending is None else f" in {ending.seconds:.2f} s{ENDING_WORDS.get(ending.how, '')}"
    if exchange.status == SWITCHED:
        closed = ending.closed if ending is not None else None
        by = (
            "" if closed is None else f", closed with {closed.code} by the {'client' if closed.by_client else 'server'}"
        )
        return f"{asked}: WebSocket, {exchange.messages.recorded} messages{took}{by}"
    return f"{asked}: {_name_origin(exchange)}, {exchange.status or 'no status'}{took}"


def _name_origin(exchange: Exchange) -> str:
    match find_origin(exchange):
        case "rule":
            return f'rule "{exchange.rule}"'
        case "upstream":
            return f"forwarded to {exchange.upstream}"
        case "unsupported":
            return "unsupported"
        case "fallback":
            return "unmatched"
        case "acting_model":
            return "a model that always fails"
        case "refusal":
            return "refused"
        case "operation":
            return "without a rule"
        case never:
            assert_never(never)
