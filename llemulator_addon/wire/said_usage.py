"""The tokens that an answer says it took, read from the end of its bytes."""

from collections.abc import Sequence

import re2

from llemulator_addon.core.answer_tokens import SaidUsage

_LAST_PIECES = 3
"""The usage of a stream is among these: in Chat Completions `[DONE]` comes behind it."""
_AT_MOST = 2000
"""Bytes of the object with the usage."""
_NAME = b'"usage"'
_PROMPT = re2.compile(rb'"(?:prompt|input)_tokens"\s*:\s*(\d{1,12})')
_ANSWER = re2.compile(rb'"(?:completion|output)_tokens"\s*:\s*(\d{1,12})')


def find_usage(pieces: Sequence[bytes]) -> SaidUsage | None:
    """Return what the end of an answer says, given in the pieces in which it was sent; None if it says nothing."""
    for piece in reversed(pieces[-_LAST_PIECES:]):
        # No text within the answer can look like it: there the quotes are escaped.
        if (at := piece.rfind(_NAME)) < 0:
            continue
        usage = piece[at : at + _AT_MOST]
        if (prompt := _PROMPT.search(usage)) is not None:
            answer = _ANSWER.search(usage)
            return SaidUsage(int(prompt[1]), int(answer[1]) if answer is not None else 0)
    return None
