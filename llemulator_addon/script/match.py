"""`match` as a script writes it, made of the words in `PATTERNS` and `COMBINING`."""

from typing import TYPE_CHECKING, Annotated

from pydantic import Field, create_model

from llemulator_addon.script.model import ScriptPart, list_given_words, word_field, word_fields
from llemulator_addon.script.pattern import Pattern
from llemulator_addon.script.patterns import COMBINING, PATTERNS


class MatchPart(ScriptPart):
    """Every word given must hold; an empty match holds always."""

    def patterns(self) -> tuple[Pattern, ...]:
        """Return a pattern for each word given."""
        plain = (pattern(given) for pattern, given in list_given_words(self, PATTERNS))
        combining = (pattern(_patterns_of(given)) for pattern, given in list_given_words(self, COMBINING))
        return (*plain, *combining)


def _patterns_of(given: "MatchPart | list[MatchPart]") -> tuple[object, ...]:
    return given.patterns() if isinstance(given, MatchPart) else tuple(match.patterns() for match in given)


if TYPE_CHECKING:
    Match = MatchPart
else:
    _SOME = Annotated[list["Match"], Field(min_length=1, max_length=1_000)]
    _COMBINING = {"any_of": _SOME, "all_of": _SOME, "not": "Match"}
    Match = create_model(
        "Match",
        __base__=MatchPart,
        __module__=__name__,
        __doc__="Every word given must hold; an empty match holds always.",
        **word_fields(PATTERNS, "wanted"),
        **{f"{word}_": (_COMBINING[word], word_field(word, made)) for word, made in COMBINING.items()},
    )
    Match.model_rebuild()
