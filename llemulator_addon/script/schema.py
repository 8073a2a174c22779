"""The language as a JSON schema, made from the same models that read scripts."""

from functools import cache
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, create_model

from llemulator_addon.script.match import Match
from llemulator_addon.script.reader import ScriptBody
from llemulator_addon.script.regex import Regex
from llemulator_addon.script.rule import OneOrMore, RulePart
from llemulator_addon.wire.json_bytes import pretty


@cache
def schema_text() -> bytes:
    """Return the schema as it is served and shipped."""
    return pretty(schema()) + b"\n"


@cache
def schema() -> dict[str, object]:
    """Return the schema (JSON Schema 2020-12). The reader checks more: for example, which words exclude each other."""
    made: dict[str, object] = tidy(TypeAdapter(_AnyScript).json_schema(by_alias=True))
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "llemulator script",
        "description": "A script: the answers of llemulator to an application's calls to OpenAI's API.",
        **made,
    }


class ShortRule(RulePart):
    """A rule in short: `pattern` or `match`, and `response`, or `error` with `status`."""

    match: Match | Regex = Field(default_factory=Match)  # type: ignore[assignment] # a pattern alone is a match, in short
    pattern: Regex | None = None
    response: OneOrMore | None = None
    error: str | dict[str, Any] | None = None
    status: Annotated[int, Field(ge=400, le=599)] | None = None


_ShortEntry = str | ShortRule
_ScriptObject = create_model(
    "Script",
    __base__=ScriptBody,
    responses=(
        Annotated[
            str | list[_ShortEntry] | dict[str, _ShortEntry] | None,
            Field(description="The short forms: one text, a list in order, or patterns with their texts."),
        ],
        None,
    ),
)
_AnyScript = _ScriptObject | list[_ShortEntry]


def tidy(part: object) -> Any:  # noqa: ANN401
    """Leave out what tells an author nothing: titles made from names, defaults of null, and null as an alternative."""
    match part:
        case list():
            return [tidy(member) for member in part]
        case {"anyOf": [alternative, {"type": "null"}], **rest}:
            return tidy({**rest, **alternative})
        case {"anyOf": [*alternatives, {"type": "null"}], **rest}:
            return tidy({**rest, "anyOf": alternatives})
        case dict():
            return {key: tidy(member) for key, member in part.items() if not _says_nothing(key, member)}
        case _:
            return part


def _says_nothing(key: str, member: object) -> bool:
    return (key == "default" and member is None) or (key == "title" and isinstance(member, str))
