"""The rest of an answer of which only the beginning is there."""

from typing import Protocol

from llemulator_addon.core.steps import Steps


class Rest(Protocol):
    """Steps that come, or are made, while those before them are sent.

    The player of an answer asks for more when the client has taken what went before, until `take` returns nothing, and
    calls `leave` at the end.
    """

    async def more(self) -> None:
        """Wait until more is there, or all was. Raises nothing, and ends when the answer is left."""
        ...

    def take(self) -> Steps:
        """Return what is there, once; nothing: that was all."""
        ...

    def leave(self) -> None:
        """Let go of what the steps come from: that was all, or nobody listens any more. May be called again."""
        ...
