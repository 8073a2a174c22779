"""`reply` as a script writes it, made of the words in `REPLIES`."""

from typing import TYPE_CHECKING, Annotated, Self

from pydantic import Field, create_model, model_validator

from llemulator_addon.core.reply import Choice, FinishReason, Reply, Says, Usage
from llemulator_addon.script.match import ScriptPart, given_words, word_fields
from llemulator_addon.script.replies import REPLIES
from llemulator_addon.script.replies.failure import FailurePart

Count = Annotated[int, Field(ge=0)]


class UsagePart(ScriptPart):
    """Token counts to answer with; what is not given is counted."""

    prompt_tokens: Count | None = None
    completion_tokens: Count | None = None
    cached_tokens: Count | None = None
    reasoning_tokens: Count | None = None

    def usage(self) -> Usage:
        """Return the counts."""
        return Usage(**self.model_dump())


class ReplyPart(ScriptPart):
    """What the model says, or how the request fails."""

    finish_reason: FinishReason | None = None
    usage: UsagePart | None = None
    model: str | None = None
    failure: FailurePart | None = None

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        said = [word for word in (*REPLIES, "failure") if {word, f"{word}_"} & self.model_fields_set]
        if not said:
            message = f"a reply says something: give {', '.join(REPLIES)} or failure"
            raise ValueError(message)
        for one, other in _EXCLUSIVE:
            if one in said and (other in said or (other == "*" and len(said) > 1)):
                message = f'"{one}" and "{said[0] if other == "*" and said[0] != one else said[-1]}" exclude each other'
                raise ValueError(message)
        return self

    def reply(self) -> Reply:
        """Return the reply."""
        if self.failure is not None:
            return self.failure.failure()
        blocks = tuple(block for reply, given in given_words(self, REPLIES) for block in reply(given))
        return Says(
            choices=(Choice(blocks=blocks, finish_reason=self.finish_reason),),
            usage=self.usage.usage() if self.usage else Usage(),
            model=self.model,
        )


_EXCLUSIVE = (("failure", "*"), ("text", "json"), ("text", "refusal"), ("json", "refusal"), ("refusal", "tool_calls"))

if TYPE_CHECKING:
    ReplySpec = ReplyPart
else:
    ReplySpec = create_model("Reply", __base__=ReplyPart, **word_fields(REPLIES, "wanted"))
