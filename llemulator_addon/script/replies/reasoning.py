"""`reasoning`: a summary of the model's reasoning, shown where the endpoint has a place for it."""

from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from llemulator_addon.core.reply import Block, Reasoning
from llemulator_addon.script.model import ScriptPart
from llemulator_addon.script.replies.tool_calls import ItemStatus, select_given
from llemulator_addon.script.short_forms import is_text, list_of_one, part_with

_Texts = Annotated[list[str], list_of_one(is_text, str | list[str])]


class ReasoningPart(ScriptPart):
    """The parts of the summary, and further fields of the item in Responses."""

    summary: _Texts | None = None
    content: _Texts | None = None
    """The reasoning itself, as models with open weights show it."""
    encrypted_content: str | None = None
    id: str | None = None
    status: ItemStatus | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set:
            message = "give summary, content, encrypted_content, id or status"
            raise ValueError(message)
        return self

    def fields(self) -> dict[str, Any] | None:
        """Return the fields that its item has in place of the usual ones."""
        return select_given(id=self.id, encrypted_content=self.encrypted_content, status=self.status)


_SummaryParts = Annotated[list[str], Field(min_length=1)]


def _is_summary(value: object) -> bool:
    return is_text(value) or (isinstance(value, list) and bool(value))


Reasons = Annotated[ReasoningPart, part_with("summary", _is_summary, str | _SummaryParts | ReasoningPart)]


def reasoning(wanted: Reasons) -> tuple[Block, ...]:
    """Reason so before the answer; a list gives the parts of the summary."""
    first, *more = wanted.summary or [""]
    return (Reasoning(first, tuple(more), content=tuple(wanted.content or ()), item=wanted.fields()),)
