"""`moderation`: verdicts of the endpoint, and of answers of chat and Responses that are moderated."""

from typing import Annotated, Any

from pydantic import BeforeValidator

from llemulator_addon.core.reply import Moderation
from llemulator_addon.script.model import ScriptPart

VerdictSpec = dict[str, Any]
"""Scores or booleans by category; or `flagged`, `categories`, `category_scores` as OpenAI has them."""


class BesidePart(ScriptPart):
    """The verdicts that an answer of chat or Responses carries, if the request asks for them."""

    input: VerdictSpec | None = None
    output: VerdictSpec | None = None


def _put_in_list(value: object) -> object:
    return [value] if isinstance(value, dict) and not value.keys() & {"input", "output"} else value


Verdicts = Annotated[
    list[VerdictSpec] | BesidePart,
    BeforeValidator(_put_in_list, json_schema_input_type=VerdictSpec | list[VerdictSpec] | BesidePart),
]


def moderation_of(given: list[VerdictSpec] | BesidePart | None) -> Moderation | None:
    """Return the verdicts. The first of a list holds for both sides of an answer of chat or Responses too."""
    if given is None:
        return None
    if isinstance(given, BesidePart):
        return Moderation(input=given.input or {}, output=given.output or {})
    first = given[0] if given else {}
    return Moderation(verdicts=tuple(given), input=first, output=first)
