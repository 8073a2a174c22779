import json
from typing import Any

import pytest

from tests.playing import emulator, json_of, play, post, status

ASKED: dict[str, Any] = {"model": "gpt-5.6", "input": "ping", "max_output_tokens": 16}
ANSWERED: dict[str, Any] = {"type": "function_call_output", "call_id": "call_1", "output": "x"}
CALLED: dict[str, Any] = {"type": "function_call", "call_id": "call_1", "name": "f", "arguments": "{}"}
NOTHING = object()

# Name of the parameter, code and message of a refusal with status 400.
REFUSED: dict[str, tuple[dict[str, Any], str | None, str | None, str]] = {
    "no model": ({"model": NOTHING}, "model", "missing_required_parameter", "Missing required parameter: 'model'."),
    "a model of the wrong type": (
        {"model": None},
        "model",
        "invalid_type",
        "Invalid type for 'model': expected a string, but got an object instead.",
    ),
    "an unknown model": (
        {"model": "gpt-0"},
        "model",
        "model_not_found",
        "The requested model 'gpt-0' does not exist.",
    ),
    "Chat's messages": (
        {"messages": []},
        None,
        "unsupported_parameter",
        (
            "Unsupported parameter: 'messages'. In the Responses API, this parameter has moved to 'input'. Try again "
            "with the new parameter. See the API documentation for more information: "
            "https://platform.openai.com/docs/api-reference/responses/create."
        ),
    ),
    **{
        f"Chat's {name}": (
            {name: value},
            None,
            "unsupported_parameter",
            (
                f"Unsupported parameter: '{name}'. In the Responses API, this parameter has moved to '{moved}'. Try "
                "again with the new parameter. See the API documentation for more information: "
                "https://platform.openai.com/docs/api-reference/responses/create."
            ),
        )
        for name, value, moved in (
            ("response_format", {"type": "json_object"}, "text.format"),
            ("reasoning_effort", "low", "reasoning.effort"),
            ("verbosity", "low", "text.verbosity"),
        )
    },
    "Chat's max_tokens": (
        {"max_tokens": 16},
        "max_tokens",
        "unknown_parameter",
        "Unknown parameter: 'max_tokens'.",
    ),
    "a slip of the pen": (
        {"strem": True},
        "strem",
        "unknown_parameter",
        "Unknown parameter: 'strem'. Did you mean 'stream' or 'store'?",
    ),
    "no input": (
        {"input": NOTHING},
        "input",
        "missing_required_parameter",
        "One of \"input\" or \"previous_response_id\" or 'prompt' or 'conversation_id' must be provided.",
    ),
    "input of the wrong type": (
        {"input": 7},
        "input",
        "invalid_type",
        "Invalid type for 'input': expected one of a string or array of input items, but got an integer instead.",
    ),
    "a role of chat": (
        {"input": [{"role": "tool", "content": "x"}]},
        "input[0]",
        "invalid_value",
        "Invalid value: 'tool'. Supported values are: 'assistant', 'system', 'developer', and 'user'.",
    ),
    "a part of chat": (
        {"input": [{"role": "user", "content": [{"type": "text", "text": "x"}]}]},
        "input[0].content[0]",
        "invalid_value",
        (
            "Invalid value: 'text'. Supported values are: 'input_text', 'input_image', 'output_text', 'refusal', "
            "'input_file', 'computer_screenshot', and 'summary_text'."
        ),
    ),
    "a user's part of an assistant": (
        {"input": [{"role": "assistant", "content": [{"type": "input_text", "text": "x"}]}]},
        "input[0].content[0]",
        "invalid_value",
        "Invalid value: 'input_text'. Supported values are: 'output_text' and 'refusal'.",
    ),
    "a call without its id": (
        {"input": [{"type": "function_call", "name": "f", "arguments": "{}"}]},
        "input[0].call_id",
        "missing_required_parameter",
        "Missing required parameter: 'input[0].call_id'.",
    ),
    "a tool as chat has it": (
        {"tools": [{"type": "function", "function": {"name": "f"}}]},
        "tools[0].name",
        "missing_required_parameter",
        "Missing required parameter: 'tools[0].name'.",
    ),
    "a server without a label": (
        {"tools": [{"type": "mcp"}]},
        "tools[0].server_label",
        "missing_required_parameter",
        "Missing required parameter: 'tools[0].server_label'.",
    ),
    "tools of the wrong type": (
        {"tools": "x"},
        "tools",
        "invalid_type",
        "Invalid type for 'tools': expected an array of tools, but got a string instead.",
    ),
    "an unknown choice of tools": (
        {"tool_choice": "bogus"},
        "tool_choice",
        "invalid_value",
        "Invalid value: 'bogus'. Supported values are: 'none', 'auto', and 'required'.",
    ),
    "a choice of tools of the wrong type": (
        {"tool_choice": 7},
        "tool_choice",
        "invalid_type",
        (
            "Invalid type for 'tool_choice': expected one of an object or 'none', 'auto', or 'required', but got an "
            "integer instead."
        ),
    ),
    "a choice of tools as chat has it": (
        {"tool_choice": {"type": "function", "function": {"name": "f"}}},
        "tool_choice.name",
        "missing_required_parameter",
        "Missing required parameter: 'tool_choice.name'.",
    ),
    "an image that is empty": (
        {"input": [{"role": "user", "content": [{"type": "input_image", "image_url": "data:image/png;base64,"}]}]},
        "input[0].content[0].image_url",
        "invalid_value",
        (
            "Invalid 'input[0].content[0].image_url'. Expected a base64-encoded data URL with an image MIME type (e.g. "
            "'data:image/png;base64,aW1nIGJ5dGVzIGhlcmU='), but got empty base64-encoded bytes."
        ),
    ),
    "an image that is no base64": (
        {"input": [{"role": "user", "content": [{"type": "input_image", "image_url": "data:image/png;base64,!"}]}]},
        "input[0].content[0].image_url",
        "invalid_value",
        (
            "Invalid 'input[0].content[0].image_url'. Expected a base64-encoded data URL with an image MIME type (e.g. "
            "'data:image/png;base64,aW1nIGJ5dGVzIGhlcmU='), but got an invalid base64-encoded value."
        ),
    ),
    "a choice without tools": (
        {"tool_choice": "required", "tools": []},
        "tool_choice",
        None,
        "Tool choice 'required' must be specified with 'tools' parameter.",
    ),
    "a choice of no tool": (
        {"tool_choice": {"type": "function", "name": "g"}, "tools": [{"type": "function", "name": "f"}]},
        "tool_choice",
        None,
        "Tool choice 'function' not found in 'tools' parameter.",
    ),
    "a format without a name": (
        {"text": {"format": {"type": "json_schema", "schema": {}}}},
        "text.format.name",
        "missing_required_parameter",
        "Missing required parameter: 'text.format.name'.",
    ),
    "too few tokens": (
        {"max_output_tokens": 15},
        "max_output_tokens",
        "integer_below_min_value",
        "Invalid 'max_output_tokens': integer below minimum value. Expected a value >= 16, but got 15 instead.",
    ),
    "a temperature of the wrong type": (
        {"temperature": "hot"},
        "temperature",
        "invalid_type",
        "Invalid type for 'temperature': expected a decimal, but got a string instead.",
    ),
    "too hot": (
        {"model": "gpt-4o", "temperature": 2.5},
        "temperature",
        "decimal_above_max_value",
        "Invalid 'temperature': decimal above maximum value. Expected a value <= 2, but got 2.5 instead.",
    ),
    "an unknown truncation": (
        {"truncation": "bogus"},
        "truncation",
        "invalid_value",
        "Invalid value: 'bogus'. Supported values are: 'auto' and 'disabled'.",
    ),
    "a truncation of the wrong type": (
        {"truncation": {}},
        "truncation",
        "invalid_type",
        "Invalid type for 'truncation': expected one of 'auto' or 'disabled', but got an object instead.",
    ),
    "an unknown inclusion": (
        {"include": ["bogus.thing"]},
        "include[0]",
        "invalid_value",
        (
            "Invalid value: 'bogus.thing'. Supported values are: 'file_search_call.results', "
            "'web_search_call.results', 'web_search_call.action.sources', 'message.input_image.image_url', "
            "'computer_call_output.output.image_url', 'code_interpreter_call.outputs', "
            "'reasoning.encrypted_content', and 'message.output_text.logprobs'."
        ),
    ),
    "too much metadata": (
        {"metadata": {f"k{number}": "v" for number in range(17)}},
        "metadata",
        "object_above_max_properties",
        (
            "Invalid 'metadata': too many properties. Expected an object with at most 16 properties, but got an object "
            "with 17 properties instead."
        ),
    ),
    "usage in the stream, which only chat has": (
        {"stream": True, "stream_options": {"include_usage": True}},
        "stream_options.include_usage",
        "unknown_parameter",
        "Unknown parameter: 'stream_options.include_usage'.",
    ),
    "an effort that no model knows": (
        {"reasoning": {"effort": "bogus"}},
        "reasoning.effort",
        "invalid_value",
        "Invalid value: 'bogus'. Supported values are: 'none', 'minimal', 'low', 'medium', 'high', 'xhigh', and 'max'.",
    ),
    "an effort that the model does not know": (
        {"reasoning": {"effort": "minimal"}},
        "reasoning.effort",
        "unsupported_value",
        (
            "Unsupported value: 'minimal' is not supported with the 'gpt-5.6' model. Supported values are: 'none', "
            "'low', 'medium', 'high', 'xhigh', and 'max'."
        ),
    ),
    "an effort of a model that does not reason": (
        {"model": "gpt-4o", "reasoning": {"effort": "low"}},
        "reasoning.effort",
        "unsupported_parameter",
        "Unsupported parameter: 'reasoning.effort' is not supported with this model.",
    ),
    "a temperature of a model that reasons": (
        {"temperature": 0.5},
        "temperature",
        None,
        "Unsupported parameter: 'temperature' is not supported with this model.",
    ),
    "log probabilities of a model that reasons": (
        {"include": ["message.output_text.logprobs"]},
        "include",
        "unsupported_parameter",
        "logprobs are not supported with reasoning models.",
    ),
    "an unknown response": (
        {"previous_response_id": "resp_x"},
        "previous_response_id",
        "previous_response_not_found",
        "Previous response with id 'resp_x' not found.",
    ),
    "two histories": (
        {"previous_response_id": "resp_x", "conversation": "conv_x"},
        None,
        "mutually_exclusive_parameters",
        "Mutually exclusive parameters: ''. Ensure you are only providing one of: 'pre..._id' or 'conversation'.",
    ),
    "a call without its result": (
        {"input": [CALLED]},
        "input",
        None,
        "No tool output found for function call call_1.",
    ),
    "a result without its call": (
        {"input": [ANSWERED]},
        "input",
        None,
        "No tool call found for function call output with call_id call_1.",
    ),
    "a reasoning that leads to nothing": (
        {"input": [{"type": "reasoning", "id": "rs_1", "summary": []}]},
        "input",
        None,
        "Item 'rs_1' of type 'reasoning' was provided without its required following item.",
    ),
    "an unknown parameter before anything in the input": (
        {"input": 7, "max_tokens": 1},
        "max_tokens",
        "unknown_parameter",
        "Unknown parameter: 'max_tokens'.",
    ),
    "the types of everything before what the model does not take": (
        {"temperature": 0.5, "truncation": "bogus"},
        "truncation",
        "invalid_value",
        "Invalid value: 'bogus'. Supported values are: 'auto' and 'disabled'.",
    ),
    "what is stored before what the model does not take": (
        {"temperature": 0.5, "previous_response_id": "resp_x"},
        "previous_response_id",
        "previous_response_not_found",
        "Previous response with id 'resp_x' not found.",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_body_is_refused_in_openais_words(case: str) -> None:
    fields, param, code, message = REFUSED[case]
    body = {key: value for key, value in {**ASKED, **fields}.items() if value is not NOTHING}

    (steps,) = play(emulator(), post("/v1/responses", body))

    assert status(steps) == 400
    assert json_of(steps) == {
        "error": {"message": message, "type": "invalid_request_error", "param": param, "code": code}
    }


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"conversation": "conv_x"}, "Conversation with id 'conv_x' not found."),
        (
            {"input": [{"type": "item_reference", "id": "rs_x"}]},
            (
                "Item with id 'rs_x' not found. Items are not persisted when `store` is set to false. Try again with "
                "`store` set to true, or remove this item from your input."
            ),
        ),
    ],
)
def test_what_is_not_stored_is_not_found(fields: dict[str, Any], message: str) -> None:
    (steps,) = play(emulator(), post("/v1/responses", {**ASKED, **fields}))

    assert (status(steps), json_of(steps)["error"]["message"]) == (404, message)


def test_a_parameter_that_is_newer_than_this_program_is_let_through() -> None:
    (steps,) = play(emulator(), post("/v1/responses", {**ASKED, "something_quite_new": 1}))

    assert status(steps) == 200


@pytest.mark.parametrize("case", REFUSED)
def test_a_lenient_server_refuses_nothing(case: str) -> None:
    fields, *_ = REFUSED[case]
    body = {key: value for key, value in {**ASKED, **fields}.items() if value is not NOTHING}

    (steps,) = play(emulator(lenient=True), post("/v1/responses", body))

    assert status(steps) == 200, json.dumps(json_of(steps))
