"""The items of a conversation, as Responses and Conversations take them: a table of each type's members."""

from collections.abc import Mapping

from llemulator_addon.core.json_type import JSON
from llemulator_addon.wire import errors
from llemulator_addon.wire.checking import (
    Check,
    Fields,
    Place,
    an_object,
    anything,
    array,
    choose_by_kind,
    either,
    refuse_missing,
    refuse_type,
    spell,
    text,
)
from llemulator_addon.wire.errors import RequestRefused
from llemulator_addon.wire.media import output_file, responses_file, responses_image
from llemulator_addon.wire.responses.ids import PREFIXES
from llemulator_addon.wire.shared_fields import CALL_ID, ITEM_NAME, an_id


def check_item(place: Place, given: JSON) -> None:
    """Check an item; raises `RequestRefused`."""
    if not isinstance(given, dict):
        raise refuse_type(place, "an object", given)
    if given.get("type") is not None and not isinstance(given["type"], str):
        raise refuse_type((place, "type"), "a string", given["type"])
    kind = given.get("type") or ("message" if "role" in given or "id" not in given else "item_reference")
    if kind not in ITEMS:
        raise RequestRefused(errors.invalid_value(spell(place), str(kind), tuple(sorted(ITEMS))))
    ITEMS[str(kind)](place, given)


# Ids ----------------------------------------------------------------------------------------------------------------


def _item_id(kind: str) -> Check:
    """Check the id of an item. The limit and all messages are reported."""
    return an_id(PREFIXES[kind] if kind in _BEGINS_KNOWN else "")


_BEGINS_KNOWN = frozenset(
    {
        # Reported.
        *("message", "function_call", "reasoning", "custom_tool_call", "web_search_call"),
        # Recorded in answers, and taken to be refused alike.
        *("file_search_call", "code_interpreter_call", "image_generation_call", "mcp_list_tools", "mcp_call"),
        *("mcp_approval_request", "local_shell_call", "shell_call", "apply_patch_call"),
    }
)


# Messages -----------------------------------------------------------------------------------------------------------

_IMAGE = Fields(checks={"image_url": responses_image})
_TEXT = Fields(checks={"text": text()}, needs=("text",), null_is_missing=True)
# `parsed` is the SDK's own.
_SPOKEN = Fields(checks={"text": text()}, needs=("text",), null_is_missing=True, never=("parsed",))
_OF_ASSISTANT: Mapping[str, Check] = {"output_text": _SPOKEN, "refusal": Fields(checks={})}
_OF_OTHERS: Mapping[str, Check] = {
    "input_text": _TEXT,
    "input_image": _IMAGE,
    "output_text": _SPOKEN,
    "refusal": Fields(checks={}),
    "input_file": responses_file,
    "computer_screenshot": Fields(checks={}),
    "summary_text": Fields(checks={}),
}
_OF_OUTPUTS: Mapping[str, Check] = {"input_text": _TEXT, "input_image": _IMAGE, "input_file": output_file}
"""Reported: `Supported values are: 'input_text', 'input_image', and 'input_file'.`"""


def _content(parts: Mapping[str, Check]) -> Check:
    return either(
        "a string or array of objects", a_text=anything, an_array=array(choose_by_kind(parts, told_at_object=True))
    )


_ROLES = ("assistant", "system", "developer", "user")
_BY_ROLE = {role: _content(_OF_ASSISTANT if role == "assistant" else _OF_OTHERS) for role in _ROLES}
# What a conversation of chat completions brings along.
_MESSAGE = Fields(checks={"id": _item_id("message")}, never=("tool_calls", "parsed"))


def _message(place: Place, given: JSON) -> None:
    if not isinstance(given, dict):
        raise refuse_type(place, "an object", given)
    role = given.get("role")
    if role is None:
        raise refuse_missing(place, "role")
    if not isinstance(role, str) or role not in _BY_ROLE:
        raise RequestRefused(errors.invalid_value(spell(place), str(role), _ROLES))
    _MESSAGE(place, given)
    if (content := given.get("content")) is None:
        raise refuse_missing(place, "content")
    _BY_ROLE[role]((place, "content"), content)


# The table ----------------------------------------------------------------------------------------------------------


def _whole(kind: str, checks: Mapping[str, Check] | None = None, *, never: tuple[str, ...] = ()) -> Fields:
    """Return the members of a type, all of which it needs."""
    needed = checks or {}
    return Fields(
        checks={"id": _item_id(kind), **needed},
        needs=tuple(needed),
        null_is_missing=True,
        never=never,
    )


_TEXT_OR_PARTS = _content(_OF_OUTPUTS)
_SENT_BACK = (
    *("additional_tools", "apply_patch_call", "code_interpreter_call", "compaction_trigger", "computer_call"),
    *("configuration_update", "file_search_call", "image_generation_call", "local_shell_call"),
    *("mcp_approval_request", "mcp_call", "mcp_list_tools", "program", "program_output", "shell_call"),
    *("tool_search_call", "tool_search_output", "web_search_call"),
)

ITEMS: Mapping[str, Check] = {
    "message": _message,
    "item_reference": Fields(checks={"id": text()}, needs=("id",), null_is_missing=True),
    # Reported: known, and never taken.
    "reasoning": _whole("reasoning", {"summary": anything}, never=("status",)),
    # `parsed_arguments` is the SDK's own.
    "function_call": _whole(
        "function_call", {"call_id": CALL_ID, "name": ITEM_NAME, "arguments": text()}, never=("parsed_arguments",)
    ),
    "function_call_output": _whole("function_call_output", {"call_id": CALL_ID, "output": _TEXT_OR_PARTS}),
    "custom_tool_call": _whole("custom_tool_call", {"call_id": CALL_ID, "name": ITEM_NAME, "input": text()}),
    "custom_tool_call_output": _whole("custom_tool_call_output", {"call_id": CALL_ID, "output": _TEXT_OR_PARTS}),
    "computer_call_output": _whole("computer_call_output", {"call_id": CALL_ID, "output": an_object}),
    "local_shell_call_output": _whole("local_shell_call_output", {"output": anything}),
    "shell_call_output": _whole("shell_call_output", {"call_id": CALL_ID, "output": anything}),
    "apply_patch_call_output": _whole("apply_patch_call_output", {"call_id": CALL_ID}),
    "mcp_approval_response": _whole("mcp_approval_response", {"approval_request_id": text(), "approve": anything}),
    "compaction": _whole("compaction", {"encrypted_content": text()}),
    **{kind: _whole(kind) for kind in _SENT_BACK},
}
"""Required fields by type of item. The types are those of the SDK 3.52; the last ones are only ever sent back."""
