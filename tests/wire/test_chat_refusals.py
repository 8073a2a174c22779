from typing import Any

import pytest

from llemulator_addon.core.reply import Failure
from llemulator_addon.wire.endpoints.chat import ENDPOINT
from tests.wire.answering import refused, understood

USER = {"role": "user", "content": "Hi"}
CALL = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
CALLS = {"role": "assistant", "content": None, "tool_calls": [CALL]}
RESULT = {"role": "tool", "tool_call_id": "call_1", "content": "rain"}
STRICT = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": False}


def _ask(**body: object) -> dict[str, Any]:
    return {"model": "gpt-4o", "messages": [USER], **body}


def _tool(**function: object) -> dict[str, Any]:
    return {"type": "function", "function": {"name": "f", **function}}


def _schema(schema: object, *, strict: bool = True) -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"name": "s", "strict": strict, "schema": schema}}


def _looking(image: Any) -> dict[str, Any]:  # noqa: ANN401 - in any form
    return {"role": "user", "content": [{"type": "image_url", "image_url": image}]}


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
        _ask(messages=[]),
        "messages",
        "empty_array",
        "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.",
    ),
    "a role that is none": (
        _ask(messages=[{"role": "robot", "content": "Hi"}]),
        "messages[0].role",
        "invalid_value",
        (
            "Invalid value: 'robot'. Supported values are: 'system', 'assistant', 'user', 'function', 'tool', and "
            "'developer'."
        ),
    ),
    "content of the wrong type": (
        _ask(messages=[{"role": "user", "content": {"text": "Hi"}}]),
        "messages[0].content",
        "invalid_type",
        (
            "Invalid type for 'messages[0].content': expected one of a string or array of objects, but got an object "
            "instead."
        ),
    ),
    "a part that is none": (
        _ask(messages=[{"role": "user", "content": [{"type": "image", "url": "x"}]}]),
        "messages[0].content[0].type",
        "invalid_value",
        (
            "Invalid value: 'image'. Supported values are: 'text', 'image_url', 'input_audio', 'refusal', 'audio', and "
            "'file'."
        ),
    ),
    "a text that is none": (
        _ask(messages=[{"role": "user", "content": [{"type": "text", "text": 5}]}]),
        "messages[0].content[0].text",
        "invalid_type",
        "Invalid type for 'messages[0].content[0].text': expected a string, but got an integer instead.",
    ),
    "content null": (
        _ask(messages=[{"role": "user", "content": None}]),
        "messages.[0].content",
        None,
        "Invalid value for 'content': expected a string, got null.",
    ),
    "no content": (
        _ask(messages=[{"role": "user"}]),
        "messages[0].content",
        "missing_required_parameter",
        "Missing required parameter: 'messages[0].content'.",
    ),
    "an assistant that says nothing": (
        _ask(messages=[USER, {"role": "assistant"}]),
        "messages.[1].content",
        None,
        "Invalid value for 'content': expected a string, got null.",
    ),
    "a temperature too low": (
        _ask(temperature=-1),
        "temperature",
        "decimal_below_min_value",
        "Invalid 'temperature': decimal below minimum value. Expected a value >= 0, but got -1 instead.",
    ),
    "no tokens": (
        _ask(max_tokens=0),
        "max_tokens",
        "integer_below_min_value",
        "Invalid 'max_tokens': integer below minimum value. Expected a value >= 1, but got 0 instead.",
    ),
    "too many stops": (
        _ask(stop=["a", "b", "c", "d", "e"]),
        "stop",
        "array_above_max_length",
        (
            "Invalid 'stop': array too long. Expected an array with maximum length 4, but got an array with length 5 "
            "instead."
        ),
    ),
    "parallel calls of null": (
        _ask(tools=[_tool()], parallel_tool_calls=None),
        "parallel_tool_calls",
        "invalid_type",
        "Invalid type for 'parallel_tool_calls': expected a boolean, but got null instead.",
    ),
    "options of a stream that is none": (
        _ask(stream_options={"include_usage": True}),
        "stream_options",
        None,
        "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
    ),
    "alternatives without log probabilities": (
        _ask(top_logprobs=2),
        "top_logprobs",
        None,
        "The 'top_logprobs' parameter is only allowed when 'logprobs' is enabled.",
    ),
    "metadata without store": (
        _ask(metadata={"a": "b"}),
        "metadata",
        None,
        "The 'metadata' parameter is only allowed when 'store' is enabled.",
    ),
    "two limits": (
        _ask(max_tokens=1, max_completion_tokens=1),
        "max_tokens",
        "invalid_parameter_combination",
        "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.",
    ),
    "a result without a call": (
        _ask(messages=[USER, RESULT]),
        "messages.[1].role",
        None,
        "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.",
    ),
    "a result of another call": (
        _ask(messages=[USER, CALLS, {**RESULT, "tool_call_id": "call_2"}]),
        "messages.[2].tool_call_id",
        None,
        "Invalid parameter: 'tool_call_id' of 'call_2' not found in 'tool_calls' of previous message.",
    ),
    "a result of nothing": (
        _ask(messages=[USER, CALLS, {"role": "tool", "content": "rain"}]),
        "messages.[2].tool_call_id",
        None,
        "Missing parameter 'tool_call_id': messages with role 'tool' must have a 'tool_call_id'.",
    ),
    "a call without a result": (
        _ask(messages=[USER, CALLS, USER]),
        "messages.[2].role",
        None,
        (
            "An assistant message with 'tool_calls' must be followed by tool messages responding to each "
            "'tool_call_id'. The following tool_call_ids did not have response messages: call_1"
        ),
    ),
    "a call at the end": (
        _ask(messages=[USER, CALLS]),
        "messages",
        None,
        (
            "An assistant message with 'tool_calls' must be followed by tool messages responding to each "
            "'tool_call_id'. The following tool_call_ids did not have response messages: call_1"
        ),
    ),
    "no functions": (
        _ask(functions=[]),
        "functions",
        "empty_array",
        "Invalid 'functions': empty array. Expected an array with minimum length 1, but got an empty array instead.",
    ),
    "an image without a prefix": (
        _ask(messages=[_looking({"url": "iVBORw0KGgo="})]),
        "messages[0].content[0].image_url.url",
        "invalid_value",
        (
            "Invalid image URL: 'messages[0].content[0].image_url.url'. Expected a base64-encoded data URL with an "
            "image MIME type (e.g. 'data:image/png;base64,aW1nIGJ5dGVzIGhlcmU='), but got a value without the 'data:' "
            "prefix."
        ),
    ),
    "an image as a text": (
        _ask(messages=[_looking("https://a.example/x.png")]),
        "messages[0].content[0].image_url",
        "invalid_type",
        ("Invalid type for 'messages[0].content[0].image_url': expected an object, but got a string instead."),
    ),
    "an image of a kind that is not seen": (
        _ask(messages=[_looking({"url": "data:image/heic;base64,aGk="})]),
        None,
        "invalid_image_format",
        (
            "You uploaded an unsupported image. Please make sure your image has of one the following formats: ['png', "
            "'jpeg', 'gif', 'webp']."
        ),
    ),
    "an image that is none": (
        _ask(messages=[{"role": "user", "content": [{"type": "image_url"}]}]),
        "messages[0].content[0].image_url",
        "missing_required_parameter",
        "Missing required parameter: 'messages[0].content[0].image_url'.",
    ),
    "no calls in a message": (
        _ask(messages=[USER, {"role": "assistant", "content": "Hi", "tool_calls": []}, USER]),
        "messages[1].tool_calls",
        "empty_array",
        (
            "Invalid 'messages[1].tool_calls': empty array. Expected an array with minimum length 1, but got an empty "
            "array instead."
        ),
    ),
    "a choice beside an empty list of tools": (
        _ask(tools=[], tool_choice="required"),
        "tool_choice",
        None,
        "Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are specified.",
    ),
    "a choice without tools": (
        _ask(tool_choice="auto"),
        "tool_choice",
        None,
        "Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are specified.",
    ),
    "a choice of no tool": (
        _ask(tools=[_tool()], tool_choice={"type": "function", "function": {"name": "g"}}),
        "tool_choice",
        None,
        "Tool choice 'function' not found in 'tools' parameter.",
    ),
    "a tool without its function": (
        _ask(tools=[{"type": "function"}]),
        "tools[0].function",
        "missing_required_parameter",
        "Missing required parameter: 'tools[0].function'.",
    ),
    "a name with a dot": (
        _ask(tools=[_tool(name="a.b")]),
        "tools[0].function.name",
        "invalid_value",
        (
            "Invalid 'tools[0].function.name': string does not match pattern. Expected a string that matches the "
            "pattern '^[a-zA-Z0-9_-]+$'."
        ),
    ),
    "a long name": (
        _ask(tools=[_tool(name="a" * 65)]),
        "tools[0].function.name",
        "string_above_max_length",
        (
            "Invalid 'tools[0].function.name': string too long. Expected a string with maximum length 64, but got a "
            "string with length 65 instead."
        ),
    ),
    "parameters that are no object": (
        _ask(tools=[_tool(parameters={"type": "string"})]),
        "tools[0].function.parameters",
        "invalid_function_parameters",
        "Invalid schema for function 'f': schema must be a JSON Schema of 'type: \"object\"', got 'type: \"string\"'.",
    ),
    "parameters without properties": (
        _ask(tools=[_tool(parameters={"type": "object"})]),
        "tools[0].function.parameters",
        "invalid_function_parameters",
        "Invalid schema for function 'f': In context=(), object schema missing properties.",
    ),
    "an array without items": (
        _ask(tools=[_tool(parameters={"type": "object", "properties": {"a": {"type": "array"}}})]),
        "tools[0].function.parameters",
        "invalid_function_parameters",
        "Invalid schema for function 'f': In context=('properties', 'a'), array schema missing items.",
    ),
    "a strict tool that is open": (
        _ask(tools=[_tool(strict=True, parameters={**STRICT, "additionalProperties": True})]),
        "tools[0].function.parameters",
        "invalid_function_parameters",
        (
            "Invalid schema for function 'f': In context=(), 'additionalProperties' is required to be supplied and to "
            "be false."
        ),
    ),
    "a strict schema with an optional key": (
        _ask(response_format=_schema({**STRICT, "required": []})),
        "response_format",
        None,
        (
            "Invalid schema for response_format 's': In context=(), 'required' is required to be supplied and to be an "
            "array including every key in properties. Missing 'a'."
        ),
    ),
    "a strict schema that is open inside": (
        _ask(
            response_format=_schema(
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
        _ask(response_format={"type": "json_schema"}),
        "response_format.json_schema",
        "missing_required_parameter",
        "Missing required parameter: 'response_format.json_schema'.",
    ),
    "a schema without its name": (
        _ask(response_format={"type": "json_schema", "json_schema": {"schema": STRICT}}),
        "response_format.json_schema.name",
        "missing_required_parameter",
        "Missing required parameter: 'response_format.json_schema.name'.",
    ),
    "JSON that no message speaks of": (
        _ask(response_format={"type": "json_object"}),
        "messages",
        None,
        "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.",
    ),
}

MODELS: dict[str, tuple[dict[str, Any], str | None, str | None, str]] = {
    "max_tokens, reasoning": (
        _ask(model="gpt-5", max_tokens=5),
        "max_tokens",
        "unsupported_parameter",
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
    ),
    "temperature, reasoning": (
        _ask(model="gpt-5", temperature=0.5),
        "temperature",
        "unsupported_value",
        (
            "Unsupported value: 'temperature' does not support 0.5 with this model. Only the default (1) value is "
            "supported."
        ),
    ),
    "temperature, o3-mini": (
        _ask(model="o3-mini", temperature=1),
        "temperature",
        "unsupported_parameter",
        "Unsupported parameter: 'temperature' is not supported with this model.",
    ),
    "effort, not reasoning": (
        _ask(reasoning_effort="low"),
        None,
        None,
        "Unrecognized request argument supplied: reasoning_effort",
    ),
    "an effort that there is not": (
        _ask(model="gpt-5.1", reasoning_effort="minimal"),
        "reasoning_effort",
        "unsupported_value",
        (
            "Unsupported value: 'reasoning_effort' does not support 'minimal' with this model. Supported values are: "
            "'none', 'low', 'medium', and 'high'."
        ),
    ),
    "a search model": (
        _ask(model="gpt-4o-search-preview", temperature=0.5, top_p=0.5),
        None,
        None,
        "Model incompatible request arguments supplied: temperature, top_p",
    ),
    "instructions of o1-mini": (
        _ask(model="o1-mini", messages=[{"role": "system", "content": "Be brief."}, USER]),
        "messages[0].role",
        "unsupported_value",
        "Unsupported value: 'messages[0].role' does not support 'system' with this model.",
    ),
    "tools while gpt-5.4 reasons": (
        _ask(model="gpt-5.4", reasoning_effort="low", tools=[_tool()]),
        "reasoning_effort",
        None,
        (
            "Function tools with reasoning_effort are not supported for gpt-5.4 in /v1/chat/completions. Please use "
            "/v1/responses instead."
        ),
    ),
    "tools while gpt-5.6 reasons unasked": (
        _ask(model="gpt-5.6", tools=[_tool()]),
        "reasoning_effort",
        None,
        (
            "Function tools with reasoning_effort are not supported for gpt-5.6 in /v1/chat/completions. To use "
            "function tools, use /v1/responses or set reasoning_effort to 'none'."
        ),
    ),
    "a schema of an old model": (
        _ask(model="gpt-4", response_format=_schema(STRICT)),
        None,
        None,
        (
            "Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model. Learn more "
            "about supported models at the Structured Outputs guide: https://platform.openai.com/docs/guides/structured-outputs"
        ),
    ),
    "more than it can say": (
        _ask(max_tokens=20_000),
        "max_tokens",
        "invalid_value",
        (
            "max_tokens is too large: 20000. This model supports at most 16384 completion tokens, whereas you provided "
            "20000."
        ),
    ),
    "more than it can hear": (
        _ask(model="gpt-4", messages=[{"role": "user", "content": "word " * 9_000}]),
        "messages",
        "context_length_exceeded",
        (
            "This model's maximum context length is 8192 tokens. However, your messages resulted in 9008 tokens. "
            "Please reduce the length of the messages."
        ),
    ),
    "more than it can hear and say": (
        _ask(model="gpt-4", max_tokens=8_190),
        "messages",
        "context_length_exceeded",
        (
            "This model's maximum context length is 8192 tokens. However, you requested 8198 tokens (8 in the "
            "messages, 8190 in the completion). Please reduce the length of the messages or completion."
        ),
    ),
    "speech in a stream of waves": (
        _ask(
            model="gpt-4o-audio-preview",
            stream=True,
            modalities=["text", "audio"],
            audio={"voice": "alloy", "format": "wav"},
        ),
        "audio.format",
        "unsupported_value",
        "Unsupported value: 'audio.format' does not support 'wav' when stream=true. Supported values are: 'pcm16'.",
    ),
}


@pytest.mark.parametrize(
    ("body", "param", "code", "message"), [*FORMS.values(), *MODELS.values()], ids=[*FORMS, *MODELS]
)
def test_a_request_is_refused_in_the_apis_words(
    body: dict[str, Any], param: str | None, code: str | None, message: str
) -> None:
    assert refused(ENDPOINT, body) == Failure(
        status=400, type="invalid_request_error", param=param, code=code, message=message
    )


def test_log_probabilities_of_a_model_that_does_not_show_them_are_forbidden() -> None:
    assert refused(ENDPOINT, _ask(model="gpt-5", logprobs=True)) == Failure(
        status=403, type="invalid_request_error", message="You are not allowed to request logprobs from this model"
    )


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (
            "gpt-3.5-turbo-instruct",
            (
                "This is not a chat model and thus not supported in the v1/chat/completions endpoint. Did you mean to "
                "use v1/completions?"
            ),
        ),
        ("o1-pro", "This model is only supported in v1/responses and not in v1/chat/completions."),
    ],
)
def test_a_model_of_another_endpoint_is_not_found(model: str, message: str) -> None:
    assert refused(ENDPOINT, _ask(model=model)) == Failure(
        status=404, type="invalid_request_error", param="model", message=message
    )


@pytest.mark.parametrize(
    "body",
    [
        _ask(messages=[USER, CALLS, RESULT, {"role": "assistant", "content": "It rains."}, USER]),
        _ask(messages=[USER, {"role": "assistant", "refusal": "No."}, USER]),
        _ask(messages=[USER, {"role": "assistant", "function_call": {"name": "f", "arguments": ""}}, USER]),
        _ask(response_format={"type": "json_object"}, messages=[{"role": "user", "content": "Answer in JSON."}]),
        _ask(response_format=_schema(STRICT)),
        _ask(tools=[_tool(parameters={"type": "object", "properties": {}})]),
        _ask(tools=[_tool()], tool_choice={"type": "function", "function": {"name": "f"}}),
        _ask(tools=[_tool()], tool_choice=None),
        _ask(messages=[_looking({"url": "https://a.example/x.png", "detail": "high"})]),
        _ask(messages=[_looking({"url": "data:image/png;base64,iVBORw0KGgo="})]),
        _ask(tools=[], response_format=_schema(STRICT)),
        _ask(model="gpt-5", temperature=1, reasoning_effort="minimal"),
        _ask(model="gpt-5.6", tools=[_tool()], reasoning_effort="none"),
        _ask(model="gpt-5.4", tools=[_tool()]),
        _ask(model="gpt-6-anything-new", max_tokens=5),
        _ask(model="mine", temperature=0.1, max_tokens=5),
        _ask(stop=None, n=None, temperature=None, tools=None, metadata=None, logprobs=False),
    ],
)
def test_what_the_api_takes_is_taken(body: dict[str, Any]) -> None:
    assert understood(ENDPOINT, body).model == body["model"]


@pytest.mark.parametrize("body", [body for body, *_ in MODELS.values()], ids=MODELS)
def test_leniently_no_model_refuses_anything(body: dict[str, Any]) -> None:
    assert understood(ENDPOINT, body, lenient=True).model == body["model"]
