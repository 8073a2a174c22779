"""The words of `reply` that give the content of an answer, in the order in which it is sent.

To add one is one file and one line here. The argument's type is that of the parameter `wanted`.
"""

from collections.abc import Callable
from typing import Any

from llemulator_addon.core.reply import Block
from llemulator_addon.script.replies.audio import audio
from llemulator_addon.script.replies.blocks import blocks
from llemulator_addon.script.replies.json_text import json_value
from llemulator_addon.script.replies.reasoning import reasoning
from llemulator_addon.script.replies.refusal import refusal
from llemulator_addon.script.replies.text import text
from llemulator_addon.script.replies.tool_calls import tool_calls

REPLIES: dict[str, Callable[[Any], tuple[Block, ...]]] = {
    "reasoning": reasoning,
    "text": text,
    "audio": audio,
    "json": json_value,
    "refusal": refusal,
    "tool_calls": tool_calls,
    "blocks": blocks,
}
