"""The limits of one request, the same for all endpoints.

Arrays and texts are limited where the API limits them, and in its words: for messages and texts those are reported, and
the rest follows OpenAI's description. That all values together are limited is this program's own: JSON takes memory and
time by its values, and not by its bytes (`docs/deviations.md`).
"""

from collections.abc import Iterator, Mapping

from llemulator_addon.core.reply import Failure
from llemulator_addon.wire import errors

ARRAYS: Mapping[str, Mapping[str, int]] = {
    "chat.completions": {"messages": 2_048, "tools": 128, "functions": 128},
    "responses": {"input": 16_384, "tools": 16_384},
    "responses.input_tokens.count": {"input": 16_384, "tools": 16_384},
}
"""By endpoint or operation, how many members the arrays of a body may have."""

LONGEST_TEXT = 10_485_760
_LONGER: Mapping[str, int] = {
    "url": 20_971_520,
    "image_url": 20_971_520,
    "encrypted_content": 20_971_520,
    "file_data": 73_400_320,
    "data": 73_400_320,
}
"""Texts that hold an image, a file or a sound, by their keys."""


def refusal(name: str, body: Mapping[str, object], size: int) -> Failure | None:
    """Say what of a body is too long; `size` is its length in bytes, which no text of it exceeds."""
    if size <= _NEVER_TOO_LONG:
        return None
    for param, most in ARRAYS.get(name, _NOTHING).items():
        given = body.get(param)
        if isinstance(given, list) and len(given) > most:
            return errors.array_too_long(param, most, len(given))
    return next(_too_long("", "", body), None) if size > LONGEST_TEXT else None


_NEVER_TOO_LONG = 2 * min(most for of_one in ARRAYS.values() for most in of_one.values())
"""Bytes of a body with so few members: each takes a byte, and another for the comma."""


_NOTHING: Mapping[str, int] = {}


def values_in(body: bytes) -> Iterator[int]:
    """Count the values of JSON text, never too few, and yield how many there are so far after each small part of it.

    Counts each comma, each colon and each opening bracket; within strings none is counted.
    """
    found, is_within, escape = 0, False, b""
    for start in range(0, len(body), _PART):
        part = escape + body[start : start + _PART]
        # A backslash at the end goes with what follows it.
        escape = part[-1:] if (len(part) - len(part.rstrip(b"\\"))) % 2 else b""
        part = part[: len(part) - len(escape)]
        if b"\\" in part:
            part = part.replace(b"\\\\", b"").replace(b'\\"', b"")
        between = part.split(b'"')
        outside = between[is_within::2]
        is_within ^= len(between) % 2 == 0
        found += sum(map(b"".join(outside).count, _SIGNS))
        yield found


_PART = 64 << 10
_SIGNS = (b",", b":", b"[", b"{")


def _too_long(place: str, key: str, value: object) -> Iterator[Failure]:
    match value:
        case str():
            if len(value) > (most := _LONGER.get(key, LONGEST_TEXT)):
                yield errors.text_too_long(place, most, len(value))
        case dict():
            for name, each in value.items():
                if not isinstance(each, int | float):
                    yield from _too_long(f"{place}.{name}" if place else name, name, each)
        case list():
            for at, each in enumerate(value):
                if not isinstance(each, int | float):
                    yield from _too_long(f"{place}[{at}]", key, each)
        case _:
            return
