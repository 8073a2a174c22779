# ruff: noqa: ISC004 - a message goes over two lines
from typing import Any

import pytest

from llemulator_addon.core.prompt import Message, Prompt
from llemulator_addon.core.reply import Failure
from llemulator_addon.engine.simulate.strict import problem_with, refuse_schema

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
