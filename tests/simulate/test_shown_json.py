"""The JSON that a prompt shows: a schema is a schema, an example is an example."""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from llemulator_addon.core.prompt import Message, Prompt
from llemulator_addon.core.reply import ModelOutput
from llemulator_addon.core.stamp import Stamp
from llemulator_addon.simulate.answer import simulate
from llemulator_addon.simulate.settings import SimulationSettings
from llemulator_addon.simulate.shown_json import objects_in

PERSON: dict[str, Any] = {
    "$defs": {"Pet": {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}},
    "type": "object",
    "title": "Person",
    "properties": {
        "name": {"type": "string"},
        "age": {"type": "integer", "minimum": 18},
        "pets": {"type": "array", "items": {"$ref": "#/$defs/Pet"}, "minItems": 1},
    },
    "required": ["name", "age", "pets"],
    "additionalProperties": False,
}
_SHOWN = json.dumps(PERSON, indent=2)
# As Instructor's modes JSON and MD_JSON, and Ragas, put it.
_INSTRUCTOR = (
    f"Understand the content and provide the parsed objects in json that match the following json_schema:\n\n{_SHOWN}"
)
_FENCED = "Return the correct JSON response within a ```json codeblock. not the JSON_SCHEMA"
_RAGAS = (
    "Please return the output in a JSON format that complies with the following schema as specified in JSON Schema:\n"
    f'{_SHOWN}Do not use single quotes.\n\nExamples\nInput: {{"text": "Ann"}}\nOutput: {{"name": "Ann", "age": 42}}\n'
    'Now perform the same with the following input\ninput: {"text": "Bob"}\nOutput: '
)


def _text(user: str, system: str = "", **body: object) -> str:
    messages = (Message(role="system", text=system), Message(role="user", text=user))
    prompt = Prompt(endpoint="chat.completions", model="gpt-4o", messages=messages, body=body)
    reply = simulate(prompt, Stamp(1, 0), SimulationSettings())
    assert isinstance(reply, ModelOutput)
    return reply.choices[0].text


@pytest.mark.parametrize(
    ("user", "system", "body"),
    [
        ("Ann is 42.", _INSTRUCTOR, {"response_format": {"type": "json_object"}}),
        ("Ann is 42.", _INSTRUCTOR, {}),
        (_RAGAS, "", {}),
        (f"Return JSON for this schema: {_SHOWN}", "You are helpful.", {}),
    ],
)
def test_an_answer_fits_the_schema_that_a_prompt_shows(user: str, system: str, body: dict[str, Any]) -> None:
    Draft202012Validator(PERSON).validate(json.loads(_text(user, system, **body)))


def test_an_answer_stands_in_a_code_block_where_the_prompt_asks_for_one() -> None:
    answer = _text(_FENCED, _INSTRUCTOR)

    assert answer.startswith("```json\n")
    assert answer.endswith("\n```")
    Draft202012Validator(PERSON).validate(json.loads(answer.removeprefix("```json\n").removesuffix("\n```")))


@pytest.mark.parametrize(
    "user",
    [
        f"Return JSON for this schema, without markdown:\n```json\n{_SHOWN}\n```",
        f"Return JSON for this schema. Do not wrap it in ```json signs. {_SHOWN}",
    ],
)
def test_it_stands_in_none_where_the_prompt_wants_none(user: str) -> None:
    Draft202012Validator(PERSON).validate(json.loads(_text(user)))


def test_an_example_is_followed_as_an_example() -> None:
    answer = json.loads(_text('Answer in JSON like this: {"type": "object", "title": "A book", "pages": 12}'))

    assert {key: type(value) for key, value in answer.items()} == {"type": str, "title": str, "pages": int}


@pytest.mark.long
@pytest.mark.parametrize("opened", ["{", '{"a":1,"b":', '{"a":[1,2,{"k":'])
def test_many_braces_that_are_never_closed_are_given_up(opened: str) -> None:
    text = "Return the output as JSON. " + opened * 6_000

    assert objects_in(text) == ()
    assert _text(text)


def test_braces_are_looked_at_no_more_than_a_hundred_times() -> None:
    assert objects_in("{ no }" * 100 + '{"a": 1}') == ()
    assert objects_in("{ no }" * 99 + '{"a": 1}') == ({"a": 1},)


def test_keys_that_a_prompt_names_in_quotes_are_the_keys() -> None:
    asked = "Tell me a joke. Return the result as a JSON with 'setup' and 'punchline' keys, nothing else."

    assert list(json.loads(_text(asked, response_format={"type": "json_object"}))) == ["setup", "punchline"]
