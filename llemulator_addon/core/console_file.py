"""A file of the console."""

from collections.abc import Callable
from typing import NamedTuple


class ConsoleFile(NamedTuple):
    """A file as a browser gets it."""

    content: bytes
    content_type: str


FindFile = Callable[[str], ConsoleFile | None]
"""Returns the file of a name; None if there is none."""


def find_nothing(_: str) -> None:
    """Find no file, where no console was built."""
