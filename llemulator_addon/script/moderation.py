"""`moderation`: verdicts of the endpoint, and of answers of chat and Responses that are moderated."""

from typing import Annotated, Any

from llemulator_addon.core.reply import Moderation
from llemulator_addon.script.model import ScriptPart
from llemulator_addon.script.short_forms import list_of_one

VerdictSpec = dict[str, Any]
"""Scores or booleans by category; or `flagged`, `categories`, `category_scores` as OpenAI has them."""


class BesidePart(ScriptPart):
    """The verdicts that an answer of chat or Responses carries, if the request asks for them."""

    input: VerdictSpec | None = None
    output: VerdictSpec | None = None


def _is_verdict(value: object) -> bool:
    return isinstance(value, dict) and not value.keys() & {"input", "output"}


Verdicts = Annotated[
    list[VerdictSpec] | BesidePart, list_of_one(_is_verdict, VerdictSpec | list[VerdictSpec] | BesidePart)
]


def moderation_of(given: list[VerdictSpec] | BesidePart | None) -> Moderation | None:
    """Return the verdicts. The first of a list holds for both sides of an answer of chat or Responses too."""
    if given is None:
        return None
    if isinstance(given, BesidePart):
        return Moderation(input=given.input or {}, output=given.output or {})
    first = given[0] if given else {}
    return Moderation(verdicts=tuple(given), input=first, output=first)
