"""Server-sent events framed as OpenAI does: line feeds, one blank line after each event, raw UTF-8."""

from collections.abc import Iterator
from itertools import chain
from typing import Any

from llemulator_addon.wire.json_bytes import compact, gather, write_pieces

DONE = b"data: [DONE]\n\n"
"""Ends chat and legacy completions; Responses end without it."""


def frame_unnamed(chunk: object) -> bytes:
    """Frame a chunk without an `event` line, as chat completions send it."""
    return b"data: %b\n\n" % compact(chunk)


def frame_in_pieces(event: dict[str, Any]) -> Iterator[bytes]:
    """Frame an event like `frame`, piece by piece."""
    begin = b"event: %b\ndata: " % event["type"].encode()
    return gather(chain((begin,), write_pieces(event, compact), (b"\n\n",)))


def frame(event: dict[str, Any]) -> bytes:
    """Frame an event under its own `type`, as Responses send it."""
    return b"event: %b\ndata: %b\n\n" % (event["type"].encode(), compact(event))
