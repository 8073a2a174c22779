"""The tokens of an answer that was not written here, told by its bytes: an upstream's, or one that a fault changed."""

import re

from llemulator_addon.core.answer_tokens import NO_USAGE, AnswerTokens
from llemulator_addon.core.steps import Send
from llemulator_addon.engine.journal import Exchange
from llemulator_addon.wire.said_usage import find_usage

_IN_EVENT_NAME = 200
"""Characters in which the type of an event stands."""
_EMPTY_DELTA = re.compile(rb'"delta"\s*:\s*\{\s*\}')
_ONLY_ROLE = re.compile(rb'"content"\s*:\s*(?:""|null)')


def read_tokens(exchange: Exchange) -> AnswerTokens:
    """Read the tokens of an answer from its bytes."""
    sends = [step.piece for step in exchange.steps if isinstance(step, Send)]
    return AnswerTokens(find_usage(sends) or NO_USAGE, tuple(map(brings_token, sends)) if exchange.stream else ())


def brings_token(piece: bytes) -> bool:
    """Whether a send of a stream brings something of the model, and not only that it begins or ends."""
    if b'.delta"' in piece[:_IN_EVENT_NAME]:
        return True
    if b'"delta"' in piece:
        is_first = b'"role"' in piece and _ONLY_ROLE.search(piece) is not None and b'"tool_calls"' not in piece
        return not is_first and _EMPTY_DELTA.search(piece) is None
    return b'"text_completion"' in piece and b'"text":""' not in piece and b'"text"' in piece
