from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from llemulator_addon.core.chance import Chance
from llemulator_addon.core.prompt import Message, Prompt, Tool
from llemulator_addon.core.stamp import Stamp
from llemulator_addon.core.work import Work
from llemulator_addon.json_schema.ecma_regex import NotUnderstood, search, text_of
from llemulator_addon.json_schema.wellformed import complaint_about, tidy
from llemulator_addon.simulate.answer import simulate_answer
from llemulator_addon.simulate.schema_values import value_for
from llemulator_addon.simulate.settings import SimulationSettings
from llemulator_addon.wire.structured_outputs import refuse_schema

_WORDS = (
    "type", "schema", "json_schema", "name", "strict", "function", "tools", "allowed_tools", "mode", "properties",
    "items", "anyOf", "$ref", "enum", "pattern", "required", "minItems", "format", "not", "minimum", "const", "oneOf",
    "allOf", "additionalProperties", "prefixItems", "if", "multipleOf", "uniqueItems", "contains", "maxLength",
)  # fmt: skip
_FIELDS = (
    "seed", "stop", "max_tokens", "response_format", "text", "tools", "tool_choice", "functions", "function_call",
    "parallel_tool_calls", "stream_options", "input", "response_length",
)  # fmt: skip
_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_WORDS) | st.text(max_size=4), inner, max_size=4)
    ),
    max_leaves=15,
)
_SCHEMAS = st.fixed_dictionaries(
    {"type": st.sampled_from(["object", "array", "string", "number", "integer", "x", ["string", "null"], 5])},
    optional=dict.fromkeys(_WORDS[9:], _JSON),
)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.text(max_size=200), st.dictionaries(st.sampled_from(_FIELDS), _JSON, max_size=5), _SCHEMAS)
def test_nothing_that_a_client_may_send_makes_an_answer_fail(
    text: str, body: dict[str, Any], schema: Mapping[str, Any]
) -> None:
    asked = Prompt(endpoint="chat.completions", model="gpt-4o", messages=(Message(role="user", text=text),), body=body)
    form = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema, "strict": True}}
    tooled = Prompt(endpoint="chat.completions", model="gpt-4o", tools=(Tool(name="t", parameters=schema),), body=body)

    for prompt in (asked, tooled, Prompt(endpoint="responses", model="o3", body={"response_format": form})):
        refuse_schema(prompt)
        simulate_answer(prompt, Stamp(1, 0), SimulationSettings())


@pytest.mark.parametrize(
    ("schema", "complaint"),
    [
        ({"type": "object", "properties": {"a": {"type": "array", "items": True}}}, None),
        ({"type": "object", "required": None}, "None is not of type 'array'."),
        ({"properties": {"a": {"type": "any"}}}, "'any' is not valid under any of the given schemas."),
        ({"properties": []}, "[] is not of type 'object'."),
        ({"items": {"minLength": -1}}, "-1 is less than the minimum of 0."),
        ({"anyOf": []}, "[] should be non-empty."),
        ("string", "'string' is not of type 'object', 'boolean'."),
    ],
)
def test_a_schema_that_is_none_is_complained_about_as_jsonschema_does(schema: object, complaint: str | None) -> None:
    assert complaint_about(schema, Work(1_000)) == complaint


def test_what_is_malformed_is_left_out() -> None:
    schema = {"type": "object", "required": 5, "properties": {"a": {"type": "x", "minLength": 2.0}}, "x-own": [1]}

    assert tidy(schema, Work(100)) == {"type": "object", "properties": {"a": {"minLength": 2}}, "x-own": [1]}


def test_a_schema_without_an_end_or_with_too_many_ways_is_given_up() -> None:
    endless = {"$defs": {"a": {"type": "object", "properties": {"x": {"$ref": "#/$defs/a"}}, "required": ["x"]}}}
    ways = [
        {"anyOf": [{"required": [f"k{n}"], "properties": {f"k{n}": {"const": way}}} for way in range(4)]}
        for n in range(12)
    ]

    assert value_for({**endless, "$ref": "#/$defs/a"}, Chance("1")) is None
    assert value_for({"allOf": ways, "properties": {"k11": False}, "required": ["k11"]}, Chance("1")) is None


def test_a_set_of_many_numbers_leaves_the_usual_range() -> None:
    numbers = {"type": "integer", "minimum": 1, "maximum": 400}

    made = value_for({"type": "array", "items": numbers, "minItems": 150, "uniqueItems": True}, Chance("1"))

    assert len(set(made)) == 150


@pytest.mark.parametrize("pattern", ["(", "a)", "[a", "*", r"\x{zz}", "(?#x)", "(" * 5000, "(?:a{4096}){4096}"])
def test_a_pattern_that_is_none_or_too_much_is_said_to_be_so(pattern: str) -> None:
    with pytest.raises(NotUnderstood):
        text_of(pattern, Chance("1"))


def test_a_pattern_cannot_be_made_to_match_for_ever() -> None:
    assert not search("^(a+)+$", "a" * 200 + "b")


@pytest.mark.long
@pytest.mark.parametrize(
    "schema",
    [
        {"type": "array", "minItems": 10**300},
        {"type": "array", "contains": {"const": 1}, "minContains": 10**300},
        {"type": "array", "minItems": 1000, "items": {"type": "array", "minItems": 1000, "items": {"type": "null"}}},
        {"type": "object", "minProperties": 10**300},
        {"type": "string", "minLength": 10**300},
        {"type": "string", "minLength": 10**300, "pattern": "a+"},
    ],
)
def test_what_asks_for_more_than_anybody_would_read_is_given_up(schema: dict[str, Any]) -> None:
    assert value_for(schema, Chance("1")) is None
