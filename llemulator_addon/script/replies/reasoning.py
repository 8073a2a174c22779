"""`reasoning`: a summary of the model's reasoning, shown where the endpoint has a place for it."""

from llemulator_addon.core.reply import Block, Reasoning


def reasoning(wanted: str) -> tuple[Block, ...]:
    """Reason so before the answer."""
    return (Reasoning(wanted),)
