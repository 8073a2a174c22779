"""`match` as a script writes it, made of the words in `PATTERNS`."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, create_model

from llemulator_addon.script.asked import Pattern
from llemulator_addon.script.patterns import PATTERNS


class ScriptPart(BaseModel):
    """A part of a script: an unknown key is an error, and no value is taken for one of another type."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class MatchPart(ScriptPart):
    """Every word given must hold; an empty match holds always."""

    def patterns(self) -> tuple[Pattern, ...]:
        """Return a pattern for each word given."""
        return tuple(pattern(given) for pattern, given in given_words(self, PATTERNS))


def word_fields(table: Mapping[str, Any], argument: str) -> dict[str, Any]:
    """Return a field for each word of a table; its type is that of the argument of the word's function or class.

    The field's name has an underscore behind the word, because pydantic's own methods have names such as `json`.
    """
    return {
        f"{word}_": (get_type_hints(made, include_extras=True)[argument], Field(default=None, alias=word))
        for word, made in table.items()
    }


def given_words[T](part: BaseModel, table: Mapping[str, T]) -> Iterator[tuple[T, Any]]:
    """Yield the entries of a table whose words the script gave, in the table's order, each with its argument."""
    for word, made in table.items():
        if f"{word}_" in part.model_fields_set:
            yield made, getattr(part, f"{word}_")


if TYPE_CHECKING:
    Match = MatchPart
else:
    Match = create_model("Match", __base__=MatchPart, **word_fields(PATTERNS, "wanted"))
