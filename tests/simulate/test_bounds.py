"""Whatever schema a client sends, a value for it takes work that has a bound. All work here is counted."""

from typing import Any

import pytest

from llemulator_addon.core.chance import Chance
from llemulator_addon.core.work import TooMuchWork, Work
from llemulator_addon.json_schema import ecma_regex
from llemulator_addon.json_schema.document import Schemas
from llemulator_addon.json_schema.validate import fits
from llemulator_addon.simulate.facts import facts_of
from llemulator_addon.simulate.schema_values import STEPS, value_for
from llemulator_addon.simulate.user_values import UserValues, flatten

_TEXT = {"type": "string"}


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _doubled(word: str, times: int) -> dict[str, Any]:
    named = {f"d{n}": {word: [{"$ref": f"#/$defs/d{n + 1}"}, {"$ref": f"#/$defs/d{n + 1}"}]} for n in range(times)}
    return {"$ref": "#/$defs/d0", "$defs": {**named, f"d{times}": {"type": "string", "minLength": 3}}}


@pytest.mark.parametrize("word", ["allOf", "anyOf", "oneOf"])
def test_a_schema_doubled_again_and_again_costs_its_size(word: str) -> None:
    schema = _doubled(word, 22)
    work = Work(2_000)

    fits("abc", schema, Schemas(schema, work))

    assert work.left > 0


@pytest.mark.parametrize("word", ["allOf", "anyOf"])
def test_a_value_is_made_for_it(word: str) -> None:
    schema, work = _doubled(word, 22), Work(5_000)

    assert len(value_for(schema, Chance("a"), work=work)) >= 3


@pytest.mark.long
@pytest.mark.parametrize(
    "schema",
    [
        _object({f"p{number}": _TEXT for number in range(5_000)}),
        _object({"a": {"type": "string", "enum": [str(number) for number in range(10_000)]}}),
        {"allOf": [{"enum": list(range(10_000))}, {"enum": list(range(5_000, 15_000))}]},
        {"type": "array", "minItems": 3_000, "uniqueItems": True, "items": {"type": "integer"}},
    ],
)
def test_what_is_large_and_permitted_gets_a_valid_value(schema: dict[str, Any]) -> None:
    value = value_for(schema, Chance("a"), source=UserValues(facts_of("Three of 5 for Ann"), "topic", eager=True))

    assert value is not None
    assert fits(value, schema, Schemas(schema, Work(STEPS)))


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "array", "minItems": 19_000, "items": {"type": "string", "minLength": 200_000}},
        {"type": "object", "minProperties": 19_000, "propertyNames": {"pattern": "^[ab]$"}},
        {"type": "string", "pattern": "^(((((a?b)*c?)*d?)*e?)*f?)*$", "minLength": 5_000},
        {"type": "string", "pattern": "(?<=(a|b)*)(?<!(a*b*)*c)x", "minLength": 3_000},
        {"type": "string", "pattern": "(^){1000000000}x{30}", "not": {"minLength": 1}},
        {"type": "string", "pattern": f"[{''.join(chr(200 + 2 * n) for n in range(3_000))}]{{500}}", "maxLength": 1},
    ],
)
def test_what_asks_for_more_is_given_up(schema: dict[str, Any]) -> None:
    value_for(schema, Chance("a"), work=Work(20_000))  # it returns


@pytest.mark.long
def test_uniqueness_is_looked_at_once_for_each_item() -> None:
    schema, items = {"uniqueItems": True}, [[number] for number in range(100_000)]

    assert fits(items, schema, Schemas(schema, Work(250_000)))
    assert not fits([*items, [7.0]], schema, Schemas(schema, Work(250_000)))


@pytest.mark.parametrize("pattern", ["\\u{FFFFFFF}", "[^\\x00-\\u{10FFFF}]", "a" * 5_000])
def test_patterns_that_no_text_matches_are_not_understood(pattern: str) -> None:
    with pytest.raises(ecma_regex.NotUnderstood):
        ecma_regex.text_of(pattern, Chance("a"))


@pytest.mark.parametrize("pattern", ["a{99999999999999999999999}", "\\u{FFFFFFF}"])
def test_a_name_is_compared_with_a_pattern_that_is_none(pattern: str) -> None:
    schema = {"type": "object", "minProperties": 1, "patternProperties": {pattern: {"type": "integer"}}}

    assert len(value_for(schema, Chance("a"))) >= 1


def test_matching_is_paid_for() -> None:
    with pytest.raises(TooMuchWork):
        ecma_regex.search("^((a|b)*c?)*$", "ab" * 5_000, Work(1_000))


@pytest.mark.long
def test_of_many_things_in_a_text_the_first_are_offered() -> None:
    assert len(facts_of("Ann Smith met Bob. " * 1_000).names) <= 100
    assert len(facts_of(" ".join(str(number) for number in range(5_000))).numbers) == 100


def test_results_of_tools_are_known_by_the_name_that_stands_highest() -> None:
    assert flatten({"a": {"x": 1, "b": {"y": 2}}, "c": {"x": 3, "y": 4}, "y": 5}) == {"x": 1, "y": 5}
