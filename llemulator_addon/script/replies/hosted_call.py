"""`hosted_call`: a call of a tool that OpenAI itself runs, shown in Responses."""

from typing import Annotated

from pydantic import ConfigDict, Field

from llemulator_addon.core.reply import Block, HostedCall
from llemulator_addon.script.model import ScriptPart


class HostedCallPart(ScriptPart):
    """Its item type, and fields of the finished item as OpenAI names them; what is not given is as usual."""

    # The items' fields are OpenAI's and grow with its API.
    model_config = ConfigDict(extra="allow", strict=True, frozen=True, allow_inf_nan=False)

    type: Annotated[str, Field(pattern="^[a-z_]+$", examples=["web_search_call", "file_search_call"])]


def show_hosted_call(wanted: HostedCallPart) -> tuple[Block, ...]:
    """Show that OpenAI ran one of its own tools, as `web_search_call` or `code_interpreter_call`."""
    return (HostedCall(type=wanted.type, fields=wanted.model_extra or {}),)
