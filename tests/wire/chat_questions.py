"""Bodies of chat completions, as tests of refusals vary them."""

from typing import Any

USER = {"role": "user", "content": "Hi"}
CALL = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
CALLS = {"role": "assistant", "content": None, "tool_calls": [CALL]}
RESULT = {"role": "tool", "tool_call_id": "call_1", "content": "rain"}
STRICT = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": False}


def ask(**body: object) -> dict[str, Any]:
    return {"model": "gpt-4o", "messages": [USER], **body}


def tool(**function: object) -> dict[str, Any]:
    return {"type": "function", "function": {"name": "f", **function}}


def schema_format(schema: object, *, strict: bool = True) -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"name": "s", "strict": strict, "schema": schema}}


def looking(image: Any) -> dict[str, Any]:  # noqa: ANN401 - in any form
    return {"role": "user", "content": [{"type": "image_url", "image_url": image}]}
