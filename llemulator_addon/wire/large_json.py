"""Large JSON text, read in pieces, so that other threads go on meanwhile.

`from_json` holds the interpreter's lock until it has read all, and the objects that it made are looked at by one
collection of garbage: two megabytes of small objects hold up everybody for a tenth of a second.
"""

from collections.abc import Iterator
from typing import Any

from pydantic_core import from_json

_LARGE = 256 * 1024
"""Bytes; shorter text is read at once."""
_MANY_VALUES = 20_000
_PIECE = 32 * 1024
"""Bytes that are read at once, or a single text that is longer."""
_DEEPEST = 200
"""Lists and objects within each other that have something in them; the same as in `from_json`."""

_BRACKETS_AND_COMMA = frozenset(b"[]{},")
_BACKSLASH = ord("\\")
_BLANK = b" \t\n\r"


def has_many_values(text: bytes) -> bool:
    """Whether the text should be read in pieces."""
    return len(text) > _LARGE and sum(map(text.count, (b",", b"[", b"{"))) > _MANY_VALUES


def read_in_pieces(text: bytes, piece: int = _PIECE) -> Any:  # noqa: ANN401
    """Read JSON text as `from_json(text, allow_inf_nan=False)` does, `piece` bytes at a time; raises ValueError."""
    if text.lstrip(_BLANK)[:1] not in (b"[", b"{"):
        return from_json(text, allow_inf_nan=False)
    return _Reader(text, piece).read()


class _Open:
    """A list or an object that is not closed yet."""

    __slots__ = ("closes", "is_after_large", "is_read", "key", "start", "unread", "values")

    def __init__(self, start: int, key: slice, *, is_list: bool) -> None:
        self.start = start
        self.key = key
        """Where its key is, if it is in an object."""
        self.closes = b"]" if is_list else b"}"
        self.values: Any = [] if is_list else {}
        """The values that were read of it."""
        self.unread = start + 1
        """Where the text begins that is not read yet."""
        self.is_read = False
        """Whether some of it was read."""
        self.is_after_large = False
        """Whether a large value was the last thing: a comma or the end has to follow."""


class _Reader:
    """Goes over all tokens once. Short values next to each other are read together, when they make a piece."""

    def __init__(self, text: bytes, piece: int) -> None:
        self._text = text
        self._piece = piece
        self._open: list[_Open] = []

    def read(self) -> Any:  # noqa: ANN401
        last_text = slice(0, 0)
        for start, end in _tokens(self._text):
            match self._text[start : start + 1]:
                case b",":
                    self._pass_comma(start)
                case b"[":
                    self._begin(_Open(start, last_text, is_list=True))
                case b"{":
                    self._begin(_Open(start, last_text, is_list=False))
                case b'"':
                    last_text = slice(start, end)
                case closes:
                    ended = self._end(start, closes)
                    if not self._open:
                        return self._whole(ended, end)
        raise ValueError("a list or an object without end")

    def _begin(self, opened: _Open) -> None:
        self._open.append(opened)
        if len(self._open) > _DEEPEST + 1:
            raise ValueError(f"something is more than {_DEEPEST} deep")

    def _pass_comma(self, at: int) -> None:
        opened = self._open[-1]
        if opened.is_after_large or at - opened.unread >= self._piece:
            self._read_up_to(opened, at)
            opened.unread = at + 1

    def _end(self, at: int, closes: bytes) -> _Open:
        ended = self._open.pop()
        if len(self._open) == _DEEPEST and self._text[ended.start + 1 : at].strip(_BLANK):
            raise ValueError(f"something is more than {_DEEPEST} deep")
        if closes != ended.closes:
            raise ValueError(f"the wrong bracket at byte {at}")
        is_large = ended.is_read or at - ended.start >= self._piece
        if not is_large and self._open:
            return ended
        if ended.is_read or self._text[ended.unread : at].strip(_BLANK):
            self._read_up_to(ended, at)
        if self._open:
            self._add(ended, at + 1)
        return ended

    def _read_up_to(self, opened: _Open, end: int) -> None:
        """Read what is unread. It has to be at least one value, or nothing after a large one."""
        text = self._text[opened.unread : end]
        if bool(text.strip(_BLANK)) == opened.is_after_large:
            raise ValueError(f"a value or a comma is missing before byte {end}")
        if not opened.is_after_large:
            self._keep(opened, text)
        opened.is_after_large = False

    def _keep(self, opened: _Open, text: bytes) -> None:
        opened.is_read = True
        if opened.closes == b"]":
            opened.values += from_json(b"[" + text + b"]", allow_inf_nan=False)
        else:
            opened.values |= from_json(b"{" + text + b"}", allow_inf_nan=False)

    def _add(self, large: _Open, end: int) -> None:
        """Add a large value to the list or the object that it is in, after what is unread in front of it."""
        opened = self._open[-1]
        if opened.is_after_large:
            raise ValueError(f"a comma is missing before byte {large.start}")
        self._keep(opened, self._text[opened.unread : large.start] + b"null")
        opened.values[-1 if opened.closes == b"]" else from_json(self._text[large.key])] = large.values
        opened.is_after_large = True
        opened.unread = end

    def _whole(self, outermost: _Open, end: int) -> Any:  # noqa: ANN401
        if self._text[end:].strip(_BLANK):
            raise ValueError(f"more than one value: the first ends at byte {end}")
        return outermost.values


def _tokens(text: bytes) -> Iterator[tuple[int, int]]:
    """Find texts, brackets and commas outside of texts, and where each ends."""
    at = 0
    while at < len(text):
        quote = text.find(b'"', at)
        for start in range(at, len(text) if quote < 0 else quote, _PIECE):
            end = start + _PIECE if quote < 0 else min(start + _PIECE, quote)
            for place, byte in enumerate(text[start:end], start):
                if byte in _BRACKETS_AND_COMMA:
                    yield place, place + 1
        if quote < 0:
            return
        at = _end_text(text, quote)
        yield quote, at


def _end_text(text: bytes, quote: int) -> int:
    """Return where a text ends that begins with this quotation mark."""
    end = text.find(b'"', quote + 1)
    while end >= 0 and _is_escaped(text, end):
        end = text.find(b'"', end + 1)
    if end < 0:
        raise ValueError(f"a text without end at byte {quote}")
    return end + 1


def _is_escaped(text: bytes, at: int) -> bool:
    first = at
    while text[first - 1] == _BACKSLASH:
        first -= 1
    return (at - first) % 2 == 1
