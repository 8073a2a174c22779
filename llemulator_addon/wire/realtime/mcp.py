"""MCP in Realtime: the tools of a server as an item, calls that OpenAI makes there, and their approval.

No MCP server is asked. The listed tools are those that a session allows by name, and a script gives the calls.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from llemulator_addon.core.prompt import Prompt
from llemulator_addon.core.reply import HostedCall
from llemulator_addon.wire.json_bytes import compact
from llemulator_addon.wire.members import list_in, objects_in, text_in
from llemulator_addon.wire.realtime.items import RealtimeItemFields
from llemulator_addon.wire.realtime.session import RealtimeSessionFields

CALL, APPROVAL_REQUEST, APPROVAL = "mcp_call", "mcp_approval_request", "mcp_approval_response"
_NO_ARGUMENTS: Mapping[str, Any] = {"type": "object", "properties": {}}


def find_new_servers(
    before: RealtimeSessionFields | None, session: RealtimeSessionFields
) -> Iterator[Mapping[str, Any]]:
    """Yield the MCP servers of a session that it has not had before, or with other settings."""
    known = objects_in(before, "tools")
    return (tool for tool in objects_in(session, "tools") if tool.get("type") == "mcp" and tool not in known)


def list_tools(item_id: str, server: Mapping[str, Any]) -> tuple[RealtimeItemFields, RealtimeItemFields]:
    """Return the item of the tools of a server, while they are asked for and afterwards."""
    allowed = server.get("allowed_tools")
    names = allowed if isinstance(allowed, list) else list_in(allowed, "tool_names")
    item: RealtimeItemFields = {
        "id": item_id,
        "type": "mcp_list_tools",
        "server_label": server.get("server_label"),
        "tools": [],
    }
    tools = [
        {"name": name, "description": None, "input_schema": _NO_ARGUMENTS, "annotations": None}
        for name in names
        if isinstance(name, str)
    ]
    return item, {**item, "tools": tools}


def make_item(item_id: str, call: HostedCall, prompt: Prompt) -> dict[str, Any]:
    """Return the finished item of a call, or of a request for its approval."""
    given = call.fields
    arguments, error = given.get("arguments", "{}"), given.get("error")
    item = {
        "id": text_in(given, "id") or item_id,
        "type": call.type,
        "server_label": text_in(given, "server_label") or _find_server(prompt),
        "name": text_in(given, "name") or "",
        "arguments": arguments if isinstance(arguments, str) else compact(arguments).decode(),
    }
    if call.type == APPROVAL_REQUEST:
        return item
    return {
        **item,
        "approval_request_id": text_in(given, "approval_request_id"),
        "output": None if error is not None else _spell(given.get("output", "")),
        "error": {"type": "tool_execution_error", "message": error} if isinstance(error, str) else error,
    }


def _spell(output: object) -> str:
    return output if isinstance(output, str) else compact(output).decode()


def _find_server(prompt: Prompt) -> str:
    """Return the label of the server that a request offers, for a call that names none."""
    tools = [tool for tool in objects_in(prompt.body, "tools") if tool.get("type") == "mcp"]
    return (text_in(tools[0], "server_label") if tools else None) or "mcp"


def is_request(item: RealtimeItemFields, request_id: object) -> bool:
    """Whether an item asks for an approval, and has this id."""
    return item.get("type") == APPROVAL_REQUEST and item.get("id") == request_id
