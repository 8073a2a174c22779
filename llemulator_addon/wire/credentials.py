"""The token that a request carries: it names a session and authenticates nobody. Without one, an address may."""

import binascii
from base64 import b64decode
from contextlib import suppress
from functools import lru_cache
from hashlib import sha256
from ipaddress import ip_address

from llemulator_addon.core.request import Request
from llemulator_addon.core.session_key import ANONYMOUS, SessionKey
from llemulator_addon.wire.websocket import key_among_subprotocols


def token_of(request: Request) -> str | None:
    """Return the bearer token, Azure's `api-key`, the password of Basic, or a handshake's key; None without any."""
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    match scheme.lower():
        case "bearer":
            return credentials.strip() or None
        case "basic":
            return _password(credentials.strip())
        case _:
            return request.headers.get("api-key", "").strip() or key_among_subprotocols(request)


def session_of(request: Request) -> str | None:
    """Return what names the session of a request: its token, or else its client's address where that does."""
    return token_of(request) or request.keyless


def is_address(token: str) -> bool:
    """Whether a session is named by an address, which is no secret."""
    if token[:1] not in _BEGINS_ADDRESS or len(token) > _LONGEST_NAME or not ("." in token or ":" in token):
        return False  # nearly always; to ask `ipaddress` takes as long as to read a request
    with suppress(ValueError):
        return bool(ip_address(token))
    return False


_BEGINS_ADDRESS = frozenset("0123456789abcdefABCDEF:")
_LONGEST_NAME = 64
"""Characters: more than an address with the name of a zone has. It is kept with everything that names the session."""


def _password(credentials: str) -> str | None:
    try:
        return b64decode(credentials, validate=True).decode().partition(":")[2] or None
    except (binascii.Error, UnicodeDecodeError):
        return None


@lru_cache(1)  # mostly the same as before
def key_of(token: str) -> SessionKey:
    """Return the key of a token's session."""
    if not token:
        return ANONYMOUS
    if (owner := _find_owner(token)) is not None:
        return owner
    return SessionKey(sha256(token.encode("utf-8", "surrogateescape")).hexdigest(), _name(token))


def make_client_secret(key: SessionKey, drawn: str) -> str:
    """Return a key that names the session of another one, without its text (`ek_…`, as OpenAI's begin)."""
    return f"ek_{drawn}_{key.digest}_{key.name.encode('utf-8', 'surrogateescape').hex()}"


def is_client_secret(token: str) -> bool:
    """Whether a key is one that `make_client_secret` makes."""
    return _find_owner(token) is not None


def _find_owner(token: str) -> SessionKey | None:
    """Return the key of the session that a client secret names; None for any other token."""
    if not token.startswith("ek_"):
        return None
    _, _, digest, name, *more = *token.split("_"), "", ""
    if more != ["", ""] or len(digest) != _DIGITS or not _HEXADECIMAL.issuperset(digest):
        return None
    with suppress(ValueError):
        shown = bytes.fromhex(name).decode("utf-8", "surrogateescape")
        return SessionKey(digest, shown) if len(shown) <= _LONGEST_NAME else None
    return None


_DIGITS = 64
_HEXADECIMAL = frozenset("0123456789abcdef")


def _name(token: str) -> str:
    if is_address(token):
        return token
    return token[-min(4, len(token) // 2) :] if len(token) > 1 else ""
