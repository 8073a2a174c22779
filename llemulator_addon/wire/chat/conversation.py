"""The conversation and the tools of a chat completion in terms common to all endpoints."""

from collections.abc import Iterator

from llemulator_addon.core.json_type import JsonObject
from llemulator_addon.core.prompt import CalledTool, Message, Tool
from llemulator_addon.wire.members import object_in, objects_in, text_in
from llemulator_addon.wire.prompt_cache import digest_unread, list_breakpoints


def list_messages(body: JsonObject) -> Iterator[Message]:
    """Yield the messages."""
    return (_read(message) for message in objects_in(body, "messages"))


def list_tools(body: JsonObject) -> Iterator[Tool]:
    """Yield the tools that the model may call, and the older functions."""
    for tool in objects_in(body, "tools"):
        kind = text_in(tool, "type") or "function"
        if text_in(named := object_in(tool, kind), "name") is not None:
            yield _tool(named, kind)
    for function in objects_in(body, "functions"):
        yield _tool(function, "function")


def name_offered(tool: JsonObject) -> str | None:
    """Return the name of an entry of `tools`."""
    return text_in(object_in(tool, text_in(tool, "type") or "function"), "name")


def _read(message: JsonObject) -> Message:
    role, parts = text_in(message, "role") or "user", _list_texts(message)
    return Message(
        role=role,
        text="\n".join(parts),
        parts=parts if len(parts) > 1 else (),
        called=tuple(_list_calls(message)),
        unread=digest_unread(message.get("content")),
        breakpoints=list_breakpoints(message.get("content")),
        answers=text_in(message, "name" if role == "function" else "tool_call_id"),
    )


def _list_texts(message: JsonObject) -> tuple[str, ...]:
    content = message.get("content")
    if isinstance(content, str) and content:
        return (content,)
    if isinstance(content, list):
        texts = (text_in(part, "text") or text_in(part, "refusal") for part in content)
        return tuple(text for text in texts if text)
    return (text_in(message, "refusal") or "",)


def _list_calls(message: JsonObject) -> Iterator[CalledTool]:
    for call in objects_in(message, "tool_calls"):
        call_id = text_in(call, "id") or ""
        for kind, arguments in (("custom", "input"), ("function", "arguments")):
            if (name := text_in(called := object_in(call, kind), "name")) is not None:
                yield CalledTool(id=call_id, name=name, arguments=text_in(called, arguments) or "")
                break
    if (name := text_in(older := object_in(message, "function_call"), "name")) is not None:
        yield CalledTool(id=name, name=name, arguments=text_in(older, "arguments") or "")


def _tool(function: JsonObject, kind: str) -> Tool:
    return Tool(
        name=text_in(function, "name") or "",
        kind=kind,
        description=text_in(function, "description") or "",
        parameters=object_in(function, "parameters"),
    )
