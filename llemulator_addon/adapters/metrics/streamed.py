"""The tokens of an answer, read from its bytes: the sends that bring some, and the usage at its end.

Answers of upstreams are read as well as ours, so nothing here needs to know who made them.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

_LAST_SENDS = 3
"""The usage is among these: in Chat Completions `[DONE]` comes after it."""
_USAGE_AT_MOST = 2000
"""Characters of the object with the usage."""
_USAGE = re.compile(rb'"usage"\s*:\s*\{')
_PROMPT = re.compile(rb'"(?:prompt|input)_tokens"\s*:\s*(\d{1,12})')
_GENERATED = re.compile(rb'"(?:completion|output)_tokens"\s*:\s*(\d{1,12})')

_IN_EVENT_NAME = 200
"""Characters in which the type of an event stands."""
_EMPTY_DELTA = re.compile(rb'"delta"\s*:\s*\{\s*\}')
_ONLY_ROLE = re.compile(rb'"content"\s*:\s*(?:""|null)')


class TokenUsage(NamedTuple):
    """The tokens of one answer, as it says itself."""

    prompt: int
    generated: int


def read_usage(sends: Sequence[bytes]) -> TokenUsage | None:
    """Return the usage that an answer says at its end; None if it says none."""
    for piece in reversed(sends[-_LAST_SENDS:]):
        # A text cannot be taken for it: inside of one the quotes are escaped.
        at = piece.rfind(b'"usage"')
        if at < 0 or _USAGE.match(piece, at) is None:
            continue
        prompt = _PROMPT.search(piece, at, at + _USAGE_AT_MOST)
        generated = _GENERATED.search(piece, at, at + _USAGE_AT_MOST)
        if prompt is None and generated is None:
            continue
        return TokenUsage(int(prompt[1]) if prompt else 0, int(generated[1]) if generated else 0)
    return None


def brings_token(piece: bytes) -> bool:
    """Whether a send of a stream brings something of the model, and not only that it begins or ends."""
    if b'.delta"' in piece[:_IN_EVENT_NAME]:
        return True
    if b'"delta"' in piece:
        is_first = b'"role"' in piece and _ONLY_ROLE.search(piece) is not None and b'"tool_calls"' not in piece
        return not is_first and _EMPTY_DELTA.search(piece) is None
    return b'"text_completion"' in piece and b'"text":""' not in piece and b'"text"' in piece
