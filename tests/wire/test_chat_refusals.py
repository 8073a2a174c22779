from typing import Any

import pytest

from llemulator_addon.core.reply import Failure
from llemulator_addon.wire.endpoints.chat import ENDPOINT
from tests.wire.answering import refused, understood
from tests.wire.chat_questions import CALLS, RESULT, STRICT, USER, ask, looking, schema_format, tool

FORMS: dict[str, tuple[dict[str, Any], str | None, str | None, str]] = {
    # what is asked: param, code, message
    "no model": ({"messages": [USER]}, "model", None, "you must provide a model parameter"),
    "no messages": (
        {"model": "gpt-4o"},
        "messages",
        "missing_required_parameter",
        "Missing required parameter: 'messages'.",
    ),
    "empty messages": (
        ask(messages=[]),
        "messages",
        "empty_array",
        "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.",
    ),
    "a role that is none": (
        ask(messages=[{"role": "robot", "content": "Hi"}]),
        "messages[0].role",
        "invalid_value",
        (
            "Invalid value: 'robot'. Supported values are: 'system', 'assistant', 'user', 'function', 'tool', and "
            "'developer'."
        ),
    ),
    "content of the wrong type": (
        ask(messages=[{"role": "user", "content": {"text": "Hi"}}]),
        "messages[0].content",
        "invalid_type",
        (
            "Invalid type for 'messages[0].content': expected one of a string or array of objects, but got an object "
            "instead."
        ),
    ),
    "a part that is none": (
        ask(messages=[{"role": "user", "content": [{"type": "image", "url": "x"}]}]),
        "messages[0].content[0].type",
        "invalid_value",
        (
            "Invalid value: 'image'. Supported values are: 'text', 'image_url', 'input_audio', 'refusal', 'audio', and "
            "'file'."
        ),
    ),
    "a text that is none": (
        ask(messages=[{"role": "user", "content": [{"type": "text", "text": 5}]}]),
        "messages[0].content[0].text",
        "invalid_type",
        "Invalid type for 'messages[0].content[0].text': expected a string, but got an integer instead.",
    ),
    "content null": (
        ask(messages=[{"role": "user", "content": None}]),
        "messages.[0].content",
        None,
        "Invalid value for 'content': expected a string, got null.",
    ),
    "no content": (
        ask(messages=[{"role": "user"}]),
        "messages[0].content",
        "missing_required_parameter",
        "Missing required parameter: 'messages[0].content'.",
    ),
    "an assistant that says nothing": (
        ask(messages=[USER, {"role": "assistant"}]),
        "messages.[1].content",
        None,
        "Invalid value for 'content': expected a string, got null.",
    ),
    "a temperature too low": (
        ask(temperature=-1),
        "temperature",
        "decimal_below_min_value",
        "Invalid 'temperature': decimal below minimum value. Expected a value >= 0, but got -1 instead.",
    ),
    "no tokens": (
        ask(max_tokens=0),
        "max_tokens",
        "integer_below_min_value",
        "Invalid 'max_tokens': integer below minimum value. Expected a value >= 1, but got 0 instead.",
    ),
    "too many stops": (
        ask(stop=["a", "b", "c", "d", "e"]),
        "stop",
        "array_above_max_length",
        (
            "Invalid 'stop': array too long. Expected an array with maximum length 4, but got an array with length 5 "
            "instead."
        ),
    ),
    "parallel calls of null": (
        ask(tools=[tool()], parallel_tool_calls=None),
        "parallel_tool_calls",
        "invalid_type",
        "Invalid type for 'parallel_tool_calls': expected a boolean, but got null instead.",
    ),
    "options of a stream that is none": (
        ask(stream_options={"include_usage": True}),
        "stream_options",
        None,
        "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
    ),
    "alternatives without log probabilities": (
        ask(top_logprobs=2),
        "top_logprobs",
        None,
        "The 'top_logprobs' parameter is only allowed when 'logprobs' is enabled.",
    ),
    "metadata without store": (
        ask(metadata={"a": "b"}),
        "metadata",
        None,
        "The 'metadata' parameter is only allowed when 'store' is enabled.",
    ),
    "two limits": (
        ask(max_tokens=1, max_completion_tokens=1),
        "max_tokens",
        "invalid_parameter_combination",
        "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.",
    ),
    "a result without a call": (
        ask(messages=[USER, RESULT]),
        "messages.[1].role",
        None,
        "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.",
    ),
    "a result of another call": (
        ask(messages=[USER, CALLS, {**RESULT, "tool_call_id": "call_2"}]),
        "messages.[2].tool_call_id",
        None,
        "Invalid parameter: 'tool_call_id' of 'call_2' not found in 'tool_calls' of previous message.",
    ),
    "a result of nothing": (
        ask(messages=[USER, CALLS, {"role": "tool", "content": "rain"}]),
        "messages.[2].tool_call_id",
        None,
        "Missing parameter 'tool_call_id': messages with role 'tool' must have a 'tool_call_id'.",
    ),
    "a call without a result": (
        ask(messages=[USER, CALLS, USER]),
        "messages.[2].role",
        None,
        (
            "An assistant message with 'tool_calls' must be followed by tool messages responding to each "
            "'tool_call_id'. The following tool_call_ids did not have response messages: call_1"
        ),
    ),
    "a call at the end": (
        ask(messages=[USER, CALLS]),
        "messages",
        None,
        (
            "An assistant message with 'tool_calls' must be followed by tool messages responding to each "
            "'tool_call_id'. The following tool_call_ids did not have response messages: call_1"
        ),
    ),
    "no functions": (
        ask(functions=[]),
        "functions",
        "empty_array",
        "Invalid 'functions': empty array. Expected an array with minimum length 1, but got an empty array instead.",
    ),
    "an image without a prefix": (
        ask(messages=[looking({"url": "iVBORw0KGgo="})]),
        "messages[0].content[0].image_url.url",
        "invalid_value",
        (
            "Invalid image URL: 'messages[0].content[0].image_url.url'. Expected a base64-encoded data URL with an "
            "image MIME type (e.g. 'data:image/png;base64,aW1nIGJ5dGVzIGhlcmU='), but got a value without the 'data:' "
            "prefix."
        ),
    ),
    "an image as a text": (
        ask(messages=[looking("https://a.example/x.png")]),
        "messages[0].content[0].image_url",
        "invalid_type",
        ("Invalid type for 'messages[0].content[0].image_url': expected an object, but got a string instead."),
    ),
    "an image of a kind that is not seen": (
        ask(messages=[looking({"url": "data:image/heic;base64,aGk="})]),
        None,
        "invalid_image_format",
        (
            "You uploaded an unsupported image. Please make sure your image has of one the following formats: ['png', "
            "'jpeg', 'gif', 'webp']."
        ),
    ),
    "an image that is none": (
        ask(messages=[{"role": "user", "content": [{"type": "image_url"}]}]),
        "messages[0].content[0].image_url",
        "missing_required_parameter",
        "Missing required parameter: 'messages[0].content[0].image_url'.",
    ),
    "no calls in a message": (
        ask(messages=[USER, {"role": "assistant", "content": "Hi", "tool_calls": []}, USER]),
        "messages[1].tool_calls",
        "empty_array",
        (
            "Invalid 'messages[1].tool_calls': empty array. Expected an array with minimum length 1, but got an empty "
            "array instead."
        ),
    ),
    "a choice beside an empty list of tools": (
        ask(tools=[], tool_choice="required"),
        "tool_choice",
        None,
        "Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are specified.",
    ),
    "a choice without tools": (
        ask(tool_choice="auto"),
        "tool_choice",
        None,
        "Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are specified.",
    ),
    "a choice of no tool": (
        ask(tools=[tool()], tool_choice={"type": "function", "function": {"name": "g"}}),
        "tool_choice",
        None,
        "Tool choice 'function' not found in 'tools' parameter.",
    ),
    "a tool without its function": (
        ask(tools=[{"type": "function"}]),
        "tools[0].function",
        "missing_required_parameter",
        "Missing required parameter: 'tools[0].function'.",
    ),
    "a name with a dot": (
        ask(tools=[tool(name="a.b")]),
        "tools[0].function.name",
        "invalid_value",
        (
            "Invalid 'tools[0].function.name': string does not match pattern. Expected a string that matches the "
            "pattern '^[a-zA-Z0-9_-]+$'."
        ),
    ),
    "a long name": (
        ask(tools=[tool(name="a" * 65)]),
        "tools[0].function.name",
        "string_above_max_length",
        (
            "Invalid 'tools[0].function.name': string too long. Expected a string with maximum length 64, but got a "
            "string with length 65 instead."
        ),
    ),
    "parameters that are no object": (
        ask(tools=[tool(parameters={"type": "string"})]),
        "tools[0].function.parameters",
        "invalid_function_parameters",
        "Invalid schema for function 'f': schema must be a JSON Schema of 'type: \"object\"', got 'type: \"string\"'.",
    ),
    "parameters without properties": (
        ask(tools=[tool(parameters={"type": "object"})]),
        "tools[0].function.parameters",
        "invalid_function_parameters",
        "Invalid schema for function 'f': In context=(), object schema missing properties.",
    ),
    "an array without items": (
        ask(tools=[tool(parameters={"type": "object", "properties": {"a": {"type": "array"}}})]),
        "tools[0].function.parameters",
        "invalid_function_parameters",
        "Invalid schema for function 'f': In context=('properties', 'a'), array schema missing items.",
    ),
    "a strict tool that is open": (
        ask(tools=[tool(strict=True, parameters={**STRICT, "additionalProperties": True})]),
        "tools[0].function.parameters",
        "invalid_function_parameters",
        (
            "Invalid schema for function 'f': In context=(), 'additionalProperties' is required to be supplied and to "
            "be false."
        ),
    ),
    "a strict schema with an optional key": (
        ask(response_format=schema_format({**STRICT, "required": []})),
        "response_format",
        None,
        (
            "Invalid schema for response_format 's': In context=(), 'required' is required to be supplied and to be an "
            "array including every key in properties. Missing 'a'."
        ),
    ),
    "a strict schema that is open inside": (
        ask(
            response_format=schema_format(
                {**STRICT, "properties": {"a": {"anyOf": [{"type": "object", "properties": {}}, {"type": "null"}]}}}
            )
        ),
        "response_format",
        None,
        (
            "Invalid schema for response_format 's': In context=('properties', 'a', 'anyOf', '0'), "
            "'additionalProperties' is required to be supplied and to be false."
        ),
    ),
    "no schema": (
        ask(response_format={"type": "json_schema"}),
        "response_format.json_schema",
        "missing_required_parameter",
        "Missing required parameter: 'response_format.json_schema'.",
    ),
    "a schema without its name": (
        ask(response_format={"type": "json_schema", "json_schema": {"schema": STRICT}}),
        "response_format.json_schema.name",
        "missing_required_parameter",
        "Missing required parameter: 'response_format.json_schema.name'.",
    ),
    "JSON that no message speaks of": (
        ask(response_format={"type": "json_object"}),
        "messages",
        None,
        "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.",
    ),
}


@pytest.mark.parametrize(("body", "param", "code", "message"), FORMS.values(), ids=FORMS)
def test_a_request_is_refused_in_the_apis_words(
    body: dict[str, Any], param: str | None, code: str | None, message: str
) -> None:
    assert refused(ENDPOINT, body) == Failure(
        status=400, type="invalid_request_error", param=param, code=code, message=message
    )


@pytest.mark.parametrize(
    "body",
    [
        ask(messages=[USER, CALLS, RESULT, {"role": "assistant", "content": "It rains."}, USER]),
        ask(messages=[USER, {"role": "assistant", "refusal": "No."}, USER]),
        ask(messages=[USER, {"role": "assistant", "function_call": {"name": "f", "arguments": ""}}, USER]),
        ask(response_format={"type": "json_object"}, messages=[{"role": "user", "content": "Answer in JSON."}]),
        ask(response_format=schema_format(STRICT)),
        ask(tools=[tool(parameters={"type": "object", "properties": {}})]),
        ask(tools=[tool()], tool_choice={"type": "function", "function": {"name": "f"}}),
        ask(tools=[tool()], tool_choice=None),
        ask(messages=[looking({"url": "https://a.example/x.png", "detail": "high"})]),
        ask(messages=[looking({"url": "data:image/png;base64,iVBORw0KGgo="})]),
        ask(tools=[], response_format=schema_format(STRICT)),
        ask(model="gpt-5", temperature=1, reasoning_effort="minimal"),
        ask(model="gpt-5.6", tools=[tool()], reasoning_effort="none"),
        ask(model="gpt-5.4", tools=[tool()]),
        ask(model="gpt-6-anything-new", max_tokens=5),
        ask(model="mine", temperature=0.1, max_tokens=5),
        ask(stop=None, n=None, temperature=None, tools=None, metadata=None, logprobs=False),
    ],
)
def test_what_the_api_takes_is_taken(body: dict[str, Any]) -> None:
    assert understood(ENDPOINT, body).model == body["model"]
