"""`json`: a value sent as its text, for structured output."""

from typing import Any

from llemulator_addon.core.reply import Block, Text
from llemulator_addon.script.texts import json_text


def json_value(wanted: Any) -> tuple[Block, ...]:  # noqa: ANN401
    """Say the value as JSON, spelled as models spell it."""
    return (Text(json_text(wanted)),)
