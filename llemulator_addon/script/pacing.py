"""`stream`: when the pieces of a stream leave."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from llemulator_addon.script.model import ScriptPart


@dataclass(frozen=True, slots=True, kw_only=True)
class Pacing:
    """How a stream is delivered."""

    ttft: float = 0.0
    """Seconds from the head to the first token."""
    tokens_per_second: float | None = None
    """None: without waiting."""
    jitter: float = 0.0
    """Each gap is longer or shorter by up to this share of itself, drawn from the stamp."""
    chunk_by: Literal["token", "word", "character"] | int = "token"
    under_load: bool = False
    """Whether a model server takes this time, so that it takes longer while other requests run."""


LONGEST_WAIT = 86_400.0
"""Seconds. Nothing in a script lasts longer than a day."""


class StreamPart(ScriptPart):
    """`stream` as a script writes it."""

    ttft_ms: Annotated[float, Field(ge=0, le=LONGEST_WAIT * 1000)] = 0.0
    tokens_per_second: Annotated[float, Field(gt=0)] | None = None
    jitter: Annotated[float, Field(ge=0, le=1)] = 0.0
    chunk_by: Literal["token", "word", "character"] | Annotated[int, Field(ge=1)] = "token"

    def pacing(self) -> Pacing:
        """Return what it asks for, in seconds."""
        return Pacing(
            ttft=self.ttft_ms / 1000,
            tokens_per_second=self.tokens_per_second,
            jitter=self.jitter,
            chunk_by=self.chunk_by,
        )
