"""Work that is counted, so that what a request may cost has a bound that is the same on every machine."""

from contextvars import ContextVar, Token


class TooMuchWork(Exception):
    """There are no steps left."""


class NotAtOnce(Exception):
    """So much is to be done that others should not wait for it.

    A caller that decides to wait may do the same again in a thread, which lets others go on.
    """


class working_at_most:  # noqa: N801 - a class, because a generator takes five times as long
    """Within this, work that takes more than this number of steps raises `NotAtOnce`."""

    __slots__ = ("_reset", "_steps")

    def __init__(self, steps: int) -> None:
        self._steps = steps

    def __enter__(self) -> None:
        self._reset: Token[int | None] = _at_once.set(self._steps)

    def __exit__(self, *_: object) -> None:
        _at_once.reset(self._reset)


_at_once: ContextVar[int | None] = ContextVar("_at_once", default=None)


def not_at_once() -> None:
    """Raise `NotAtOnce` if steps are limited: the next step is long."""
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
