"""Handshakes of WebSocket (RFC 6455, 4): accepted where something here speaks it, and refused at once elsewhere."""

import binascii
from base64 import b64decode, b64encode
from hashlib import sha1

from llemulator_addon.core.reply import Failure
from llemulator_addon.core.request import Request
from llemulator_addon.core.steps import Head
from llemulator_addon.wire.azure import split
from llemulator_addon.wire.errors import INVALID

_SPOKEN = {
    "responses": "responses.connect",
    "realtime": "realtime.connect",
    "realtime/translations": "realtime.translations.connect",
    "live/sessions": "live.connect",
}
"""Where it is spoken, by the official SDKs' `connect` methods, and the name of the operation, as the SDKs have it."""

_KEY_BEGINS = "openai-insecure-api-key."
"""A subprotocol that is a key: browsers can send no other header with a handshake."""


def wants_websocket(request: Request) -> bool:
    """Whether a request is a handshake (RFC 6455, 4.1)."""
    if request.method != "GET" or "upgrade" not in request.headers:
        return False
    return "websocket" in (word.strip().lower() for word in request.headers["upgrade"].split(","))


def speaks_websocket(path: str) -> bool:
    """Whether it is spoken at a path."""
    return _below_version(path) in _SPOKEN


def name_handshake(path: str) -> str:
    """Return the name of the operation at a path where it is spoken."""
    return _SPOKEN[_below_version(path)]


def _below_version(path: str) -> str:
    return "/".join(split([segment for segment in path.split("/") if segment])[0])


def refuse_upgrade(path: str) -> Failure:
    """Refuse a handshake at a path that exists: Codex CLI then asks over HTTPS, and does not try again."""
    return Failure(
        status=426,
        type=INVALID,
        code="websocket_not_supported",
        headers=(("upgrade", "HTTP/1.1"), ("connection", "upgrade")),
        message=f"WebSocket is not supported on {path}. Send the request over HTTPS.",
    )


def accept_handshake(request: Request) -> Head | Failure:
    """Return the head that accepts a handshake, or what is wrong with it."""
    headers = request.headers
    if request.http_version != "HTTP/1.1":
        return _refuse_handshake("a handshake needs HTTP/1.1")
    if "upgrade" not in (word.strip().lower() for word in headers.get("connection", "").split(",")):
        return _refuse_handshake("the header Connection does not name Upgrade")
    if headers.get("sec-websocket-version", "").strip() != "13":
        wrong = _refuse_handshake("the version of WebSocket must be 13")
        return Failure(status=426, type=wrong.type, message=wrong.message, headers=(("sec-websocket-version", "13"),))
    key = headers.get("sec-websocket-key", "").strip()
    if not _is_key(key):
        return _refuse_handshake("Sec-WebSocket-Key is not 16 bytes in Base64")
    subprotocol = next((name for name in _list_offered(request) if not name.startswith(_KEY_BEGINS)), None)
    return Head(
        101,
        (
            ("upgrade", "websocket"),
            ("connection", "Upgrade"),
            ("sec-websocket-accept", b64encode(sha1(key.encode() + _GUID, usedforsecurity=False).digest()).decode()),
            *((("sec-websocket-protocol", subprotocol),) if subprotocol else ()),
        ),
    )


_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_KEY_SIZE = 16


def key_among_subprotocols(request: Request) -> str | None:
    """Return the key that a handshake carries as a subprotocol, as a browser's does; None where it has none."""
    if "sec-websocket-protocol" not in request.headers:
        return None
    keys = (name.removeprefix(_KEY_BEGINS) for name in _list_offered(request) if name.startswith(_KEY_BEGINS))
    return next(keys, None) or None


def _list_offered(request: Request) -> list[str]:
    offers = (name.strip() for name in request.headers.get("sec-websocket-protocol", "").split(","))
    return [name for name in offers if name]


def _is_key(key: str) -> bool:
    try:
        return len(b64decode(key, validate=True)) == _KEY_SIZE
    except (binascii.Error, ValueError):
        return False


def _refuse_handshake(why: str) -> Failure:
    return Failure(status=400, type=INVALID, message=f"This is no handshake of WebSocket: {why}.")
