"""`embedding`: the vectors that embeddings answer with."""

from typing import Annotated, Any

from pydantic import Field

from llemulator_addon.core.reply import Near
from llemulator_addon.script.model import ScriptPart
from llemulator_addon.script.short_forms import list_of_one

Numbers = Annotated[list[float], Field(min_length=1, max_length=16_384)]


class NearPart(ScriptPart):
    """A vector near to that of a text: the cosine of the two is `similarity`."""

    near: str
    similarity: Annotated[float, Field(ge=-1, le=1)] = 0.95


def _is_vector(value: object) -> bool:
    """Return whether a value is one vector; it stands for every input."""
    if isinstance(value, list):
        return bool(value) and not any(isinstance(each, list | dict) for each in value)
    return isinstance(value, dict)


Vectors = Annotated[
    list[Numbers | NearPart],
    Field(min_length=1, max_length=2_048),
    list_of_one(_is_vector, Numbers | NearPart | list[Numbers | NearPart]),
]
"""One for each input, of which the last repeats."""


def vectors_of(given: list[Any]) -> tuple[tuple[float, ...] | Near, ...]:
    """Return the vectors."""
    return tuple(
        Near(text=each.near, similarity=each.similarity) if isinstance(each, NearPart) else tuple(each)
        for each in given
    )
