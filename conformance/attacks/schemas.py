"""Schemas that are small to write and long to follow."""

from collections.abc import Iterable, Mapping
from typing import Any

from conformance.attacks.attack import Attack, Send, Way, chat

_TOKEN = "sk-attack-schemas"
_CHAT = "/v1/chat/completions"

_JUDGED = frozenset({200, 400})
"""It is followed, or refused as the API refuses what is too large or nested too deep."""

type Schema = dict[str, Any]


def _of_references(depth: int, width: int) -> Schema:
    """Return a strict schema whose definitions each have some properties that all refer to the next."""

    def level(number: int) -> Schema:
        below = {"type": "string"} if number == depth else {"$ref": f"#/$defs/d{number + 1}"}
        names = [f"p{place}" for place in range(width)]
        return {
            "type": "object",
            "properties": dict.fromkeys(names, below),
            "required": names,
            "additionalProperties": False,
        }

    return {**level(0), "$defs": {f"d{number}": level(number) for number in range(depth + 1)}}


def _doubled(word: str, times: int, *, by_reference: bool) -> Schema:
    """Return a schema that says the same twice, each of which says the same twice, and so on."""
    if by_reference:
        definitions: Schema = {
            f"d{number}": {word: [{"$ref": f"#/$defs/d{number + 1}"}] * 2} for number in range(times)
        } | {f"d{times}": {"type": "object", "properties": {"a": {"type": "string"}}}}
        return {"$ref": "#/$defs/d0", "$defs": definitions}
    schema: Schema = {"type": "object", "properties": {"a": {"type": "string"}}}
    for _ in range(times):
        schema = {word: [schema, schema]}
    return schema


def _of_values(count: int) -> Schema:
    values = {"type": "string", "enum": [f"value number {number}" for number in range(count)]}
    return {"type": "object", "properties": {"a": values}, "required": ["a"], "additionalProperties": False}


def _nested(depth: int) -> Schema:
    schema: Schema = {"type": "string"}
    for _ in range(depth):
        schema = {"type": "object", "properties": {"a": schema}, "required": ["a"], "additionalProperties": False}
    return schema


def _endless_lists(depth: int) -> Schema:
    """Return a schema of lists with at least a thousand lists, and so on."""
    schema: Schema = {"type": "string", "minLength": 1_000}
    for _ in range(depth):
        schema = {"type": "array", "items": schema, "minItems": 1_000}
    return {"type": "object", "properties": {"a": schema}, "required": ["a"], "additionalProperties": False}


def _format(schema: Schema, *, strict: bool) -> Schema:
    return {"type": "json_schema", "json_schema": {"name": "answer", "strict": strict, "schema": schema}}


def _by_chat(schema: Schema, *, strict: bool = True, model: str = "gpt-4o", **more: object) -> Send:
    body = chat("Hello", response_format=_format(schema, strict=strict), **more) | {"model": model}
    return _once(_CHAT, body)


def _by_tool(schema: Schema, *, strict: bool = True, model: str = "gpt-4o", tools: int = 1) -> Send:
    functions = [
        {"type": "function", "function": {"name": f"f{number}", "strict": strict, "parameters": schema}}
        for number in range(tools)
    ]
    return _once(_CHAT, chat("Hello", tools=functions, tool_choice="required") | {"model": model})


def _by_responses(schema: Schema, *, strict: bool = True, model: str = "gpt-4o", **more: object) -> Send:
    text = {"format": {"type": "json_schema", "name": "answer", "strict": strict, "schema": schema}}
    return _once("/v1/responses", {"model": model, "input": "Hello", "text": text, "store": False, **more})


def _by_tool_of_responses(schema: Schema, *, model: str) -> Send:
    tool = {"type": "function", "name": "f", "strict": True, "parameters": schema}
    asked = {"model": model, "input": "Hello", "tools": [tool], "tool_choice": "required", "store": False}
    return _once("/v1/responses", asked)


def _once(path: str, body: object) -> Send:
    def send(way: Way) -> Iterable[int]:
        way.begin()
        return [way.post(path, body, token=_TOKEN)]

    return send


_REFERENCES = _of_references(8, 10)

_SENDS: Mapping[str, tuple[str, Send]] = {
    "a schema of references": (
        "nine definitions, each with ten properties that refer to the next",
        _by_chat(_REFERENCES),
    ),
    "a schema of references, streamed": ("the same, as a stream", _by_chat(_REFERENCES, stream=True)),
    "a schema of references, simulated": ("the same, simulated", _by_chat(_REFERENCES, model="gpt-sim-1")),
    "a schema of references, not strict": (
        "the same, simulated and not strict",
        _by_chat(_REFERENCES, strict=False, model="gpt-sim-1"),
    ),
    "a tool's schema of references": ("the same as the parameters of a function", _by_tool(_REFERENCES)),
    "a tool's schema of references, simulated": ("the same, simulated", _by_tool(_REFERENCES, model="gpt-sim-1")),
    "128 tools' schemas of references": ("the same for 128 functions", _by_tool(_REFERENCES, tools=128)),
    "responses with a schema of references": ("the same by Responses", _by_responses(_REFERENCES)),
    "responses with a schema of references, simulated": (
        "the same, simulated",
        _by_responses(_REFERENCES, model="gpt-sim-1"),
    ),
    "responses with a tool's schema of references": (
        "the same as the parameters of a function, simulated",
        _by_tool_of_responses(_REFERENCES, model="gpt-sim-1"),
    ),
    **{
        f"{word} doubled 22 times, simulated": (
            f"{word} of twice the same reference, 22 times",
            _by_chat(_doubled(word, 22, by_reference=True), strict=False, model="gpt-sim-1"),
        )
        for word in ("allOf", "oneOf", "anyOf")
    },
    "anyOf doubled 22 times": (
        "anyOf of twice the same reference, 22 times, strict",
        _by_chat(_doubled("anyOf", 22, by_reference=True)),
    ),
    "allOf doubled 15 times, written out": (
        "2 MB of allOf, simulated",
        _by_chat(_doubled("allOf", 15, by_reference=False), strict=False, model="gpt-sim-1"),
    ),
    "a tool's allOf doubled 22 times, simulated": (
        "the same as the parameters of a function",
        _by_tool(_doubled("allOf", 22, by_reference=True), strict=False, model="gpt-sim-1"),
    ),
    "an enum of 10 000": ("10 000 values", _by_chat(_of_values(10_000))),
    "an enum of 10 000, simulated": ("10 000 values, simulated", _by_chat(_of_values(10_000), model="gpt-sim-1")),
    "an enum of 200 000, not strict": (
        "200 000 values, simulated",
        _by_chat(_of_values(200_000), strict=False, model="gpt-sim-1"),
    ),
    "a schema nested 400 times": ("objects in objects", _by_chat(_nested(400))),
    "a schema nested 400 times, simulated": (
        "objects in objects, simulated",
        _by_chat(_nested(400), strict=False, model="gpt-sim-1"),
    ),
    "lists of a thousand lists, simulated": (
        "lists of at least a thousand lists, five times",
        _by_chat(_endless_lists(5), strict=False, model="gpt-sim-1"),
    ),
    "a tool's lists of a thousand lists, simulated": (
        "the same as the parameters of a function",
        _by_tool(_endless_lists(5), strict=False, model="gpt-sim-1"),
    ),
}

ATTACKS: Mapping[str, Attack] = {
    name: Attack(sends=sends, send=send, answers=_JUDGED) for name, (sends, send) in _SENDS.items()
}
"""By name."""
