"""JSON within texts, as models write it."""

import json
from typing import Any


def json_text(value: Any) -> str:  # noqa: ANN401
    """Spell a value without white space, characters unescaped."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
