"""JSON without a schema has the shape that the words of the prompt show or name."""

from typing import Any

import pytest

from llemulator_addon.core.prompt import Message, Prompt
from llemulator_addon.simulate.inferred_schema import shape_for, shape_shown, wants_json

_TEXT = {"type": "string"}


def _prompt(text: str) -> Prompt:
    return Prompt(endpoint="chat.completions", model="m", messages=(Message(role="user", text=text),))


def _properties(text: str) -> Any:  # noqa: ANN401 - JSON Schema
    return shape_for(_prompt(text))["properties"]


def test_an_example_is_read_with_the_types_of_its_members() -> None:
    example = '{"name": "x", "n": 1, "price": 1.5, "ok": true, "tags": ["a", "b"], "none": [], "in": {"x": 1}}'
    found = shape_shown(f"Return JSON like {example}.")

    assert found is not None
    assert found["required"] == ["name", "n", "price", "ok", "tags", "none", "in"]
    assert found["properties"] == {
        "name": _TEXT,
        "n": {"type": "integer"},
        "price": {"type": "number"},
        "ok": {"type": "boolean"},
        "tags": {"type": "array", "items": _TEXT, "minItems": 2, "maxItems": 3},
        "none": {"type": "array", "items": _TEXT, "minItems": 1, "maxItems": 3},
        "in": {
            "type": "object",
            "properties": {"x": {"type": "integer"}},
            "required": ["x"],
            "additionalProperties": False,
        },
    }


@pytest.mark.parametrize("text", ["no example", "{not json}", "{", "{}", "a \ud800 {\ud800}"])
def test_a_text_without_an_example_shows_no_shape(text: str) -> None:
    assert shape_shown(text) is None


def test_of_two_examples_the_last_counts() -> None:
    found = shape_shown('{"old": 1} and then {"new": 2}')

    assert found is not None
    assert found["required"] == ["new"]


def test_names_in_the_prompt_are_the_keys() -> None:
    assert _properties("Answer with the keys: title, `authors`, price and address. Be brief.") == {
        "title": _TEXT,
        "authors": {"type": "array", "items": _TEXT, "minItems": 2},
        "price": {"type": "number"},
        "address": _TEXT,
    }


def test_where_nothing_is_named_the_shape_is_of_our_own() -> None:
    assert list(_properties("Tell me something.")) == ["title", "summary", "key_points"]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('Return JSON: {"title": "x"}', True),
        ('Output as a JSON object, e.g. {"title": "x"}', True),
        ('What is {"title": "x"}?', False),
        ("Return JSON with {braces}", False),
        ("Return JSON", False),
    ],
)
def test_json_is_wanted_where_words_ask_for_it_and_show_it(text: str, wanted: bool) -> None:  # noqa: FBT001
    assert wants_json(_prompt(text)) is wanted
