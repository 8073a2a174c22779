import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from jsonschema import Draft202012Validator
from jsonschema.protocols import Validator
from jsonschema.validators import validator_for

from llemulator_addon.core.chance import Chance
from llemulator_addon.core.work import Work
from llemulator_addon.json_schema.document import Schemas
from llemulator_addon.json_schema.validate import fits
from llemulator_addon.simulate.schema_values import value_for
from tests.simulate.grammar import Schema, schemas

_CLOSED = {"additionalProperties": False}


def _object(**properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "required": list(properties), **_CLOSED}


_TEXT: Schema = {"type": "string"}

# From the guides of OpenAI, its SDKs, LangChain, pydantic-ai, instructor and the AI SDK, and what pydantic makes.
REAL = {
    "math reasoning": _object(
        steps={"type": "array", "items": _object(explanation=_TEXT, output=_TEXT)}, final_answer=_TEXT
    ),
    "calendar event": _object(name=_TEXT, date=_TEXT, participants={"type": "array", "items": _TEXT}),
    "user interface": {
        "type": "object",
        "properties": {
            "type": {"type": "string", "enum": ["div", "button", "header", "section", "field", "form"]},
            "label": {"type": "string", "description": "The label of the component, used for buttons or fields"},
            "children": {"type": "array", "items": {"$ref": "#"}},
            "attributes": {"type": "array", "items": _object(name=_TEXT, value=_TEXT)},
        },
        "required": ["type", "label", "children", "attributes"],
        **_CLOSED,
    },
    "linked list": {
        "type": "object",
        "properties": {"linked_list": {"$ref": "#/$defs/linked_list_node"}},
        "$defs": {
            "linked_list_node": _object(
                value={"type": "number"}, next={"anyOf": [{"$ref": "#/$defs/linked_list_node"}, {"type": "null"}]}
            )
        },
        "required": ["linked_list"],
        **_CLOSED,
    },
    "moderation": _object(
        is_violating={"type": "boolean"},
        category={"type": ["string", "null"], "enum": ["violence", "sexual", "self_harm", None]},
        explanation_if_violating={"type": ["string", "null"]},
    ),
    "any of two": _object(
        item={
            "anyOf": [
                _object(name=_TEXT, age={"type": "number"}),
                _object(number=_TEXT, street=_TEXT, city=_TEXT),
            ]
        }
    ),
    "weather with formats": _object(
        location=_TEXT,
        unit={"type": ["string", "null"], "enum": ["celsius", "fahrenheit", None]},
        temperature={"type": "number", "minimum": -130, "maximum": 130},
        at={"type": "string", "format": "date-time"},
    ),
    "account with patterns": _object(
        username={"type": "string", "pattern": "^@[a-zA-Z0-9_]+$"},
        email={"type": "string", "format": "email"},
    ),
    "pydantic decimal": _object(
        total={
            "anyOf": [
                {"type": "number", "exclusiveMinimum": 0},
                {"type": "string", "pattern": r"^(?!^[-+.]*$)[+-]?0*\d*\.?\d*$"},
            ]
        }
    ),
    "pydantic optional and nested": {
        "$defs": {
            "Address": {
                "properties": {"street": {"title": "Street", "type": "string"}, "zip": {"type": "string"}},
                "required": ["street"],
                "title": "Address",
                "type": "object",
            },
            "Color": {"enum": ["red", "green"], "title": "Color", "type": "string"},
        },
        "properties": {
            "name": {"maxLength": 12, "minLength": 3, "title": "Name", "type": "string"},
            "age": {"exclusiveMinimum": 0, "maximum": 120, "title": "Age", "type": "integer"},
            "address": {"anyOf": [{"$ref": "#/$defs/Address"}, {"type": "null"}], "default": None},
            "color": {"$ref": "#/$defs/Color", "description": "Of the car", "default": "red"},
            "scores": {"additionalProperties": {"type": "integer"}, "title": "Scores", "type": "object"},
            "pair": {
                "maxItems": 2,
                "minItems": 2,
                "prefixItems": [{"type": "integer"}, {"type": "string"}],
                "type": "array",
            },
            "tags": {"items": {"type": "string"}, "type": "array", "uniqueItems": True, "minItems": 3},
        },
        "required": ["name", "age", "pair", "tags"],
        "title": "User",
        "type": "object",
    },
    "discriminated union": {
        "$defs": {
            "Cat": {
                "properties": {"kind": {"const": "cat", "type": "string"}, "lives": {"type": "integer", "maximum": 9}},
                "required": ["kind", "lives"],
                "type": "object",
            },
            "Dog": {
                "properties": {"kind": {"const": "dog", "type": "string"}, "name": {"type": "string"}},
                "required": ["kind", "name"],
                "type": "object",
            },
        },
        "type": "object",
        "properties": {
            "pet": {
                "discriminator": {"mapping": {"cat": "#/$defs/Cat", "dog": "#/$defs/Dog"}, "propertyName": "kind"},
                "oneOf": [{"$ref": "#/$defs/Cat"}, {"$ref": "#/$defs/Dog"}],
            }
        },
        "required": ["pet"],
    },
    "recipe": _object(
        recipe=_object(
            title=_TEXT,
            servings={"type": "integer", "minimum": 1, "maximum": 12},
            ingredients={"type": "array", "items": _object(name=_TEXT, amount=_TEXT), "minItems": 2},
            steps={"type": "array", "items": _TEXT},
            difficulty={"type": "string", "enum": ["easy", "medium", "hard"]},
        )
    ),
}

ODD = {
    "all of two objects": {
        "allOf": [
            {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]},
            {"type": "object", "properties": {"b": {"exclusiveMinimum": 3, "type": "integer"}}, "required": ["b"]},
        ]
    },
    "all of bounds": {"allOf": [{"type": "integer", "minimum": 5, "multipleOf": 4}, {"maximum": 90, "multipleOf": 6}]},
    "all of references": {
        "$defs": {"base": {"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]}},
        "allOf": [{"$ref": "#/$defs/base"}, {"properties": {"price": {"type": "number"}}, "required": ["price"]}],
    },
    "one of, which overlap": {"oneOf": [{"type": "integer", "minimum": 1}, {"type": "integer", "maximum": 50}]},
    "one of two requirements": {
        "type": "object",
        "properties": {"email": _TEXT, "phone": _TEXT},
        "oneOf": [{"required": ["email"]}, {"required": ["phone"]}],
    },
    "any of twice": {
        "type": "object",
        "anyOf": [{"required": ["a"]}, {"required": ["b"]}],
        "allOf": [{"anyOf": [{"properties": {"a": {"const": 1}}}, {"properties": {"b": {"const": 2}}}]}],
    },
    "not": {"type": "integer", "minimum": 1, "maximum": 3, "not": {"enum": [2, 3]}},
    "if, then, else": {
        "type": "object",
        "properties": {"country": {"enum": ["US", "NL"]}, "code": {"type": "string"}},
        "required": ["country", "code"],
        "if": {"properties": {"country": {"const": "US"}}},
        "then": {"properties": {"code": {"pattern": "^[0-9]{5}$"}}},
        "else": {"properties": {"code": {"pattern": "^[0-9]{4} [A-Z]{2}$"}}},
    },
    "contains": {"type": "array", "items": {"type": "integer"}, "contains": {"const": 5}, "minItems": 3},
    "pattern properties": {
        "type": "object",
        "patternProperties": {"^x-[a-z]+$": {"type": "integer"}},
        "minProperties": 2,
        **_CLOSED,
    },
    "property names": {
        "type": "object",
        "propertyNames": {"pattern": "^[A-Z]{3}$"},
        "additionalProperties": {"type": "number"},
        "minProperties": 2,
    },
    "older tuple": {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "type": "array",
        "items": [_TEXT, {"type": "integer"}],
        "minItems": 2,
        "additionalItems": False,
    },
    "mutual recursion": {
        "$defs": {
            "a": _object(to={"anyOf": [{"$ref": "#/$defs/b"}, {"$ref": "#/$defs/c"}]}),
            "b": _object(to={"anyOf": [{"$ref": "#/$defs/a"}, {"$ref": "#/$defs/b"}]}),
            "c": _object(end={"type": "null"}),
        },
        "$ref": "#/$defs/a",
    },
    "pattern and length": {"type": "string", "pattern": "^[a-z]+$", "minLength": 20, "maxLength": 24},
    "two patterns": {"allOf": [{"type": "string", "pattern": "^[ab]"}, {"pattern": "[0-9]$"}]},
    "password": {"type": "string", "pattern": r"^(?=.*[a-z])(?=.*[A-Z])(?=.*\d)[A-Za-z\d]{8,}$"},
    "anything": {},
    "true": True,
    "anchor": {"$defs": {"n": {"$anchor": "here", "type": "integer"}}, "type": "array", "items": {"$ref": "#here"}},
    "narrow decimals": {"type": "number", "exclusiveMinimum": 0.001, "exclusiveMaximum": 0.002},
    "big": {"type": "integer", "minimum": 10**20, "maximum": 10**20 + 5},
}


_AnySchema = Mapping[str, Any] | bool


def _problems(schema: _AnySchema, value: Any) -> list[str]:  # noqa: ANN401
    return [error.message for error in _validator(schema).iter_errors(value)]


def _validator(schema: _AnySchema, *, formats: bool = True) -> Validator:
    validator = validator_for(schema, default=Draft202012Validator)
    return validator(schema, format_checker=validator.FORMAT_CHECKER if formats else None)


_DRAWN = settings(
    database=None,
    derandomize=True,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@settings(_DRAWN, max_examples=200)
@given(schemas())
def test_every_value_is_valid_for_the_schemas_that_openai_documents(schema: Schema) -> None:
    assert _problems(schema, value_for(schema, Chance(json.dumps(schema)))) == []


@pytest.mark.slow
@settings(_DRAWN, max_examples=2000)
@given(schemas())
def test_so_is_every_value_for_many_more_of_them(schema: Schema) -> None:
    assert _problems(schema, value_for(schema, Chance(json.dumps(schema)))) == []


@pytest.mark.long
@pytest.mark.parametrize("name", [*REAL, *ODD])
def test_real_and_odd_schemas_get_valid_values(name: str) -> None:
    schema: Any = {**REAL, **ODD}[name]

    values = [value_for(schema, Chance(str(seed))) for seed in range(50)]

    assert [problem for value in values for problem in _problems(schema, value)] == []
    assert all(json.loads(json.dumps(value)) == value for value in values)


@pytest.mark.long
@pytest.mark.parametrize("name", [*REAL, *ODD])
def test_the_checker_agrees_with_a_validator(name: str) -> None:
    schema: Any = {**REAL, **ODD}[name]
    others = [value_for(other, Chance("x")) for other in {**REAL, **ODD}.values()]

    for value in [*others, None, True, 1, 1.0, "", "a", [], {}]:
        assert fits(value, schema, Schemas(schema, Work(100_000))) == _validator(schema, formats=False).is_valid(value)


def test_the_same_draws_give_the_same_value_and_others_another() -> None:
    schema = REAL["recipe"]

    assert value_for(schema, Chance("1")) == value_for(schema, Chance("1"))
    assert value_for(schema, Chance("1")) != value_for(schema, Chance("2"))


def test_values_are_plausible_for_their_names() -> None:
    schema = _object(
        email=_TEXT,
        firstName=_TEXT,
        website_url=_TEXT,
        age={"type": "integer"},
        phone=_TEXT,
        price={"type": "number"},
        created_at=_TEXT,
        currency=_TEXT,
    )

    value = value_for(schema, Chance("1"))

    assert "@example." in value["email"]
    assert value["firstName"].isalpha()
    assert value["website_url"].startswith("https://example.")
    assert 18 <= value["age"] < 80
    assert value["phone"].startswith("+1 ")
    assert 4 <= value["price"] <= 240
    assert value["created_at"].startswith("202")
    assert len(value["currency"]) == 3


def test_a_schema_that_no_value_fits_gives_something_all_the_same() -> None:
    assert value_for({"type": "string", "enum": [1]}, Chance("1")) is None
    assert value_for({"$ref": "https://elsewhere.example/schema"}, Chance("1")) is None
    assert isinstance(value_for({"type": "string", "pattern": "("}, Chance("1")), str)


@pytest.mark.parametrize("bounds", [{"minimum": 1.3353530264990653e308}, {"maximum": -1.3353530264990653e308}])
def test_a_number_may_be_as_large_as_a_float_can_be(bounds: dict[str, float]) -> None:
    schema = {"type": "number", **bounds}

    assert _problems(schema, value_for(schema, Chance("1"))) == []
