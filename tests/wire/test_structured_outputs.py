# ruff: noqa: ISC004 - a message goes over two lines
from typing import Any

import pytest

from llemulator_addon.core.prompt import Message, Prompt
from llemulator_addon.core.reply import Failure
from llemulator_addon.core.work import Work
from llemulator_addon.wire.structured_outputs import problem_with, refuse_schema
from tests.playing import chat, emulator, play

_TEXT = {"type": "string"}


def _object(properties: dict[str, Any], **changed: object) -> dict[str, Any]:
    whole = {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}
    return {key: value for key, value in {**whole, **changed}.items() if value is not None}


def _nested(levels: int) -> dict[str, Any]:
    return _TEXT if levels == 0 else _object({"in": _nested(levels - 1)})


def _chat(**body: object) -> Prompt:
    return Prompt(endpoint="chat.completions", model="gpt-4o", messages=(Message(role="user", text="Hi"),), body=body)


@pytest.mark.parametrize(
    ("schema", "problem"),
    [
        (_object({"a": _TEXT}), None),
        (_nested(10), None),
        (
            _object({"a": _TEXT}, additionalProperties=None),
            "In context=(), 'additionalProperties' is required to be supplied and to be false.",
        ),
        (
            _object({"a": _object({}, additionalProperties=True)}),
            "In context=('properties', 'a'), 'additionalProperties' is required to be supplied and to be false.",
        ),
        (
            _object({"a": _TEXT, "b": _TEXT}, required=["a"]),
            "In context=(), 'required' is required to be supplied and to be an array including every key in properties."
            " Missing 'b'.",
        ),
        (
            _object({"list": {"type": "array", "items": _object({"roles": _TEXT}, required=None)}}),
            "In context=('properties', 'list', 'items'), 'required' is required to be supplied and to be an array "
            "including every key in properties. Missing 'roles'.",
        ),
        (
            _object({"a": _TEXT}, required=["a", "z"]),
            "In context=(), 'required' is required to be supplied and to be an array including every key in properties."
            " Extra required key 'z' supplied.",
        ),
        (
            {"type": "array", "items": _TEXT},
            "schema must be a JSON Schema of 'type: \"object\"', got 'type: \"array\"'.",
        ),
        (
            _object({"a": {"oneOf": [_TEXT, {"type": "null"}]}}),
            "In context=('properties', 'a'), 'oneOf' is not permitted.",
        ),
        (_object({"a": {"const": 1}}), "In context=('properties', 'a'), schema must have a 'type' key."),
        (
            _object({"a": {"$ref": "#/$defs/a", "description": "x"}}, **{"$defs": {"a": _TEXT}}),
            "context=('properties', 'a'), $ref cannot have keywords {'description'}.",
        ),
        (_object({"a": {"type": "array"}}), "In context=('properties', 'a'), array schema missing items."),
        (
            _object({"a": {"type": "string", "format": "uri"}}),
            "In context=('properties', 'a'), 'uri' is not a valid format.",
        ),
        (_nested(11), "11 levels of nesting exceeds limit of 10."),
        (_object({f"p{n}": _TEXT for n in range(5001)}), "5001 parameters exceeds limit of 5000."),
        (_object({"next": {"anyOf": [{"$ref": "#"}, {"type": "null"}]}}), None),
    ],
)
def test_what_strict_mode_has_against_a_schema(schema: dict[str, Any], problem: str | None) -> None:
    assert problem_with(schema) == problem


def test_a_schema_of_a_chat_completion_is_refused_as_the_api_does() -> None:
    schema = {"name": "event", "strict": True, "schema": {"type": "object", "properties": {}}}

    assert refuse_schema(_chat(response_format={"type": "json_schema", "json_schema": schema})) == Failure(
        status=400,
        type="invalid_request_error",
        param="response_format",
        message="Invalid schema for response_format 'event': In context=(), 'additionalProperties' is required to be "
        "supplied and to be false.",
    )


def test_a_schema_of_responses_is_refused_with_its_own_place_and_code() -> None:
    text = {"format": {"type": "json_schema", "name": "event", "strict": True, "schema": {"type": "object"}}}

    assert refuse_schema(_chat(input="Hi", text=text)) == Failure(
        status=400,
        type="invalid_request_error",
        param="text.format.schema",
        code="invalid_json_schema",
        message="Invalid schema for response_format 'event': In context=(), 'additionalProperties' is required to be "
        "supplied and to be false.",
    )


def test_a_strict_function_is_refused_with_its_place() -> None:
    parameters = {"type": "object", "properties": {"a": _TEXT}, "additionalProperties": False}
    fine = {"type": "function", "function": {"name": "fine", "parameters": parameters}}
    strict = {"type": "function", "function": {"name": "save", "strict": True, "parameters": parameters}}

    assert refuse_schema(_chat(tools=[fine, strict])) == Failure(
        status=400,
        type="invalid_request_error",
        param="tools[1].function.parameters",
        code="invalid_function_parameters",
        message="Invalid schema for function 'save': In context=(), 'required' is required to be supplied and to be an "
        "array including every key in properties. Missing 'a'.",
    )
    assert refuse_schema(_chat(tools=[fine])) is None


def test_functions_in_the_older_form_are_checked_too() -> None:
    refused = refuse_schema(_chat(functions=[{"name": "f", "parameters": {"type": "string"}}]))

    assert refused is not None
    assert (refused.param, refused.code) == ("functions[0].parameters", "invalid_function_parameters")


def test_empty_parameters_are_refused_by_chat_completions_alone() -> None:
    refused = refuse_schema(_chat(tools=[{"type": "function", "function": {"name": "f", "parameters": {}}}]))

    assert refused is not None
    assert refused.message.endswith("schema must be a JSON Schema of 'type: \"object\"', got 'type: \"None\"'.")
    assert refuse_schema(_chat(tools=[{"type": "function", "name": "f", "parameters": {}}])) is None


def test_a_schema_that_is_not_strict_may_be_anything_with_an_object_at_its_root() -> None:
    loose = {"name": "event", "schema": {"type": "object", "properties": {"a": {"oneOf": [_TEXT]}}}}

    assert refuse_schema(_chat(response_format={"type": "json_schema", "json_schema": loose})) is None


def test_json_without_a_schema_must_be_spoken_of() -> None:
    refused = refuse_schema(_chat(response_format={"type": "json_object"}))

    assert refused is not None
    assert refused.message == (
        "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'."
    )
    assert refused.param == "messages"
    assert refuse_schema(_chat(input="As JSON, please", text={"format": {"type": "json_object"}})) is None


def test_requests_without_schemas_are_not_refused() -> None:
    assert refuse_schema(_chat()) is None
    assert refuse_schema(_chat(response_format={"type": "text"}, tools=[{"type": "web_search"}])) is None


def _referring(levels: int, properties: int) -> dict[str, Any]:
    named = {
        f"d{level}": _object({f"p{number}": {"$ref": f"#/$defs/d{level + 1}"} for number in range(properties)})
        for level in range(levels)
    }
    return {**_object({"a": {"$ref": "#/$defs/d0"}}), "$defs": {**named, f"d{levels}": _TEXT}}


def test_what_definitions_refer_to_is_looked_at_once() -> None:
    work = Work(10_000)

    assert problem_with(_referring(9, 50), work) is None
    assert problem_with(_referring(10, 2)) == "11 levels of nesting exceeds limit of 10."


@pytest.mark.long
def test_a_long_row_of_references_is_followed() -> None:
    row = {f"d{number}": {"$ref": f"#/$defs/d{number + 1}"} for number in range(3_000)}

    assert problem_with({**_object({"a": {"$ref": "#/$defs/d0"}}), "$defs": {**row, "d3000": _TEXT}}) is None


@pytest.mark.parametrize("described", [{"type": "string"}, {"anyOf": [{"type": "string"}, {"type": "null"}]}])
def test_as_many_properties_as_are_permitted_are_taken(described: dict[str, Any]) -> None:
    assert problem_with(_object({f"p{number}": described for number in range(5_000)})) is None


@pytest.mark.parametrize(
    ("schema", "problem"),
    [
        (_object({f"p{number}": _TEXT for number in range(5_001)}), "5001 parameters exceeds limit of 5000."),
        (
            _object({"a": {"type": "string", "enum": [str(number) for number in range(1_001)]}}),
            "Expected at most 1000 enum values in total within a single schema when using structured outputs, but "
            "received 1001. Consider reducing the number of enums, or use 'strict: false' to opt out of structured "
            "outputs.",
        ),
        (
            _object({"a": {"type": "string", "enum": [f"{number:060}" for number in range(251)]}}),
            "Expected at most 15000 characters in total within a single enum of more than 250 values when using "
            "structured outputs, but received 15060. Consider reducing the number of enums, or use 'strict: false' to "
            "opt out of structured outputs.",
        ),
        (
            _object({f"{number:040}": _TEXT for number in range(3_001)}),
            "Expected at most 120000 characters in total of property names, definition names, enum values and const "
            "values within a single schema when using structured outputs, but received 120040. Consider shortening "
            "them, or use 'strict: false' to opt out of structured outputs.",
        ),
    ],
)
def test_a_schema_larger_than_is_permitted_is_refused(schema: dict[str, Any], problem: str) -> None:
    assert problem_with(schema) == problem


def test_a_large_enum_of_few_values_is_taken() -> None:
    assert problem_with(_object({"a": {"type": "string", "enum": ["x" * 400] * 250}})) is None


@pytest.mark.long
def test_all_schemas_of_a_request_share_one_bound() -> None:
    parameters = {"type": "object", "properties": {f"p{number}": _TEXT for number in range(1_000)}}
    tools = [{"type": "function", "name": f"f{number}", "parameters": parameters} for number in range(128)]

    refusal = refuse_schema(Prompt(endpoint="responses", model="gpt-4o", body={"tools": tools}))

    assert refusal is not None
    assert (refusal.status, refusal.code) == (400, "invalid_function_parameters")
    assert "more than 150000 words and names in all, which is too many to check." in refusal.message
    assert refuse_schema(Prompt(endpoint="responses", model="gpt-4o", body={"tools": tools[:20]})) is None


@pytest.mark.long
def test_chat_has_the_same_bound() -> None:
    parameters = {"type": "object", "properties": {f"p{number}": _TEXT for number in range(1_000)}}
    tools = [{"type": "function", "function": {"name": f"f{n}", "parameters": parameters}} for n in range(60)]

    assert "too many to check" in str(play(emulator(), chat("Hi", tools=tools))[0][1])
