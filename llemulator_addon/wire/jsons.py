"""JSON as OpenAI spells it: bodies in two-space lines, events compact.

Characters are never escaped without need, but in the bodies of Responses all beyond ASCII are.
"""

import json
from typing import Any

from pydantic_core import PydanticSerializationError, from_json, to_json


def pretty(value: Any) -> bytes:  # noqa: ANN401
    """Spell a body, without the final line feed that chat has and other endpoints have not."""
    try:
        return to_json(value, indent=2)
    except PydanticSerializationError:
        return _escaping_surrogates(json.dumps(value, indent=2, ensure_ascii=False))


def escaped(value: Any) -> bytes:  # noqa: ANN401
    """Spell a body of Responses and what goes with them. Recorded from 2025-06 to 2026-08: in ASCII alone."""
    body = pretty(value)
    return body if body.isascii() else json.dumps(value, indent=2).encode()


def compact(value: Any) -> bytes:  # noqa: ANN401
    """Spell an event."""
    try:
        return to_json(value)
    except PydanticSerializationError:
        return _escaping_surrogates(json.dumps(value, separators=(",", ":"), ensure_ascii=False))


def read(body: bytes) -> Any:  # noqa: ANN401
    """Read JSON text; ValueError says what is wrong and where."""
    return from_json(body, allow_inf_nan=False)


def _escaping_surrogates(text: str) -> bytes:
    # A script may hold half of a surrogate pair; Python's escape for it is JSON's too.
    return text.encode("utf-8", errors="backslashreplace")
