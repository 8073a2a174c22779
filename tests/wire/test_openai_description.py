import json
from typing import Any

import pytest

from tools.make_openai_shapes import TARGET, compact, write


@pytest.mark.long
def test_the_description_is_as_its_command_writes_it_and_has_no_schema_that_nothing_reaches() -> None:
    text = TARGET.read_text("utf-8")

    assert write(compact(json.loads(text))) == text


def test_a_description_loses_texts_and_examples_but_no_property_of_such_a_name() -> None:
    schema = {
        "type": "object",
        "title": "A model",
        "x-meta": {"group": "models"},
        "properties": {
            "title": {"type": "string", "description": "text"},
            "example": {"$ref": "#/components/schemas/B"},
        },
        "required": ["title"],
    }
    described: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {"title": "API", "version": "1", "license": {"name": "MIT"}, "contact": {}},
        "paths": {"/models": {"get": _answer("A"), "patch": _answer("Other")}, "/elsewhere": {"get": _answer("Other")}},
        "components": {"schemas": {"A": schema, "B": {"type": "string"}, "Other": {"type": "string"}}},
    }

    assert compact(described) == {
        "openapi": "3.1.0",
        "info": {"title": "API", "version": "1", "license": {"name": "MIT"}},
        "paths": {"/models": {"get": _answer("A")}},
        "components": {
            "schemas": {
                "A": {
                    "type": "object",
                    "properties": {"title": {"type": "string"}, "example": {"$ref": "#/components/schemas/B"}},
                    "required": ["title"],
                },
                "B": {"type": "string"},
            }
        },
    }


def _answer(schema: str) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    return {"responses": {"200": {"content": content}}}
