"""The input of a response: items as they are kept and listed, and the conversation that they make."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from llemulator_addon.core.prompt import CalledTool, Message
from llemulator_addon.wire.json_bytes import compact
from llemulator_addon.wire.members import text_in
from llemulator_addon.wire.prompt_cache import digest_unread, list_breakpoints
from llemulator_addon.wire.responses.ids import Ids, prefix

Item = Mapping[str, Any]


def items_of(given: object, ids: Ids) -> tuple[Item, ...]:
    """Return the items of `input` as OpenAI keeps them: with an id, a status, and content in parts."""
    if isinstance(given, str):
        given = [{"role": "user", "content": given}]
    members = given if isinstance(given, list) else []
    return tuple(_whole(item, ids, at) for at, item in enumerate(members) if isinstance(item, dict) and _is_one(item))


def _is_one(item: Item) -> bool:
    """Whether it is an item: a reference that names nothing, which only a lenient server takes, is none."""
    return _kind(item) != "item_reference" or text_in(item, "id") is not None


def messages_of(items: Iterable[Item]) -> tuple[Message, ...]:
    """Return the conversation in terms common to all endpoints; calls join the assistant's message before them."""
    messages: list[Message] = []
    for item in items:
        match _kind(item):
            case "message":
                parts = _list_texts(item.get("content"))
                several = parts if len(parts) > 1 else ()
                messages.append(
                    Message(
                        role=str(item.get("role", "user")),
                        text="\n".join(parts),
                        parts=several,
                        unread=digest_unread(item.get("content")),
                        breakpoints=list_breakpoints(item.get("content")),
                    )
                )
            case kind if kind.endswith("_output"):
                messages.append(
                    Message(
                        role="tool",
                        text=_result(item),
                        answers=text_in(item, "call_id") or None,
                        unread=digest_unread(item.get("output")) if _has_texts(item.get("output")) else "",
                        breakpoints=list_breakpoints(item.get("output")),
                    )
                )
            case _ if (called := _read_call(item)) is not None:
                last = messages.pop() if messages and messages[-1].role == "assistant" else Message(role="assistant")
                messages.append(Message(role="assistant", text=last.text, called=(*last.called, called)))
            case _:
                pass
    return tuple(messages)


def text_of(content: object) -> str:
    """Return the text of a message's content: of all its parts, joined by line feeds."""
    return "\n".join(_list_texts(content))


def _list_texts(content: object) -> tuple[str, ...]:
    if isinstance(content, str):
        return (content,)
    parts = content if isinstance(content, list) else []
    texts = (part.get("text") or part.get("refusal") for part in parts if isinstance(part, dict))
    return tuple(text for text in texts if isinstance(text, str))


def calls_of(items: Iterable[Item]) -> Iterator[str]:
    """Yield the ids of the calls that a client has to answer."""
    return (text_in(item, "call_id") or "" for item in items if _kind(item) in ANSWERED_BY)


def outputs_of(items: Iterable[Item]) -> Iterator[tuple[str, str]]:
    """Yield the type and the call's id of each result that a client sent."""
    return ((_kind(item), text_in(item, "call_id") or "") for item in items if _kind(item) in ANSWERED_BY.values())


ANSWERED_BY = {
    "function_call": "function_call_output",
    "custom_tool_call": "custom_tool_call_output",
}


def _kind(item: Item) -> str:
    """Return an item's type; an easy message has none, and neither has an easy reference."""
    kind = item.get("type")
    if isinstance(kind, str):
        return kind
    return "message" if "role" in item or "id" not in item else "item_reference"


def _whole(item: Item, ids: Ids, at: int) -> Item:
    kind = _kind(item)
    if kind == "item_reference":
        return {"type": kind, "id": item["id"]}
    own = item.get("id")
    named = {"id": own if isinstance(own, str) else ids.make(prefix(kind), f"input/{at}"), "type": kind}
    state = {} if kind in _WITHOUT_STATUS else {"status": item.get("status") or "completed"}
    if kind != "message":
        said = _fill(item, _UNSAID.get(kind, {}))
        return named | state | {key: _member(said[key]) for key in sorted(said) if key not in _LEADING}
    role = item.get("role", "user")
    phase = {"phase": item["phase"]} if item.get("phase") else {}
    return named | state | {"content": _parts(item.get("content"), str(role))} | phase | {"role": role}


def _fill(given: Item, unsaid: Item) -> Item:
    """Return an object with what it does not say, and so within its own objects."""
    inner = {
        key: _fill(given[key], value)
        for key, value in unsaid.items()
        if isinstance(value, Mapping) and isinstance(given.get(key), Mapping)
    }
    return {**given, **{key: value for key, value in unsaid.items() if key not in given}, **inner}


def _member(value: object) -> object:
    """Return a member of an item, with parts as they are kept where it is a list of them: the result of a call."""
    if isinstance(value, list):
        return [_part(part) for part in value]
    return value


_LEADING = frozenset({"id", "type", "status"})
_UNSAID: Mapping[str, Item] = {
    # OpenAI's description: required of what is kept, and not of what is sent.
    "shell_call": {"action": {"max_output_length": None, "timeout_ms": None}, "environment": None},
    "shell_call_output": {"max_output_length": None},
}
NOT_KEPT = frozenset({"item_reference", "compaction_trigger"})
"""Types that a client may send, but that are never listed."""
_WITHOUT_STATUS = frozenset(
    {
        *("reasoning", "compaction", "compaction_trigger", "mcp_list_tools", "mcp_approval_request"),
        *("mcp_approval_response", "program", "additional_tools", "configuration_update"),
    }
)


def _parts(content: object, role: str) -> list[object]:
    if isinstance(content, list):
        return [_part(part) for part in content]
    text = content if isinstance(content, str) else ""
    return [_part({"type": "output_text" if role == "assistant" else "input_text", "text": text})]


def _part(part: Any) -> object:  # noqa: ANN401 - what is no part is kept as it was sent
    match part:
        case {"type": "output_text"}:
            return {"type": "output_text", "annotations": [], "logprobs": [], **_rest(part)}
        case {"type": "input_image"}:
            return {"type": "input_image", "detail": "auto", "file_id": None, "image_url": None, **_rest(part)}
        case _:
            return part


def _rest(part: Mapping[str, object]) -> dict[str, object]:
    return {key: value for key, value in part.items() if key != "type" and value is not None}


def _read_call(item: Item) -> CalledTool | None:
    """Return the call that an item is, if the client is to answer it; `shell_call` calls `shell`."""
    kind, call_id = _kind(item), text_in(item, "call_id") or ""
    match kind:
        case "function_call":
            return CalledTool(id=call_id, name=text_in(item, "name") or "", arguments=text_in(item, "arguments") or "")
        case "custom_tool_call":
            return CalledTool(id=call_id, name=text_in(item, "name") or "", arguments=text_in(item, "input") or "")
        case _ if call_id and kind.endswith("_call"):
            made = next((item[key] for key in ("action", "actions", "operation", "arguments") if key in item), None)
            return CalledTool(id=call_id, name=kind.removesuffix("_call"), arguments=_spell(made))
        case _:
            return None


def _result(item: Item) -> str:
    output = item.get("output", item.get("result", item.get("tools")))
    return text_of(output) if _has_texts(output) else _spell(output)


def _has_texts(output: object) -> bool:
    """Whether the text of a result is that of its parts, and not all of it."""
    return isinstance(output, list) and any(isinstance(part, dict) and "text" in part for part in output)


def _spell(value: object) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return compact(value).decode()
