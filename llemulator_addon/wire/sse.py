"""Server-sent events framed as OpenAI does: line feeds, one blank line after each event, raw UTF-8."""

from typing import Any

from llemulator_addon.wire.jsons import compact

DONE = b"data: [DONE]\n\n"
"""Ends chat and legacy completions; Responses end without it."""


def unnamed(chunk: Any) -> bytes:  # noqa: ANN401
    """Frame a chunk without an `event` line, as chat completions send it."""
    return b"data: %b\n\n" % compact(chunk)


def named(event: dict[str, Any]) -> bytes:
    """Frame an event under its own `type`, as Responses send it."""
    return b"event: %b\ndata: %b\n\n" % (event["type"].encode(), compact(event))
