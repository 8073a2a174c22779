"""`split_bytes`: the bytes of an answer leave in small writes, cut anywhere."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import Annotated, Literal, override

from pydantic import Field

from llemulator_addon.core.stamp import Stamp
from llemulator_addon.core.steps import Cut, Head, Send, Step, Steps, Wait
from llemulator_addon.script.fault import Fault, Scene
from llemulator_addon.script.model import ScriptPart
from llemulator_addon.script.pacing import LONGEST_WAIT
from llemulator_addon.script.short_forms import part_with

_MOST_WRITES = 20_000
_LARGEST_DRAWN = 32


class SplitBytesPart(ScriptPart):
    """How many bytes a write has, or `random`: 1 to 32 of them, drawn from the seed; and the wait between two."""

    size: Annotated[int, Field(ge=1)] | Literal["random"]
    wait_ms: Annotated[float, Field(ge=0, le=LONGEST_WAIT * 1000)] = 1.0


def _is_size(value: object) -> bool:
    return isinstance(value, int | str) and not isinstance(value, bool)


@dataclass(frozen=True, slots=True)
class SplitBytesFault(Fault):
    """Each write has that many bytes, across the borders of events and within characters, as networks may cut them.

    After 20 000 writes the rest leaves as it is. Faults behind it in the list count writes in place of events.
    """

    wanted: Annotated[SplitBytesPart, part_with("size", _is_size, int | Literal["random"] | SplitBytesPart)]

    @override
    def rewrite(self, steps: Steps, scene: Scene) -> Steps:
        """Cut the bytes."""
        return tuple(self._split(steps, scene.stamp))

    @override
    def rewrite_made(self, steps: Iterator[Step], scene: Scene) -> Iterator[Step]:
        """Cut the bytes while they are made."""
        return self._split(steps, scene.stamp)

    def _split(self, steps: Iterable[Step], stamp: Stamp) -> Iterator[Step]:
        sizes, waiting, writes = self._sizes(stamp), b"", 0
        size = next(sizes)
        for step in steps:
            match step:
                case Send(piece) if writes < _MOST_WRITES:
                    waiting += piece
                    while len(waiting) > size and writes < _MOST_WRITES:
                        yield from self._write(waiting[:size])
                        waiting, size, writes = waiting[size:], next(sizes), writes + 1
                case Head():
                    yield step
                case Send() | Wait() | Cut():
                    # What was to be sent before a silence is not kept until after it.
                    if waiting:
                        yield Send(waiting, alone=True)
                        waiting = b""
                    yield step
        if waiting:
            yield Send(waiting, alone=True)

    def _write(self, piece: bytes) -> Iterator[Step]:
        yield Send(piece, alone=True)
        if self.wanted.wait_ms:
            yield Wait(self.wanted.wait_ms / 1000)

    def _sizes(self, stamp: Stamp) -> Iterator[int]:
        if self.wanted.size != "random":
            while True:
                yield self.wanted.size
        for number in count():
            yield 1 + int(stamp.fraction(f"split/{number}") * _LARGEST_DRAWN)
