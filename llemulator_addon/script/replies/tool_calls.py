"""`tool_calls`, and `tool_call` among blocks: calls of the client's tools."""

from typing import Any, Literal, Self

from pydantic import model_validator

from llemulator_addon.core.reply import Block, ToolCall
from llemulator_addon.script.model import ScriptPart
from llemulator_addon.script.texts import json_text

ItemStatus = Literal["in_progress", "completed", "incomplete"]


class ToolCallPart(ScriptPart):
    """One call: of a function with `arguments`, or of a custom tool with `input`."""

    name: str
    arguments: dict[str, Any] | str | None = None
    input: str | None = None
    id: str | None = None
    namespace: str | None = None
    """Of a tool that was found by a tool search; shown in Responses."""
    caller: dict[str, Any] | str | None = None
    """The caller, in OpenAI's fields; a text is the `call_id` of a program. Shown in Responses."""
    status: ItemStatus | None = None
    """Of its item in Responses."""
    item_id: str | None = None
    """Of its item in Responses."""

    @model_validator(mode="after")
    def _is_one_kind(self) -> Self:
        if self.arguments is not None and self.input is not None:
            message = '"arguments" is for a function and "input" for a custom tool; give one of them'
            raise ValueError(message)
        return self

    def fields(self) -> dict[str, Any] | None:
        """Return the fields that its item has in place of the usual ones."""
        caller = {"type": "program", "caller_id": self.caller} if isinstance(self.caller, str) else self.caller
        return select_given(id=self.item_id, status=self.status, caller=caller)


def select_given(**fields: object) -> dict[str, Any] | None:
    """Return the fields that are given; None if there are none."""
    return {name: value for name, value in fields.items() if value is not None} or None


def tool_calls(wanted: list[ToolCallPart]) -> tuple[Block, ...]:
    """Call these tools, side by side."""
    return tuple(block for call in wanted for block in tool_call(call))


def tool_call(wanted: ToolCallPart) -> tuple[Block, ...]:
    """Call this tool."""
    item = wanted.fields()
    if wanted.input is not None:
        return (ToolCall(name=wanted.name, arguments=wanted.input, id=wanted.id, custom=True, item=item),)
    arguments = wanted.arguments if isinstance(wanted.arguments, str) else json_text(wanted.arguments or {})
    return (ToolCall(name=wanted.name, arguments=arguments, id=wanted.id, namespace=wanted.namespace, item=item),)
