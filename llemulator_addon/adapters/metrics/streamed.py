"""The sends of a stream that bring a token, told by their bytes: answers of upstreams are read as well as ours."""

import re

_IN_EVENT_NAME = 200
"""Characters in which the type of an event stands."""
_EMPTY_DELTA = re.compile(rb'"delta"\s*:\s*\{\s*\}')
_ONLY_ROLE = re.compile(rb'"content"\s*:\s*(?:""|null)')


def brings_token(piece: bytes) -> bool:
    """Whether a send of a stream brings something of the model, and not only that it begins or ends."""
    if b'.delta"' in piece[:_IN_EVENT_NAME]:
        return True
    if b'"delta"' in piece:
        is_first = b'"role"' in piece and _ONLY_ROLE.search(piece) is not None and b'"tool_calls"' not in piece
        return not is_first and _EMPTY_DELTA.search(piece) is None
    return b'"text_completion"' in piece and b'"text":""' not in piece and b'"text"' in piece
