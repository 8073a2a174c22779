"""JSON as OpenAI spells it: bodies in two-space lines, events compact.

Characters are never escaped without need, but in the bodies of Responses all beyond ASCII are.
"""

import codecs
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

from pydantic_core import PydanticSerializationError, from_json, to_json

from llemulator_addon.wire.large_json import has_many_values, read_in_pieces


def pretty(value: object) -> bytes:
    """Spell a body, without the final line feed that chat has and other endpoints have not."""
    try:
        return to_json(value, indent=2)
    except PydanticSerializationError:
        return _escaping_surrogates(json.dumps(value, indent=2, ensure_ascii=False))


def write_ascii(value: object) -> bytes:
    """Spell a body of Responses and what goes with them. Recorded from 2025-06 to 2026-08: in ASCII alone."""
    body = pretty(value)
    return body if body.isascii() else body.decode().encode("ascii", _ESCAPES)


def compact(value: object) -> bytes:
    """Spell an event."""
    try:
        return to_json(value)
    except PydanticSerializationError:
        return _escaping_surrogates(json.dumps(value, separators=(",", ":"), ensure_ascii=False))


@dataclass(frozen=True, slots=True)
class Many:
    """An array of JSON whose members are made each time when it is spelled, so that they are never there at once.

    Only `write_pieces` takes it.
    """

    make: Callable[[], Iterable[Any]]
    nests: bool = False
    """Whether there are further ones in its members."""

    def __iter__(self) -> Iterator[object]:
        """Make the members."""
        return iter(self.make())


def write_pieces(value: object, spell: Callable[[object], bytes] = pretty) -> Iterator[bytes]:
    """Spell a value piece by piece: joined they are what `spell`, one of the three above, makes of it in one piece.

    A long text is several pieces, so that its JSON is never there at once.
    """
    return gather(_write_value(value, spell, b"" if spell is compact else b"\n"))


def gather(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Join small pieces to some of a size that is worth sending."""
    waiting, size = [], 0
    for piece in pieces:
        waiting.append(piece)
        size += len(piece)
        if size >= _WORTH_SENDING:
            yield b"".join(waiting)
            waiting, size = [], 0
    if waiting:
        yield b"".join(waiting)


_WORTH_SENDING = 16 << 10

LONG_TEXT = 256 << 10
"""Characters of a text that is spelled in several pieces."""
_PART_OF_TEXT = 32 << 10


def _escape(error: UnicodeError) -> tuple[str, int]:
    """Write characters beyond ASCII as JSON's escapes, those beyond U+FFFF as two (RFC 8259, section 7)."""
    assert isinstance(error, UnicodeEncodeError)  # noqa: S101 - only `encode` calls this
    return json.dumps(error.object[error.start : error.end])[1:-1], error.end


_ESCAPES = "llemulator.json"
"""The name under which `str.encode` finds it."""
codecs.register_error(_ESCAPES, _escape)


def make_lists(value: Mapping[str, Many | None]) -> dict[str, list[Any] | None]:
    """Make the arrays of an object."""
    return {key: None if each is None else list(each) for key, each in value.items()}


def drop_many(value: object) -> Any:  # noqa: ANN401
    """Return a value that can be kept: null replaces arrays whose members are made and nest none."""
    match value:
        case Many():
            return [drop_many(each) for each in value] if value.nests else []
        case dict():
            return {key: drop_many(each) for key, each in value.items()}
        case list():
            return [drop_many(each) for each in value]
        case _:
            return value


def is_long(value: Any) -> bool:  # noqa: ANN401
    """Whether `write_pieces` makes several pieces: it holds arrays whose members are made, or long texts."""
    match value:
        case Many():
            return True
        case str():
            return len(value) > LONG_TEXT
        case dict():
            return any(map(is_long, value.values()))
        case list():
            return any(map(is_long, value))
        case _:
            return False


def _write_value(value: object, spell: Callable[[object], bytes], line: bytes) -> Iterator[bytes]:
    """Go down to what is long; `line` begins a line of this depth, and is empty on one line."""
    match value:
        case str() if is_long(value):
            return _write_text(value, spell)
        case Many(nests=False):
            members = (_indent(spell(each), _deeper(line)) for each in value)
            return _enclose(b"[", ((each,) for each in members), b"]", line)
        case Many():
            return _enclose(b"[", (_write_value(each, spell, _deeper(line)) for each in value), b"]", line)
        case dict() if is_long(value):
            return _enclose(b"{", _write_members(value, spell, _deeper(line)), b"}", line)
        case list() if is_long(value):
            return _enclose(b"[", (_write_value(each, spell, _deeper(line)) for each in value), b"]", line)
        case _:
            return iter((_indent(spell(value), line),))


def _write_text(text: str, spell: Callable[[object], bytes]) -> Iterator[bytes]:
    yield b'"'
    for start in range(0, len(text), _PART_OF_TEXT):
        yield spell(text[start : start + _PART_OF_TEXT])[1:-1]
    yield b'"'


def _write_members(
    value: Mapping[str, object], spell: Callable[[object], bytes], line: bytes
) -> Iterator[Iterator[bytes]]:
    colon = b": " if line else b":"
    for key, each in value.items():
        yield chain((spell(key) + colon,), _write_value(each, spell, line))


def _enclose(opens: bytes, members: Iterable[Iterable[bytes]], closes: bytes, line: bytes) -> Iterator[bytes]:
    yield opens
    between = _deeper(line)
    is_empty = True
    for member in members:
        yield between if is_empty else b"," + between
        yield from member
        is_empty = False
    yield closes if is_empty else line + closes


def _deeper(line: bytes) -> bytes:
    return line + b"  " if line else line


def _indent(text: bytes, line: bytes) -> bytes:
    return text.replace(b"\n", line) if line else text


def read(body: bytes) -> Any:  # noqa: ANN401
    """Read JSON text; ValueError says what is wrong and where."""
    return read_in_pieces(body) if has_many_values(body) else from_json(body, allow_inf_nan=False)


def _escaping_surrogates(text: str) -> bytes:
    # A script may hold half of a surrogate pair; Python's escape for it is JSON's too.
    return text.encode("utf-8", errors="backslashreplace")
