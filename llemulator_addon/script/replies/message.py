"""`message`: a text with its citations and its phase, shown in Responses."""

from typing import Any, Literal

from llemulator_addon.core.reply import Block, Text
from llemulator_addon.script.model import ScriptPart


class MessagePart(ScriptPart):
    """Text, and the annotations that Responses add to it."""

    text: str
    annotations: list[dict[str, Any]] | None = None
    """Citations in OpenAI's fields, as `{type: url_citation, url, title, start_index, end_index}`."""
    phase: Literal["commentary", "final_answer"] | None = None


def message(wanted: MessagePart) -> tuple[Block, ...]:
    """Say these words, with citations."""
    return (Text(wanted.text, annotations=tuple(wanted.annotations or ()), phase=wanted.phase),)
