"""`refusal`: words in which the model declines."""

from llemulator_addon.core.reply import Block, Refusal


def refusal(wanted: str) -> tuple[Block, ...]:
    """Decline with these words."""
    return (Refusal(wanted),)
