"""The limit of searching texts for regular expressions: for one request, the same on every machine."""

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar

from llemulator_addon.core.work import TooMuchWork, Work
from llemulator_addon.script.looking import TooMuchLooking

STEPS = 500_000
"""So much is searched for one request by all large expressions together. Each takes a step for a thousand parts and
characters, multiplied: some microseconds, at worst."""
PARTS_OF_A_STEP = 1_000
"""Times characters. To compile a part takes as long."""
_QUICKER = 4
"""So much quicker are small expressions, at worst."""


class TooMuchSearching(TooMuchLooking):
    """A large regular expression is looked for in a long text. It does not hold then."""

    def __init__(self) -> None:
        Exception.__init__(
            self,
            "to search for regular expressions this large in texts this long takes longer than one request may. Make "
            "their counts smaller",
        )


class Searching:
    """Steps that are left. An object, because all patterns share it."""

    __slots__ = ("_all", "_alone", "is_too_much")

    def __init__(self, steps: int) -> None:
        self._all, self._alone = Work(_WITHOUT_END), Work(steps)
        self.is_too_much = False
        """Whether something was not searched for."""

    def pay(self, parts: int, characters: int, *, alone: bool) -> None:
        """Pay before a text is searched. Raises `NotAtOnce`, `TooMuchSearching`."""
        steps = parts * characters // PARTS_OF_A_STEP
        if not alone:
            self._all.spend(steps // _QUICKER)
            return
        try:
            self._alone.spend(steps)
        except TooMuchWork:
            self.is_too_much = True
            raise TooMuchSearching from None


_WITHOUT_END = 1 << 62


@contextmanager
def searching(steps: int = STEPS) -> Generator[Searching]:
    """Within this, searching is paid for."""
    made = Searching(steps)
    reset = _searching.set(made)
    try:
        yield made
    finally:
        _searching.reset(reset)


_searching: ContextVar[Searching | None] = ContextVar("_searching", default=None)


def pay_for_search(parts: int, characters: int, *, alone: bool) -> None:
    """Pay before a text is searched for expressions of `parts` parts; `alone`: for one that is large.

    Raises `NotAtOnce`, `TooMuchSearching`.
    """
    if (made := _searching.get()) is not None:
        made.pay(parts, characters, alone=alone)
