"""Log probabilities that a script gives."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from llemulator_addon.script.model import ScriptPart
from llemulator_addon.wire.logprobs import join_tokens

Probability = Annotated[float, Field(le=0)]
Byte = Annotated[int, Field(ge=0, le=255)]


class AlternativePart(ScriptPart):
    """A token and the logarithm of its probability."""

    token: str
    logprob: Probability
    bytes: list[Byte] | None = None
    """Default: those of its text in UTF-8."""

    def spell(self) -> dict[str, Any]:
        """Return it as the API has it."""
        spelled = list(self.token.encode("utf-8", "replace")) if self.bytes is None else self.bytes
        return {"token": self.token, "logprob": self.logprob, "bytes": spelled}


def _list_alternatives(value: object) -> object:
    return (
        [{"token": token, "logprob": chance} for token, chance in value.items()] if isinstance(value, dict) else value
    )


_Alternatives = Annotated[
    list[AlternativePart],
    Field(max_length=20),
    BeforeValidator(_list_alternatives, json_schema_input_type=list[AlternativePart] | dict[str, Probability]),
]


class LogprobPart(AlternativePart):
    """A token of the text, and its alternatives: a list, or an object from tokens to logarithms."""

    top_logprobs: _Alternatives | None = None

    def entry(self) -> dict[str, Any]:
        """Return it as the API has it."""
        return {**self.spell(), "top_logprobs": [each.spell() for each in self.top_logprobs or ()]}


Logprobs = Annotated[list[LogprobPart], Field(min_length=1)]
"""One for each token of a text."""


def check_joins(logprobs: list[LogprobPart] | None, text: str | None) -> None:
    """Refuse tokens that are not the text; raises ValueError."""
    if logprobs is None:
        return
    if text is None or join_tokens(each.spell() for each in logprobs) != text.encode("utf-8", "replace"):
        message = 'the tokens of "logprobs", joined, are not the text'
        raise ValueError(message)
