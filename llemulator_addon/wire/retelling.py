"""The steps of an answer as messages of WebSocket: each event of the stream is one, and a refusal is one as well."""

from codecs import getincrementaldecoder
from collections.abc import Iterator
from typing import assert_never

from llemulator_addon.core.steps import Cut, Head, Send, SendMessage, Step, TalkStep, Wait
from llemulator_addon.wire.json_bytes import read
from llemulator_addon.wire.talks import Talk

_OK = 300
"""Statuses from here on are no success."""


class Retelling:
    """Makes steps of a talk from those of an answer over HTTP, one by one.

    A piece of an event becomes a part of a message, so that what a fault does to the pieces is done to the message.
    """

    def __init__(self, talk: Talk, lane: str | None) -> None:
        self._talk = talk
        self._lane = lane
        self._head = Head(0)
        self._body: bytearray | None = None
        """Of an answer that is no stream."""
        self._lines = _EventLines()
        self._last = ""
        """The end of the message that is under way."""
        self._is_open = False
        self._begun = 0
        """Messages that were begun."""

    def retell(self, step: Step) -> Iterator[TalkStep]:
        """Return what a step is on a talk."""
        match step:
            case Head():
                self._head, self._body = step, None if _is_stream(step) else bytearray()
            case Send(piece):
                yield from self._retell_piece(piece)
            case Wait():
                yield step
            case Cut():
                # The part of a message that is held back was sent, too.
                if self._last:
                    yield SendMessage(self._last, ends=False)
                yield step
            case _:
                assert_never(step)

    def end(self) -> Iterator[TalkStep]:
        """Return what is left when all steps were told."""
        if self._body is not None and self._head.status >= _OK:
            error = _error_in(bytes(self._body))
            head = self._head
            yield from map(SendMessage, self._talk.spell_answer_refused(self._lane, head.status, error, head.headers))
        elif self._body:
            yield SendMessage(self._body.decode(errors="replace"))
        elif self._is_open:
            yield from self._close()

    def _retell_piece(self, piece: bytes) -> Iterator[TalkStep]:
        if self._body is not None:
            self._body += piece
            return
        if not self._is_open and self._lines.is_at_begin and (whole := _find_whole_event(piece)) is not None:
            self._last, self._is_open = self._begin(whole), True
            yield from self._close()
            return
        for text, ends in self._lines.read(piece):
            if text:
                if self._last:
                    yield SendMessage(self._last, ends=False)
                self._last = text if self._is_open else self._begin(text)
                self._is_open = True
            if ends and self._is_open:
                yield from self._close()

    def _begin(self, text: str) -> str:
        self._begun += 1
        return self._talk.begin_of_message(self._lane, self._begun) + text

    def _close(self) -> Iterator[TalkStep]:
        text, self._last, self._is_open = self._last, "", False
        if text.endswith("}") and (end := self._talk.end_of_message(self._lane)):
            text = text[:-1] + end
        yield SendMessage(text)


def _is_stream(head: Head) -> bool:
    named = {name.lower(): value for name, value in head.headers}
    return head.status < _OK and named.get("content-type", "").startswith("text/event-stream")


class _EventLines:
    """Reads the data of server-sent events, in parts."""

    def __init__(self) -> None:
        self._decoder = getincrementaldecoder("utf-8")("replace")
        self._line = ""
        """The beginning of a line that is not known to be data."""
        self._in_data = False
        self._has_data = False

    @property
    def is_at_begin(self) -> bool:
        """Whether an event begins with the next piece, or a comment."""
        return not (self._line or self._in_data or self._has_data or self._decoder.getstate()[0])

    def read(self, piece: bytes) -> Iterator[tuple[str, bool]]:
        """Return parts of the data, each with whether its event ends behind it."""
        *lines, rest = self._decoder.decode(piece).replace("\r\n", "\n").split("\n")
        for line in lines:
            yield from self._read_part(line)
            is_blank = not self._in_data and not self._line
            self._line, self._in_data = "", False
            if is_blank and self._has_data:
                self._has_data = False
                yield "", True
        if rest:
            yield from self._read_part(rest)

    def _read_part(self, part: str) -> Iterator[tuple[str, bool]]:
        if not self._in_data:
            self._line += part
            if not self._line.startswith(_DATA) or self._line == _DATA:
                return  # a blank may follow
            part, self._in_data, self._has_data = self._line.removeprefix(_DATA).removeprefix(" "), True, True
        if part:
            yield part, False


_DATA = "data:"
_WHOLE_DATA = b"data: "


def _find_whole_event(piece: bytes) -> str | None:
    """Return the data of a piece that is one event with one line of it, as nearly all are; None of any other."""
    at = piece.find(b"data:")
    if (
        not piece.startswith(_WHOLE_DATA, max(0, at))
        or piece.find(b"\n\n") != len(piece) - 2
        or piece.find(b"\n", at) != len(piece) - 2
    ):
        return None
    if (at and piece[at - 1 : at] != b"\n") or b"\r" in piece:
        return None
    try:
        return piece[at + len(_WHOLE_DATA) : -2].decode() or None
    except UnicodeDecodeError:
        return None


def _error_in(body: bytes) -> dict[str, object]:
    """Return the error object of a body; one with the body itself, where it has none."""
    try:
        said = read(body)
    except ValueError:
        said = None
    if isinstance(said, dict) and isinstance(error := said.get("error"), dict):
        return error
    text = body.decode(errors="replace")
    return {"type": "api_error", "code": None, "message": text or "The server had an error.", "param": None}
