"""`tool_calls`: calls of the client's tools."""

from typing import Any, Self

from pydantic import model_validator

from llemulator_addon.core.reply import Block, ToolCall
from llemulator_addon.script.match import ScriptPart
from llemulator_addon.script.texts import json_text


class ToolCallPart(ScriptPart):
    """One call: of a function with `arguments`, or of a custom tool with `input`."""

    name: str
    arguments: dict[str, Any] | str | None = None
    input: str | None = None
    id: str | None = None

    @model_validator(mode="after")
    def _is_one_kind(self) -> Self:
        if self.arguments is not None and self.input is not None:
            message = '"arguments" is for a function and "input" for a custom tool; give one of them'
            raise ValueError(message)
        return self

    def block(self) -> ToolCall:
        """Return the call."""
        if self.input is not None:
            return ToolCall(name=self.name, arguments=self.input, id=self.id, custom=True)
        arguments = self.arguments if isinstance(self.arguments, str) else json_text(self.arguments or {})
        return ToolCall(name=self.name, arguments=arguments, id=self.id)


def tool_calls(wanted: list[ToolCallPart]) -> tuple[Block, ...]:
    """Call these tools, side by side."""
    return tuple(call.block() for call in wanted)
