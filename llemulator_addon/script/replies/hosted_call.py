"""`hosted_call`: a call of a tool that OpenAI itself runs, shown in Responses."""

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from llemulator_addon.core.reply import Block, HostedCall
from llemulator_addon.script.model import ScriptPart
from llemulator_addon.script.replies.audio import Base64
from llemulator_addon.wire.responses.hosted_tools import PARTIAL_IMAGES


class HostedCallPart(ScriptPart):
    """Its item type, and fields of the finished item as OpenAI names them; missing fields get their usual values."""

    # The items' fields are OpenAI's and grow with its API.
    model_config = ConfigDict(extra="allow", strict=True, frozen=True, allow_inf_nan=False)

    type: Annotated[str, Field(pattern="^[a-z_]+$", examples=["web_search_call", "file_search_call"])]

    @model_validator(mode="after")
    def _has_readable_fields(self) -> Self:
        """Refuse fields that the writer of the stream cannot read: their type is another one in OpenAI's items."""
        fields = self.model_extra or {}
        for key, (expected, adapter) in {**_OF_ALL, **_OF_TYPE.get(self.type, {})}.items():
            if key in fields and not _fits(fields[key], adapter):
                message = f'"{key}" of {self.type} must be {expected}'
                raise ValueError(message)
        return self


def _fits(value: object, adapter: TypeAdapter[Any]) -> bool:
    try:
        adapter.validate_python(value, strict=True)
    except ValidationError:
        return False
    return True


class _PatchOperation(ScriptPart):
    model_config = ConfigDict(extra="allow")
    diff: str = ""


class _ShellAction(ScriptPart):
    model_config = ConfigDict(extra="allow")
    commands: list[str] | None = None


class _MadeFile(ScriptPart):
    """A file that the code made."""

    filename: Annotated[str, Field(min_length=1)]
    text: str = ""
    data: Base64 | None = None


_OF_ALL: Mapping[str, tuple[str, TypeAdapter[Any]]] = {
    PARTIAL_IMAGES: ("an array of strings", TypeAdapter(list[str])),
}
_OF_TYPE: Mapping[str, Mapping[str, tuple[str, TypeAdapter[Any]]]] = {
    "mcp_list_tools": {"tools": ("an array of objects", TypeAdapter(list[dict[str, Any]]))},
    "web_search_call": {"action": ("an object", TypeAdapter(dict[str, Any]))},
    "shell_call": {"action": ("an object whose commands are strings", TypeAdapter(_ShellAction))},
    "shell_call_output": {"output": ("an array", TypeAdapter(list[Any]))},
    "apply_patch_call": {"operation": ("an object whose diff is a string", TypeAdapter(_PatchOperation))},
    # An array or an object is spelled as JSON.
    "code_interpreter_call": {
        "code": ("a string or null", TypeAdapter(str | list[Any] | dict[str, Any] | None)),
        "logs": ("a string", TypeAdapter(str)),
        "files": ("an array of files, each with a filename, and text or data", TypeAdapter(list[_MadeFile])),
    },
}
"""The fields of finished items that are read to write a stream, by type: the expected value in words, and its check."""


def show_hosted_call(wanted: HostedCallPart) -> tuple[Block, ...]:
    """Show that OpenAI ran one of its own tools, as `web_search_call` or `code_interpreter_call`."""
    return (HostedCall(type=wanted.type, fields=wanted.model_extra or {}),)
