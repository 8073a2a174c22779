"""`blocks`: reasoning, texts and calls in the order given."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import Field, create_model, model_validator

from llemulator_addon.core.reply import Block
from llemulator_addon.script.model import ScriptPart, list_given_words, word_fields
from llemulator_addon.script.replies.audio import audio
from llemulator_addon.script.replies.hosted_call import show_hosted_call
from llemulator_addon.script.replies.json_text import json_value
from llemulator_addon.script.replies.message import message
from llemulator_addon.script.replies.reasoning import reasoning
from llemulator_addon.script.replies.refusal import refusal
from llemulator_addon.script.replies.text import text
from llemulator_addon.script.replies.tool_calls import tool_call

BLOCKS: dict[str, Callable[[Any], tuple[Block, ...]]] = {
    "reasoning": reasoning,
    "text": text,
    "audio": audio,
    "message": message,
    "json": json_value,
    "refusal": refusal,
    "tool_call": tool_call,
    "hosted_call": show_hosted_call,
}
"""The kinds of one block."""


class BlockPart(ScriptPart):
    """One block: an object with one of its words."""

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if len(self.model_fields_set) != 1:
            message = f"a block is one of {', '.join(BLOCKS)}"
            raise ValueError(message)
        return self

    def blocks(self) -> tuple[Block, ...]:
        """Return it."""
        return tuple(block for word, given in list_given_words(self, BLOCKS) for block in word(given))


if TYPE_CHECKING:
    BlockSpec = BlockPart
else:
    BlockSpec = create_model(
        "Block", __base__=BlockPart, __module__=__name__, __doc__="One block.", **word_fields(BLOCKS, "wanted")
    )


def blocks(wanted: Annotated[list[BlockSpec], Field(min_length=1)]) -> tuple[Block, ...]:
    """Say these, in this order."""
    return tuple(block for part in wanted for block in part.blocks())
