"""MCP in Realtime: the tools of a server as an item, calls that OpenAI makes there, and their approval.

No MCP server is asked. A script gives the tools, whether they could be listed, and the calls; other tools that are
listed are those that a session allows by name.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from llemulator_addon.core.json_type import JsonObject
from llemulator_addon.core.prompt import Prompt
from llemulator_addon.core.reply import HostedCall, ModelOutput
from llemulator_addon.wire.answer import Answer, Call, EventStream, Made, Manner, Piece
from llemulator_addon.wire.json_bytes import compact
from llemulator_addon.wire.members import list_in, objects_in, text_in
from llemulator_addon.wire.realtime.items import RealtimeItemFields
from llemulator_addon.wire.realtime.session import RealtimeSessionFields
from llemulator_addon.wire.sse import frame_unnamed

CALL, APPROVAL_REQUEST, APPROVAL = "mcp_call", "mcp_approval_request", "mcp_approval_response"
LIST = "mcp_list_tools"
LISTING = "realtime.mcp_list_tools"
"""The endpoint that is asked for the tools of a server."""
_NO_ARGUMENTS: Mapping[str, Any] = {"type": "object", "properties": {}}


def find_new_servers(
    before: RealtimeSessionFields | None, session: RealtimeSessionFields
) -> Iterator[Mapping[str, Any]]:
    """Yield the MCP servers of a session that it has not had before, or with other settings."""
    known = objects_in(before, "tools")
    return (tool for tool in objects_in(session, "tools") if tool.get("type") == "mcp" and tool not in known)


def begin_list(item_id: str, server: Mapping[str, Any]) -> RealtimeItemFields:
    """Return the item of the tools of a server, while they are asked for."""
    return {"id": item_id, "type": LIST, "server_label": server.get("server_label"), "tools": []}


def describe_listing(item: RealtimeItemFields, server: Mapping[str, Any], before: str | None) -> dict[str, Any]:
    """Return the body of the request for the tools of a server. It has nothing that may be secret."""
    known = {name: server[name] for name in ("connector_id", "allowed_tools") if name in server}
    return {"server_label": item["server_label"], **known, "item_id": item["id"], "previous_item_id": before}


def read_listing(call: Call, body: JsonObject) -> Prompt:
    """Understand that a talk wants the tools of a server."""
    del call
    return Prompt(endpoint=LISTING, model="", stream=True, body=body)


def write_list(prompt: Prompt, says: ModelOutput, manner: Manner) -> Answer:
    """Write the tools of a server as events, or that they could not be listed."""
    label = text_in(prompt.body, "server_label")
    lists = (block for block in says.choice(0).blocks if isinstance(block, HostedCall) and block.type == LIST)
    given = next((each.fields for each in lists if each.fields.get("server_label", label) == label), {})
    failed = given.get("error") is not None
    tools = list_in(given, "tools") if "tools" in given else _list_allowed(prompt.body)
    item = begin_list(text_in(prompt.body, "item_id") or "", prompt.body)
    done = {**item, "tools": [] if failed else [_fill(each) for each in tools if isinstance(each, str | dict)]}
    events = end_list(done, text_in(prompt.body, "previous_item_id"), failed=failed)
    return EventStream(pieces=Made(partial(_spell_events, manner, tuple(events))))


def end_list(
    item: RealtimeItemFields, before: str | None, *, failed: bool
) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Yield the types and the fields of the last events of a list of tools."""
    yield "conversation.item.done", {"previous_item_id": before, "item": item}
    yield f"{LIST}.{'failed' if failed else 'completed'}", {"item_id": item["id"]}


def _spell_events(manner: Manner, events: tuple[tuple[str, Mapping[str, object]], ...]) -> Iterator[Piece]:
    for number, (kind, fields) in enumerate(events):
        event_id = f"event_{manner.stamp.base62(f'mcp/{number}', 21)}"
        yield Piece(frame_unnamed({"type": kind, "event_id": event_id, **fields}))


def _list_allowed(body: JsonObject) -> list[object]:
    allowed = body.get("allowed_tools")
    return [*allowed] if isinstance(allowed, list) else list_in(allowed, "tool_names")


def _fill(tool: object) -> Mapping[str, Any]:
    """Return a tool as it is listed; a script may leave everything out but its name."""
    given = tool if isinstance(tool, dict) else {"name": tool}
    return {"name": "", "description": None, "input_schema": _NO_ARGUMENTS, "annotations": None, **given}


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
