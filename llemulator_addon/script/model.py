"""The common base of all parts of a script, and how a table of words becomes a part's fields."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Annotated, Any, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, model_validator

Count = Annotated[int, Field(ge=0)]


class ScriptPart(BaseModel):
    """A part of a script: an unknown key is an error, and no value is taken for one of another type."""

    # Built when it is first used, together with what it is made of: without a script none is.
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False, defer_build=True)

    @model_validator(mode="before")
    @classmethod
    def _limit_keys(cls, value: object) -> object:
        """Look at the first keys only where there are more than any part knows: it is refused for one of them."""
        if isinstance(value, dict) and len(value) > _MORE_THAN_ANY_KNOWS:
            return dict(islice(value.items(), _MORE_THAN_ANY_KNOWS))
        return value


_MORE_THAN_ANY_KNOWS = 200


def word_fields(table: Mapping[str, Any], argument: str) -> dict[str, Any]:
    """Return a field for each word of a table; its type is that of the argument of the word's function or class.

    The field's name has an underscore behind the word, because pydantic's own methods have names such as `json`.
    """
    return {
        f"{word}_": (get_type_hints(made, include_extras=True)[argument], word_field(word, made))
        for word, made in table.items()
    }


def word_field(word: str, made: object) -> Any:  # noqa: ANN401 - what pydantic's Field gives is of every type
    """Return the field of a word, described by the first line of what it stands for."""
    return Field(default=None, alias=word, description=(made.__doc__ or "").partition("\n")[0])


def list_given_words[T](part: BaseModel, table: Mapping[str, T]) -> Iterator[tuple[T, Any]]:
    """Yield the entries of a table whose words the script gave, in the table's order, each with its argument."""
    for word, made in table.items():
        if f"{word}_" in part.model_fields_set:
            yield made, getattr(part, f"{word}_")
