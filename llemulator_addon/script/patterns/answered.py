"""`answered`: how often the model has answered before."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Annotated, Self, override

from pydantic import BeforeValidator, model_validator

from llemulator_addon.script.model import Count, ScriptPart
from llemulator_addon.script.pattern import Candidate, ExactKey, Key, Pattern


class AnsweredPart(ScriptPart):
    """The smallest and the largest number; a number alone is both."""

    at_least: Count | None = None
    at_most: Count | None = None

    @model_validator(mode="after")
    def _limits_something(self) -> Self:
        if self.at_least is None and self.at_most is None:
            message = "give a number, at_least, at_most, or both"
            raise ValueError(message)
        return self


def _number_alone(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool):
        return {"at_least": value, "at_most": value}
    return value


@dataclass(frozen=True, slots=True)
class AnsweredPattern(Pattern):
    """How many answers of the model the conversation has. Neighbouring messages and calls are one answer."""

    wanted: Annotated[AnsweredPart, BeforeValidator(_number_alone, json_schema_input_type=Count | AnsweredPart)]

    @override
    def holds(self, asked: Candidate) -> bool:
        """Count them."""
        (count,) = _where(asked)
        least, most = self.wanted.at_least, self.wanted.at_most
        return (least is None or count >= least) and (most is None or count <= most)

    @override
    def difference(self, asked: Candidate) -> str:
        """Say how many there are."""
        (count,) = _where(asked)
        wanted = " and ".join(f"{word} {count}" for word, count in self.wanted.model_dump(exclude_none=True).items())
        return f"answered is {wanted}, the conversation has {count} answers"

    @override
    def index_keys(self) -> tuple[Key, ...]:
        """Look it up where it is one number."""
        exact = self.wanted.at_least == self.wanted.at_most
        return (ExactKey(_where, self.wanted.at_least),) if exact else ()


def _where(asked: Candidate) -> Iterable[int]:
    runs = groupby(asked.prompt.messages, key=lambda message: message.role == "assistant")
    return (sum(is_answer for is_answer, _ in runs),)
