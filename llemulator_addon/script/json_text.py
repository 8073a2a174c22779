"""Reading a script's JSON: within bounds, and with no key twice in an object."""

import json
from collections.abc import Iterator
from itertools import islice

from llemulator_addon.script.json_value import MOST_NESTED, MOST_VALUES, too_many
from llemulator_addon.script.script_error import MOST_TOLD, Problem, ScriptError, join_place, problem
from llemulator_addon.wire import json_bytes

_LONGEST = 16 << 20


def read(text: bytes) -> object:
    """Read JSON; raises `ScriptError`. `json_value.check` refuses deep nesting and bytes that are no text."""
    signs = _signs_within_bounds(text)
    try:
        value = json_bytes.read(text)
    except ValueError as error:
        raise problem("", f"not JSON: {error}") from None
    if signs.count(b":") > _members(value) and (twice := list(islice(_twice(text), MOST_TOLD + 1))):
        raise ScriptError(twice)
    return value


def check_bounds(text: bytes) -> None:
    """Refuse what is too long, or has too many values, before anything is made of it; raises `ScriptError`."""
    _signs_within_bounds(text)


def _signs_within_bounds(text: bytes) -> bytes:
    if len(text) > _LONGEST:
        raise problem("", f"not read: it has more than {_LONGEST >> 20} MiB")
    signs, values = list[bytes](), 0
    for part in signs_of(text):
        signs.append(part)
        values += sum(map(part.count, b",[{"))
        if values > MOST_VALUES:
            raise too_many()
    return b"".join(signs)


def signs_of(text: bytes, *, at_once: int = 1 << 18) -> Iterator[bytes]:
    """Return the signs between values: those outside of texts, in parts: `at_once` bytes are looked at for each."""
    is_in_text, held_back = False, b""
    for start in range(0, len(text), at_once):
        piece = held_back + text[start : start + at_once]
        # What an escape is shows with the next sign.
        whole = piece.rstrip(b"\\")
        held_back = piece[len(whole) :]
        parts = whole.replace(b"\\\\", b"").replace(b'\\"', b"").translate(None, _NO_SIGNS).split(b'"')
        yield b"".join(parts[is_in_text::2])
        is_in_text ^= len(parts) % 2 == 0


_NO_SIGNS = bytes(set(range(256)) - set(b'",:[{'))


def _members(value: object) -> int:
    """Count the keys of all objects; of two that are the same, a reader keeps one."""
    count, left = 0, [value]
    while left:
        match left.pop():
            case dict() as each:
                count += len(each)
                left.extend(each.values())
            case list() as each:
                left.extend(each)
            case _:
                pass
    return count


class _ObjectPairs(tuple[tuple[str, object], ...]):
    """An object as it was written."""

    __slots__ = ()


def _twice(text: bytes) -> Iterator[Problem]:
    """Yield keys that stand twice in one object, with their places."""
    try:
        yield from _check_depth(json.loads(text, object_pairs_hook=_ObjectPairs), "", 0)
    except (ValueError, RecursionError):
        # Python's own reader has other limits.
        yield Problem("", "a key stands twice in an object")


def _check_depth(value: object, place: str, depth: int) -> Iterator[Problem]:
    if depth > MOST_NESTED:
        return
    match value:
        case _ObjectPairs():
            seen: dict[str, None] = {}
            for key, member in value:
                if key in seen:
                    yield Problem(join_place(place, key), "the key stands twice in its object")
                seen[key] = None
                yield from _check_depth(member, join_place(place, key), depth + 1)
        case list():
            for number, member in enumerate(value):
                yield from _check_depth(member, join_place(place, number), depth + 1)
        case _:
            pass
