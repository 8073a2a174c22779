"""`reasoning`: a summary of the model's reasoning, shown where the endpoint has a place for it."""

from typing import Annotated

from pydantic import BeforeValidator, Field

from llemulator_addon.core.reply import Block, Reasoning


def _parts(value: object) -> object:
    return [value] if isinstance(value, str) else value


Parts = Annotated[list[str], Field(min_length=1), BeforeValidator(_parts, json_schema_input_type=str | list[str])]


def reasoning(wanted: Parts) -> tuple[Block, ...]:
    """Reason so before the answer; a list gives the parts of the summary."""
    first, *more = wanted
    return (Reasoning(first, tuple(more)),)
