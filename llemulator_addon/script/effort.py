"""The limits of work for reading one script, or one list of expectations: the same on every machine."""

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar

from llemulator_addon.core.work import TooMuchWork, Work
from llemulator_addon.script.script_error import problem

PARTS_TOGETHER = 1_000_000
"""The most instructions that the automata of all regular expressions may have together: each takes time to compile."""
TEMPLATES_TOGETHER = 256 << 10
"""The most characters that all templates may have together: each takes time to parse."""


@contextmanager
def effort() -> Generator[None]:
    """Within this, regular expressions and templates are paid for. Raises `ScriptError` where they are too many."""
    reset = _left.set((Work(PARTS_TOGETHER), Work(TEMPLATES_TOGETHER)))
    try:
        yield
    except TooMuchToRead as error:
        raise problem("", str(error)) from None
    finally:
        _left.reset(reset)


_left: ContextVar[tuple[Work, Work] | None] = ContextVar("_left", default=None)


class TooMuchToRead(Exception):
    """The rest is not read."""


def pay_for_regex(parts: int) -> None:
    """Pay for a regular expression that was compiled. Raises `TooMuchToRead`."""
    if (left := _left.get()) is not None:
        _pay(
            left[0],
            parts,
            f"the regular expressions have more than {PARTS_TOGETHER} parts together, once counts as {{1000}} and "
            "classes as [^a] are written out. Make their counts smaller, or load fewer",
        )


def pay_for_template(characters: int) -> None:
    """Pay for a template before it is parsed. Raises `TooMuchToRead`."""
    if (left := _left.get()) is not None:
        _pay(
            left[1],
            characters,
            f"the templates have more than {TEMPLATES_TOGETHER} characters together. Load fewer, or make them shorter",
        )


def _pay(work: Work, steps: int, reason: str) -> None:
    try:
        work.spend(steps)
    except TooMuchWork:
        raise TooMuchToRead(reason) from None
