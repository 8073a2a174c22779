"""Numbers in paths and queries of admin routes."""

from collections.abc import Mapping
from urllib.parse import unquote

from llemulator_addon.core.reply import Failure
from llemulator_addon.wire.errors import INVALID, RequestRefused

_DIGITS = len(str(1 << 53))


def is_number(text: str) -> bool:
    """Whether a text is a whole number from 0 of reasonable size."""
    return text.isdecimal() and text.isascii() and len(text) <= _DIGITS


def number_in_path(path: str) -> tuple[str, int | None]:
    """Return the last part of a path, and its number; None where it is none."""
    text = unquote(path.rpartition("/")[2])
    return text, int(text) if is_number(text) else None


def whole(asked: Mapping[str, str], name: str, default: int) -> int:
    """Return the number that a query gives under a name; raises `RequestRefused` where it is none."""
    text = asked.get(name, str(default))
    if not is_number(text):
        message = f"'{name}' is a whole number from 0."
        raise RequestRefused(Failure(status=400, type=INVALID, code="invalid_value", param=name, message=message))
    return int(text)
