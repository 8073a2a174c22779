"""`cut_after`: the answer ends in the middle."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Annotated, Literal, Self, override

from pydantic import AfterValidator, Field, model_validator

from llemulator_addon.core.steps import Cut, Head, Send, Step, Steps
from llemulator_addon.script.fault import Fault, Scene
from llemulator_addon.script.faults.sends import index_after_send, sends
from llemulator_addon.script.model import ScriptPart


def _check_close_code(code: int) -> int:
    if code not in _CLOSE_CODES:
        message = "a close frame has one of the codes 1000 to 1003, 1007 to 1014 and 3000 to 4999"
        raise ValueError(message)
    return code


_CLOSE_CODES = frozenset((*range(1000, 1004), *range(1007, 1015), *range(3000, 5000)))
"""That may be sent (RFC 6455, 7.4, and IANA's registry)."""
CloseCode = Annotated[int, AfterValidator(_check_close_code)]


class CutAfterPart(ScriptPart):
    """Where it ends, in sends (of a stream: events) or as a share of its bytes; and how."""

    sends: Annotated[int, Field(ge=0)] | None = None
    fraction: Annotated[float, Field(ge=0, lt=1)] | None = None
    how: Literal["close", "reset", "goaway", "end"] = "close"
    close_code: CloseCode | None = None
    """Of a WebSocket connection that `goaway` closes; None: 1001."""

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if (self.sends is None) is (self.fraction is None):
            message = 'give one of "sends" and "fraction"'
            raise ValueError(message)
        if self.close_code is not None and self.how != "goaway":
            message = '"close_code" needs "how: goaway"'
            raise ValueError(message)
        return self

    @property
    def cut(self) -> Cut | None:
        """The step that ends the answer; None where it ends as if it were whole."""
        if self.how == "end":
            return None
        return Cut(self.how) if self.close_code is None else Cut(self.how, self.close_code)


@dataclass(frozen=True, slots=True)
class CutAfterFault(Fault):
    """After so much of the answer the connection is cut, or (`how: end`) the answer ends as if it were whole.

    An answer in one piece is one send: of that, `fraction` cuts a part, and `sends: 0` leaves only the head. An answer
    that has no more sends than are named is not cut.
    """

    wanted: CutAfterPart

    @property
    @override
    def reach(self) -> int:
        """Up to there."""
        return self.wanted.sends or 0

    @override
    def rewrite(self, steps: Steps, scene: Scene) -> Steps:
        """Leave out the rest."""
        kept = self._keep(steps)
        if kept == steps:
            return steps
        return _correct_head(kept) if (cut := self.wanted.cut) is None else (*kept, cut)

    @override
    def rewrite_made(self, steps: Iterator[Step], scene: Scene) -> Iterator[Step]:
        """Cut a share of an answer whose size is only estimated, and in any case some of it."""
        if self.wanted.fraction is None:
            yield from Fault.rewrite_made(self, steps, scene)  # `super` does not know a class with slots
            return
        yield from _fewer_bytes(steps, int(scene.size * self.wanted.fraction))
        if (cut := self.wanted.cut) is not None:
            yield cut

    def _keep(self, steps: Steps) -> Steps:
        if self.wanted.fraction is not None:
            size = sum(len(send.piece) for send in sends(steps))
            return tuple(_first_bytes(steps, int(size * self.wanted.fraction)))
        return steps[: index_after_send(steps, self.wanted.sends or 0)]


def _first_bytes(steps: Steps, count: int) -> Iterator[Step]:
    for step in steps:
        if not isinstance(step, Send):
            yield step
        elif len(step.piece) < count:
            count -= len(step.piece)
            yield step
        else:
            if count:
                yield Send(step.piece[:count], step.alone)
            return


def _fewer_bytes(steps: Iterable[Step], count: int) -> Iterator[Step]:
    """Yield the first bytes; if there are fewer, all but half of the last send."""
    held: Send | None = None
    for step in steps:
        if held is not None:
            yield held
            held = None
        if not isinstance(step, Send):
            yield step
        elif len(step.piece) < count:
            count -= len(step.piece)
            held = step
        else:
            yield Send(step.piece[:count], step.alone)
            return
    if held is not None:
        yield Send(held.piece[: len(held.piece) // 2], held.alone)


def _correct_head(steps: Steps) -> Steps:
    """Correct the length in the head, if it has one."""
    size = str(sum(len(send.piece) for send in sends(steps)))
    return tuple(replace(step, headers=_set_length(step, size)) if isinstance(step, Head) else step for step in steps)


def _set_length(head: Head, size: str) -> tuple[tuple[str, str], ...]:
    return tuple((name, size if name == "content-length" else value) for name, value in head.headers)
