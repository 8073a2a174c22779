"""Handshakes of WebSocket: no path speaks it here, so each is refused at once, and the client goes on over HTTP."""

from llemulator_addon.core.reply import Failure
from llemulator_addon.core.request import Request
from llemulator_addon.wire.azure import split
from llemulator_addon.wire.errors import INVALID

_SPOKEN = frozenset({"responses", "realtime", "realtime/translations", "live/sessions"})
"""Where OpenAI's API speaks it: the official SDKs' `connect` methods."""


def wants_websocket(request: Request) -> bool:
    """Whether a request is a handshake (RFC 6455, 4.1)."""
    if request.method != "GET" or "upgrade" not in request.headers:
        return False
    return "websocket" in (word.strip().lower() for word in request.headers["upgrade"].split(","))


def speaks_websocket(path: str) -> bool:
    """Whether OpenAI's API speaks it at a path."""
    segments, _ = split([segment for segment in path.split("/") if segment])
    return "/".join(segments) in _SPOKEN


def refuse_upgrade(path: str) -> Failure:
    """Refuse a handshake at a path that exists: Codex CLI then asks over HTTPS, and does not try again."""
    return Failure(
        status=426,
        type=INVALID,
        code="websocket_not_supported",
        headers=(("upgrade", "HTTP/1.1"), ("connection", "upgrade")),
        message=f"WebSocket is not supported on {path}. Send the request over HTTPS.",
    )
