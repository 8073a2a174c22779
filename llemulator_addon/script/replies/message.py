"""`message`: a text with its citations and its phase, or several parts of one message, shown in Responses."""

from typing import Annotated, Any, Literal, Self, override

from pydantic import Field, model_validator

from llemulator_addon.core.reply import Block, Refusal, Text
from llemulator_addon.script.logprobs import Logprobs, check_joins
from llemulator_addon.script.model import ScriptPart
from llemulator_addon.script.replies.tool_calls import ItemStatus, select_given


class MessageTextPart(ScriptPart):
    """One part of a message: text, and the annotations that Responses add to it; or a refusal."""

    text: str | None = None
    refusal: str | None = None
    annotations: list[dict[str, Any]] | None = None
    """Citations in OpenAI's fields, as `{type: url_citation, url, title, start_index, end_index}`."""
    annotations_at: list[Annotated[int, Field(ge=0)]] | None = None
    """For each citation, the number of characters of the text before its event in a stream; default: up to its end."""
    logprobs: Logprobs | None = None

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        self.check()
        return self

    def check(self) -> None:
        """Refuse parts that say nothing or contradict each other; raises ValueError."""
        if (self.text is None) is (self.refusal is None):
            message = 'give one of "text" and "refusal"'
            raise ValueError(message)
        if self.annotations_at is not None and len(self.annotations_at) != len(self.annotations or ()):
            message = '"annotations_at" has one number for each of "annotations"'
            raise ValueError(message)
        check_joins(self.logprobs, self.text if self.refusal is None else self.refusal)


class MessagePart(MessageTextPart):
    """Text, and the annotations that Responses add to it; or several parts of one message."""

    parts: Annotated[list[MessageTextPart], Field(min_length=1)] | None = None
    phase: Literal["commentary", "final_answer"] | None = None
    id: str | None = None
    status: ItemStatus | None = None

    @override
    def check(self) -> None:
        if self.parts is None:
            MessageTextPart.check(self)
        elif beside := sorted(self.model_fields_set & MessageTextPart.model_fields.keys()):
            message = f'"parts" and "{beside[0]}" exclude each other'
            raise ValueError(message)


def message(wanted: MessagePart) -> tuple[Block, ...]:
    """Say these words, with citations; or several parts of one message."""
    item = select_given(id=wanted.id, status=wanted.status)
    return tuple(
        _block(part, wanted.phase, item if at == 0 else None, continues=at > 0)
        for at, part in enumerate(wanted.parts or [wanted])
    )


def _block(
    part: MessageTextPart,
    phase: Literal["commentary", "final_answer"] | None,
    item: dict[str, Any] | None,
    *,
    continues: bool,
) -> Block:
    logprobs = None if part.logprobs is None else tuple(each.entry() for each in part.logprobs)
    if part.refusal is not None:
        return Refusal(part.refusal, continues=continues, logprobs=logprobs, item=item)
    return Text(
        part.text or "",
        annotations=tuple(part.annotations or ()),
        phase=phase,
        logprobs=logprobs,
        places=None if part.annotations_at is None else tuple(part.annotations_at),
        continues=continues,
        item=item,
    )
