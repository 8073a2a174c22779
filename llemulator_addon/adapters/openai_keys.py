"""Finds keys that look like OpenAI's or Azure OpenAI's in requests to other hosts."""

import re
from collections.abc import Iterable
from itertools import chain
from urllib.parse import unquote

_KEY = re.compile(
    # What other companies sell begins with the same letters; ours do, too.
    r"(?<![A-Za-z0-9])(?:sk-(?!ant-|or-|lf-|llemulator)[A-Za-z0-9_-]{20,}|(?:sess-|ek_)[A-Za-z0-9_-]{20,})"
)
_AZURE_KEY = re.compile(r"[0-9a-f]{32}|[A-Za-z0-9]{84}")
_AZURE_NAMES = frozenset(("api-key", "ocp-apim-subscription-key"))

Pairs = Iterable[tuple[str, str]]


def has_key(headers: Pairs, query: Pairs) -> bool:
    """Whether a key stands among these headers or parameters."""
    return any(
        _KEY.search(unquote(value)) or (name.lower() in _AZURE_NAMES and _AZURE_KEY.fullmatch(value))
        for name, value in chain(headers, query)
    )
