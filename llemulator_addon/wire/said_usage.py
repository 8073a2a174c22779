"""The tokens that an answer says it took, read from the end of its bytes."""

import json
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import re2

from llemulator_addon.core.answer_tokens import SaidUsage
from llemulator_addon.core.json_type import JSON
from llemulator_addon.wire import json_bytes

_LAST_PIECES = 3
"""The usage of a stream is among these: in Chat Completions `[DONE]` comes behind it."""
_AT_MOST = 2000
"""Bytes of the object with the usage."""
_NAME = b'"usage"'
_PROMPT = re2.compile(rb'"(?:prompt|input)_tokens"\s*:\s*(\d{1,12})')
_ANSWER = re2.compile(rb'"(?:completion|output)_tokens"\s*:\s*(\d{1,12})')
_TIER = b'"service_tier"'
_DECODER = json.JSONDecoder()
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

    usage: Mapping[str, JSON]
    """With its details, in the words of its endpoint."""
    tier: str | None
    """The service tier that answered; None if it is not named."""


def find_whole_usage(pieces: Sequence[bytes], *, is_stream: bool) -> WholeUsage | None:
    """Return all of it, of a body in JSON or of server-sent events, given in the pieces in which it was sent."""
    for text in reversed(_list_last_events(pieces)) if is_stream else (b"".join(pieces),):
        if (usage := _find_object(text)) is not None:
            return WholeUsage(usage, _find_tier(text) if _TIER in text else None)
    return None


def _list_last_events(pieces: Sequence[bytes]) -> list[bytes]:
    """Return what the last events carry. Only of a stream that is cut at its front, none of them is whole."""
    size, first = 0, len(pieces)
    while first and size < _END_OF_STREAM:
        first -= 1
        size += len(pieces[first])
    lines = b"".join(pieces[first:]).replace(b"\r\n", b"\n").split(b"\n")
    return [line.removeprefix(b"data:") for line in lines if line.startswith(b"data:")][-_LAST_PIECES:]


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


def _find_tier(text: bytes) -> str | None:
    try:
        value = json_bytes.read(text)
    except ValueError:
        # It is not whole. A tier that is not known has no price.
        return ""
    # Events of Responses have it in their response.
    for holder in (value, value.get("response")) if isinstance(value, dict) else ():
        if isinstance(holder, dict) and isinstance(tier := holder.get("service_tier"), str):
            return tier
    return None
