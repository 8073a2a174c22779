"""Client secrets: keys (`ek_…`) for browsers, which are kept without their text and are good for Realtime alone."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from llemulator_addon.core.reply import Failure
from llemulator_addon.core.request import Request
from llemulator_addon.core.resources import Kept, Resources
from llemulator_addon.wire.credentials import is_client_secret, token_of
from llemulator_addon.wire.errors import INVALID

_SECRET = "realtime.client_secret"  # noqa: S105 - a kind of resource


def keep_secret(value: str, session: Mapping[str, Any], *, until: float) -> Kept:
    """Return the resource that a secret is kept as; `until` is a time on the session's clock."""
    return Kept(_SECRET, _digest(value), {"session": session, "until": until})


def _digest(value: str) -> str:
    return sha256(value.encode()).hexdigest()


def find_session(resources: Resources, request: Request) -> Mapping[str, Any] | None:
    """Return the configuration of the client secret with which a request comes; None if it comes with none."""
    token = token_of(request) or ""
    kept = resources.get(_SECRET, _digest(token)) if is_client_secret(token) else None
    return None if kept is None else kept["session"]


def refuse_secret(resources: Resources, request: Request, now: float) -> Failure | None:
    """Refuse a client secret that is unknown, has expired, or is used for anything but Realtime.

    A connection goes on when its secret expires (the SDK's types).
    """
    token = token_of(request) or ""
    if request.talk or not is_client_secret(token):
        return None
    kept = resources.get(_SECRET, _digest(token))
    if kept is None or kept["until"] <= now:
        return _refuse("Ephemeral token expired, or never made.", "invalid_api_key")
    if "/realtime" not in request.path:
        return _refuse("An ephemeral token is for the Realtime API only.", "invalid_api_key")
    return None


def _refuse(message: str, code: str) -> Failure:
    return Failure(status=401, type=INVALID, code=code, message=message)
