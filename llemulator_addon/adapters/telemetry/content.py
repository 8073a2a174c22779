"""The messages of an exchange as attributes, where a variable asks for them.

As OpenTelemetry's schemas have them (`gen-ai-input-messages.json`, `gen-ai-output-messages.json`): an array of messages
with a role and parts. They are written as JSON, because attributes of spans have no structure in all SDKs.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from llemulator_addon.adapters.telemetry.answers import read_values
from llemulator_addon.adapters.telemetry.facts import SpanFacts, key_of
from llemulator_addon.adapters.telemetry.record import Ended
from llemulator_addon.core.said import Said, read_body, read_events
from llemulator_addon.wire.redaction import redact_texts

JsonMessage = dict[str, Any]

_SHOWN = 8_000
"""Characters of one part."""
_WHOLE = 32 << 10
"""Characters of an attribute; of more messages, the last that fit are kept."""


def read_content(ended: Ended, facts: SpanFacts) -> dict[str, str]:
    """Return the attributes with messages."""
    body = facts.body
    said = body.get("messages", body.get("input", body.get("prompt")))
    instructions = body.get("instructions")
    tools = body.get("tools")
    found = {
        "gen_ai.input.messages": list(_read_input(said)),
        "gen_ai.output.messages": list(_read_output(ended, facts)),
        "gen_ai.system_instructions": [_text(instructions)] if isinstance(instructions, str) else [],
        "gen_ai.tool.definitions": list(_read_tools(tools)) if isinstance(tools, list) else [],
    }
    return {name: _write(_cut(redact_texts(value, key_of(ended)))) for name, value in found.items() if value}


def _cut(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Cut long texts; not before secrets are out of them, because a half is none that is found."""
    match value:
        case str():
            return value[:_SHOWN]
        case list():
            return [_cut(each) for each in value]
        case dict():
            return {key: _cut(each) for key, each in value.items()}
        case _:
            return value


def _write(messages: list[Any]) -> str:
    kept, length = list[str](), 0
    for message in reversed(messages):
        written = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace").decode()
        if kept and length + len(written) > _WHOLE:
            break
        kept.append(written)
        length += len(written)
    return f"[{','.join(reversed(kept))}]"


def _text(text: str) -> JsonMessage:
    return {"type": "text", "content": text}


# Input ----------------------------------------------------------------------------------------------------------------


def _read_input(said: object) -> Iterator[JsonMessage]:
    match said:
        case str():
            yield {"role": "user", "parts": [_text(said)]}
        case list():
            for each in said:
                if isinstance(each, str):
                    yield {"role": "user", "parts": [_text(each)]}
                elif isinstance(each, Mapping):
                    yield from _read_message(each)
        case _:
            pass


def _read_message(message: Mapping[str, Any]) -> Iterator[JsonMessage]:
    """Read a message of Chat Completions, or an item of Responses."""
    match message.get("type"):
        case "function_call" | "custom_tool_call":
            yield {"role": "assistant", "parts": [_call(message.get("call_id"), message)]}
            return
        case "function_call_output" | "custom_tool_call_output":
            yield {"role": "tool", "parts": [_result(message.get("call_id"), message.get("output"))]}
            return
        case _:
            pass
    role = message.get("role")
    if not isinstance(role, str):
        return
    if role in {"tool", "function"}:
        yield {"role": "tool", "parts": [_result(message.get("tool_call_id"), message.get("content"))]}
        return
    calls = [call for call in message.get("tool_calls") or () if isinstance(call, Mapping)]
    parts = [*_read_parts(message.get("content")), *(_call(call.get("id"), _find_named(call)) for call in calls)]
    yield {"role": role, "parts": parts}


def _find_named(call: Mapping[str, Any]) -> Mapping[str, Any]:
    named = call.get("function") or call.get("custom")
    return named if isinstance(named, Mapping) else {}


def _read_parts(content: object) -> Iterator[JsonMessage]:
    if isinstance(content, str):
        yield _text(content)
    for part in content if isinstance(content, list) else ():
        match part:
            case {"text": str() as text} | {"refusal": str() as text}:
                yield _text(text)
            case {"type": str() as kind}:
                # Pictures, sound and files are named only: their bytes belong into no span.
                yield {"type": kind}
            case _:
                pass


def _call(call_id: object, named: Mapping[str, Any]) -> JsonMessage:
    arguments = named.get("arguments", named.get("input"))
    return {
        "type": "tool_call",
        "id": call_id if isinstance(call_id, str) else None,
        "name": str(named.get("name") or ""),
        "arguments": arguments,
    }


def _result(call_id: object, content: object) -> JsonMessage:
    said = content if isinstance(content, str) else "".join(part.get("content", "") for part in _read_parts(content))
    return {
        "type": "tool_call_response",
        "id": call_id if isinstance(call_id, str) else None,
        "response": said,
    }


def _read_tools(tools: Iterable[object]) -> Iterator[JsonMessage]:
    for tool in tools:
        if isinstance(tool, Mapping):
            yield {
                "type": str(tool.get("type") or "function"),
                "name": str(tool.get("name") or _find_named(tool).get("name") or ""),
            }


# Output ---------------------------------------------------------------------------------------------------------------


def _read_output(ended: Ended, facts: SpanFacts) -> Iterator[JsonMessage]:
    if facts.operation not in {"chat", "text_completion"}:
        return
    values = read_values(ended.pieces)
    reasons = facts.answer.finish_reasons
    for number, said in enumerate(_read_choices(values)):
        parts = [_text(said.text)] if said.text else []
        parts += [
            {"type": "tool_call", "id": call.id, "name": call.name, "arguments": call.arguments}
            for call in said.tool_calls
        ]
        if parts:
            reason = reasons[number] if number < len(reasons) else "error"
            yield {"role": "assistant", "parts": parts, "finish_reason": reason}


def _read_choices(values: object) -> Iterator[Said]:
    """Read each choice of an answer; what is of another form says nothing."""
    try:
        yield from _split_choices(values)
    except (AttributeError, KeyError, TypeError):
        # Scripts and upstreams may answer anything.
        return


def _split_choices(values: object) -> Iterator[Said]:
    match values:
        case {"choices": [*choices]} if len(choices) > 1:
            yield from (read_body({"choices": [choice]}) for choice in choices)
        case Mapping():
            yield read_body(values)
        case list():
            yield from _split_events(values)
        case _:
            pass


def _split_events(events: Sequence[Any]) -> Iterator[Said]:
    indexes = sorted({choice.get("index", 0) for event in events for choice in event.get("choices") or ()})
    if len(indexes) <= 1:
        yield read_events(events)
        return
    for index in indexes:
        yield read_events(
            {
                **event,
                "choices": [
                    {**choice, "index": 0} for choice in event.get("choices") or () if choice.get("index", 0) == index
                ],
            }
            for event in events
        )
