"""The text, the calls and the usage of an answer of OpenAI's API: of a body, or of the events of a stream.

It needs only Python's standard library, as it is part of the client. Of several choices, the first counts.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

JsonFields = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelToolCall:
    """A call of one of the application's tools."""

    name: str
    arguments: Any
    """Of a function: JSON's value, or a text that is no JSON. Of a custom tool: its input, a text."""
    id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """The content of an answer."""

    text: str = ""
    tool_calls: tuple[ModelToolCall, ...] = ()
    usage: JsonFields | None = None


def read_answer(answer: JsonFields) -> Said:
    """Read an answer as the journal shows it: with a `body`, or with `events`."""
    if "events" in answer:
        return read_events(event["value"] for event in answer["events"])
    return read_body(answer.get("body"))


def read_body(body: object) -> Said:
    """Read an answer in one piece; what is of another form says nothing."""
    if not isinstance(body, Mapping):
        return Said()
    if isinstance(output := body.get("output"), list):
        return Said(text=_join_texts(output), tool_calls=_list_calls(output), usage=body.get("usage"))
    choice: JsonFields = next(iter(body.get("choices") or ()), {})
    message = choice.get("message") or {}
    calls = [*(message.get("tool_calls") or ()), *_old_call(message)]
    text = message.get("content") or message.get("refusal") or choice.get("text") or ""
    return Said(text=text, tool_calls=tuple(map(_read_chat_call, calls)), usage=body.get("usage"))


def read_events(values: Iterable[object]) -> Said:
    """Read the values of a stream's events, as far as they came."""
    events = [value for value in values if isinstance(value, Mapping)]
    if any("choices" in event for event in events):
        return _read_chunks(events)
    finished = next((event["response"] for event in reversed(events) if event.get("type") in _LAST), None)
    if finished is not None:
        return read_body(finished)
    items = [event["item"] for event in events if event.get("type") == "response.output_item.done"]
    deltas = (event["delta"] for event in events if event.get("type") in _DELTAS)
    return Said(text="".join(deltas), tool_calls=_list_calls(items))


_LAST = frozenset(f"response.{status}" for status in ("completed", "incomplete", "failed", "done"))
_DELTAS = frozenset(f"response.{kind}.delta" for kind in ("output_text", "refusal", "output_audio_transcript"))


def _join_texts(output: Sequence[JsonFields]) -> str:
    parts = (part for item in output for part in item.get("content") or () if item.get("type") == "message")
    return "".join(part.get("text") or part.get("refusal") or part.get("transcript") or "" for part in parts)


def _list_calls(output: Sequence[JsonFields]) -> tuple[ModelToolCall, ...]:
    return tuple(
        ModelToolCall(name=item["name"], arguments=_read_arguments(item), id=item.get("call_id"))
        for item in output
        if item.get("type") in {"function_call", "custom_tool_call"}
    )


def _read_chat_call(call: JsonFields) -> ModelToolCall:
    named = call.get("function") or call.get("custom") or call
    return ModelToolCall(name=named.get("name", ""), arguments=_read_arguments(named), id=call.get("id"))


def _old_call(message: JsonFields) -> tuple[JsonFields, ...]:
    return (message["function_call"],) if message.get("function_call") else ()


def _read_arguments(call: JsonFields) -> Any:  # noqa: ANN401 - JSON
    if "input" in call:
        return call["input"]
    try:
        return json.loads(call.get("arguments") or "")
    except ValueError:
        return call.get("arguments")


def _read_chunks(chunks: Sequence[JsonFields]) -> Said:
    usage = next((chunk["usage"] for chunk in reversed(chunks) if chunk.get("usage")), None)
    first = [choice for chunk in chunks for choice in chunk.get("choices") or () if choice.get("index", 0) == 0]
    deltas = [choice.get("delta") or {"content": choice.get("text")} for choice in first]
    text = "".join(delta.get("content") or delta.get("refusal") or "" for delta in deltas)
    return Said(text=text, tool_calls=tuple(map(_read_chat_call, _join_calls(deltas))), usage=usage)


def _join_calls(deltas: Iterable[JsonFields]) -> Iterator[JsonFields]:
    whole: dict[int, dict[str, Any]] = {}
    for delta in deltas:
        for part in (*(delta.get("tool_calls") or ()), *_old_call(delta)):
            known = whole.setdefault(part.get("index", 0), {"function": {}})
            known["id"] = part.get("id") or known.get("id")
            for key, text in (part.get("function") or part.get("custom") or part).items():
                if key in {"name", "arguments", "input"}:
                    known["function"][key] = known["function"].get(key, "") + (text or "")
    return iter(whole.values())
