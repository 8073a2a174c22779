"""`text`: what the model says."""

from llemulator_addon.core.reply import Block, Text


def text(wanted: str) -> tuple[Block, ...]:
    """Say these words."""
    return (Text(wanted),)
