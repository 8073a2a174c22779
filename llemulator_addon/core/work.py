"""Work that is counted, so that what a request may cost has a bound that is the same on every machine."""

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar


class TooMuchWork(Exception):
    """There are no steps left."""


class NotAtOnce(Exception):
    """So much is to be done that others should not wait for it.

    Whoever decided to wait may do the same again in a thread, which lets others go on.
    """


@contextmanager
def working_at_most(steps: int) -> Generator[None]:
    """Within this, a piece of work that takes more steps than so many raises `NotAtOnce`."""
    reset = _at_once.set(steps)
    try:
        yield
    finally:
        _at_once.reset(reset)


_at_once: ContextVar[int | None] = ContextVar("_at_once", default=None)


def not_at_once() -> None:
    """Raise `NotAtOnce` where only so many steps may be taken: one is about to be taken that is long."""
    if _at_once.get() is not None:
        raise NotAtOnce


class Work:
    """Steps that are left. An object, because all parts of one piece of work share it."""

    __slots__ = ("_least", "left")

    def __init__(self, steps: int) -> None:
        self.left = steps
        at_once = _at_once.get()
        self._least = 0 if at_once is None else max(0, steps - at_once)

    def spend(self, steps: int = 1) -> None:
        """Pay for steps before they are taken, or after those that cost little. Raises `TooMuchWork`, `NotAtOnce`."""
        self.left -= steps
        if self.left < self._least:
            raise NotAtOnce if self._least else TooMuchWork
