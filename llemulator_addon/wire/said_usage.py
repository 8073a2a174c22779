"""The tokens that an answer says it took, read from the end of its bytes."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import re2

from llemulator_addon.core.answer_tokens import SaidUsage
from llemulator_addon.core.json_type import JSON
from llemulator_addon.wire import json_bytes

_LAST_PIECES = 3
"""The usage of a stream is among these: in Chat Completions `[DONE]` comes behind it."""
_LAST_SENDS = 8
"""Sends in which there are mostly as many events."""
_AT_MOST = 2000
"""Bytes of the object with the usage."""
_NAME = b'"usage"'
_PROMPT = re2.compile(rb'"(?:prompt|input)_tokens"\s*:\s*(\d{1,12})')
_ANSWER = re2.compile(rb'"(?:completion|output)_tokens"\s*:\s*(\d{1,12})')
_TIER = b'"service_tier"'
_DECODER = json.JSONDecoder()
_READ_AT_ONCE = 4096
"""Bytes that are read as a whole sooner than the usage in them is found."""
_END_OF_STREAM = 1 << 18
"""Bytes that are searched. The last event of Responses has all of the answer in it."""


def find_usage(pieces: Sequence[bytes]) -> SaidUsage | None:
    """Return what the end of an answer says, given in the pieces in which it was sent; None if it says nothing."""
    for piece in reversed(pieces[-_LAST_PIECES:]):
        # No text within the answer can look like it: there the quotes are escaped.
        if (at := piece.rfind(_NAME)) < 0:
            continue
        usage = piece[at : at + _AT_MOST]
        if (prompt := _PROMPT.search(usage)) is not None:
            answer = _ANSWER.search(usage)
            return SaidUsage(int(prompt[1]), int(answer[1]) if answer is not None else 0)
    return None


class WholeUsage(NamedTuple):
    """All that an answer says about its usage."""

    text: bytes
    """An object in JSON, with its details, in the words of its endpoint. Where the answer is no JSON, this is none."""
    tier: str | None
    """The service tier that answered; None if it is not named."""


def find_whole_usage(pieces: Sequence[bytes]) -> WholeUsage | None:
    """Return all of it, of a body in JSON or of server-sent events, given in the pieces in which it was sent."""
    for text in _list_ends(pieces):
        if _NAME in text and (found := _find_in(text)) is not None:
            return found
    return None


def _list_ends(pieces: Sequence[bytes]) -> Iterator[bytes]:
    """Yield the body, or what the last events carry, the last first."""
    events: list[bytes] = []
    if not (pieces and pieces[0].lstrip().startswith(b"{")):
        # The first event of these sends may have begun before them.
        events = _list_last_events(pieces[-_LAST_SENDS:])
        if len(events) <= _LAST_PIECES:
            events = _list_last_events(pieces)
    if events:
        yield from reversed(events[-_LAST_PIECES:])
    else:
        yield b"".join(pieces)


def _find_in(text: bytes) -> WholeUsage | None:
    return _find_in_lines(text) or _find_anywhere(text)


def _find_in_lines(text: bytes) -> WholeUsage | None:
    """Find it in a body that is spelled as OpenAI's are, in half of the time that it takes to read all of that."""
    # Two spaces: it is no member of a member.
    at = text.rfind(_USAGE_LINE)
    end = text.find(_END_LINE, at, at + _AT_MOST)
    if at < 0 or end < 0:
        return None
    usage, tier = text[at + len(_USAGE_LINE) - 2 : end + len(_END_LINE)], None
    if _TIER in text:
        if (at := text.find(_TIER_LINE)) < 0:
            return None
        value = text[at + len(_TIER_LINE) : text.find(b"\n", at + 1)].rstrip(b",")
        tier = value[1:-1].decode("utf-8", "replace") if value.startswith(b'"') else None
    return WholeUsage(usage, tier)


_USAGE_LINE = b'\n  "usage": {\n'
_TIER_LINE = b'\n  "service_tier": '
_END_LINE = b"\n  }"


def _find_anywhere(text: bytes) -> WholeUsage | None:
    holders = _list_holders(text) if _TIER in text or len(text) <= _READ_AT_ONCE else None
    usage: Mapping[str, JSON] | None
    usage = next((each for holder in holders or () if isinstance(each := holder.get("usage"), dict)), None)
    if usage is None and (usage := _find_object(text)) is None:
        return None
    written = json_bytes.compact(usage)
    if holders is None:
        # Where a tier is named but the text is not whole, it is not known, and has no price.
        return WholeUsage(written, "" if _TIER in text else None)
    tiers = (tier for holder in holders if isinstance(tier := holder.get("service_tier"), str))
    return WholeUsage(written, next(tiers, None))


def _list_holders(text: bytes) -> list[Mapping[str, JSON]] | None:
    """Return the objects that may have a usage and a tier; None if the text is not whole.

    Events of Responses have both in their response.
    """
    try:
        value = json_bytes.read(text)
    except ValueError:
        return None
    objects = (value, value.get("response")) if isinstance(value, dict) else ()
    return [each for each in objects if isinstance(each, dict)]


def _list_last_events(pieces: Sequence[bytes]) -> list[bytes]:
    """Return what the last events carry. Only of a stream that is cut at its front, none of them is whole."""
    size, first = 0, len(pieces)
    while first and size < _END_OF_STREAM:
        first -= 1
        size += len(pieces[first])
    lines = b"".join(pieces[first:]).replace(b"\r\n", b"\n").split(b"\n")
    return [line.removeprefix(b"data:") for line in lines if line.startswith(b"data:")]


def _find_object(text: bytes) -> Mapping[str, JSON] | None:
    end = len(text)
    while (at := text.rfind(_NAME, 0, end)) >= 0:
        end = at
        behind = text[at + len(_NAME) : at + _AT_MOST].decode("utf-8", "replace").lstrip().removeprefix(":").lstrip()
        if not behind.startswith("{"):
            continue
        try:
            return dict(_DECODER.raw_decode(behind)[0])
        except ValueError:
            continue
    return None
