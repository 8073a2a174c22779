"""How large the head of a request may be, as web servers bound it. Without a bound it fills the memory."""

import re

from llemulator_addon.adapters import proxy_errors
from llemulator_addon.core.steps import Steps

MOST_BYTES = 64 << 10
"""Of a head, and of what is like one: the trailers of a body in chunks, the line before a chunk. HTTP/2's library has
the same bound."""
MOST_BYTES_OF_TARGET = 16 << 10
"""Of a request's line, as at the edge of the real API (Cloudflare's limit for URLs)."""
MOST_LINES = 500
SECONDS = 60.0
"""How long a head may be under way (nginx's `client_header_timeout`)."""

_END = re.compile(rb"\n\r?\n")


def is_whole(received: bytes) -> bool:
    """Whether all of a head is there."""
    return _END.search(received) is not None


def refuse_head(received: bytes) -> Steps | None:
    """Return the answer to a request whose head is too large, as far as it has come; None where it is not."""
    size = found.start() if (found := _END.search(received)) else len(received)
    if received.find(b"\n", 0, MOST_BYTES_OF_TARGET) < 0 and size > MOST_BYTES_OF_TARGET:
        return proxy_errors.target_too_long(MOST_BYTES_OF_TARGET)
    if size > MOST_BYTES or received.count(b"\n", 0, size) > MOST_LINES:
        return proxy_errors.head_too_large(MOST_BYTES, MOST_LINES)
    return None
