"""Numbers in paths and queries of admin routes."""

from urllib.parse import unquote

_DIGITS = len(str(1 << 53))


def is_number(text: str) -> bool:
    """Whether a text is a whole number from 0 of reasonable size."""
    return text.isdecimal() and text.isascii() and len(text) <= _DIGITS


def number_in_path(path: str) -> tuple[str, int | None]:
    """Return the last part of a path, and its number; None where it is none."""
    text = unquote(path.rpartition("/")[2])
    return text, int(text) if is_number(text) else None
