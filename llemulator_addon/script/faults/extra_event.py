"""`extra_event`: an event or a comment that is not part of the answer."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated, Any, Self, override

from pydantic import Field, model_validator

from llemulator_addon.core.steps import Send, Step, Steps
from llemulator_addon.script.fault import Fault, Scene
from llemulator_addon.script.replies.raw import EventPart
from llemulator_addon.wire.numbering import find_number, renumber

_LINE = r"^[^\r\n]*$"


class ExtraEventPart(EventPart):
    """As which event it comes, counted from 1; and the event, as in `raw.sse`, or a comment, or both.

    Where the events of the stream have numbers and its data is an object without one, it gets its number, and the
    events behind it count on.
    """

    at: Annotated[int, Field(ge=1)]
    comment: Annotated[str, Field(pattern=_LINE)] | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set & {"event", "data", "id", "retry", "comment"}:
            message = "give an event (event, data, id, retry), a comment, or both"
            raise ValueError(message)
        return self

    @property
    def takes_number(self) -> bool:
        """Whether it is numbered where other events are."""
        return isinstance(self.data, dict) and "sequence_number" not in self.data

    def frame_at(self, number: int | None) -> bytes:
        """Spell it as it is sent, with its number where the events have some."""
        told = b"" if self.comment is None else b": %b\n" % self.comment.encode("utf-8", "replace")
        if not self.model_fields_set & {"event", "data", "id", "retry"}:
            return told + b"\n"
        return told + self._number(number).frame()

    def _number(self, number: int | None) -> EventPart:
        data: Any = self.data
        if number is not None and self.takes_number:
            data = {**data, "sequence_number": number}
        return EventPart.model_construct(event=self.event, data=data, id=self.id, retry=self.retry)


@dataclass(frozen=True, slots=True)
class ExtraEventFault(Fault):
    """An event or a comment is sent in addition, before the event that had its place. Answers in one piece stay whole.

    A stream that ends before that place is not changed; one more than its events is its end.
    """

    wanted: ExtraEventPart

    @override
    def rewrite(self, steps: Steps, scene: Scene) -> Steps:
        """Send it."""
        return tuple(self._insert(iter(steps))) if scene.events else steps

    @override
    def rewrite_made(self, steps: Iterator[Step], scene: Scene) -> Iterator[Step]:
        """Send it while the answer is made."""
        return self._insert(steps) if scene.events else steps

    def _insert(self, steps: Iterator[Step]) -> Iterator[Step]:
        seen, following, more = 0, None, 0
        for step in steps:
            if not isinstance(step, Send):
                yield step
                continue
            seen += 1
            number = find_number(step.piece)
            if seen == self.wanted.at:
                extra = following if number is None else number
                yield Send(self.wanted.frame_at(extra))
                more = int(extra is not None and self.wanted.takes_number)
            following = following if number is None else number + 1
            yield replace(step, piece=renumber(step.piece, more)) if more else step
        if seen + 1 == self.wanted.at:
            yield Send(self.wanted.frame_at(following))
