"""Who may use the admin routes about more than the caller's own session: by key, by cookie, or from this machine."""

import hmac
from contextlib import suppress
from hashlib import sha256
from ipaddress import ip_address

from llemulator_addon.core.admin_keys import AdminKeys
from llemulator_addon.core.choices import ROLES, Role
from llemulator_addon.core.request import Request
from llemulator_addon.wire.credentials import token_of

KEY_HEADER = "x-llemulator-key"
COOKIE = "llemulator"

_PASSED_ON = ("forwarded", "x-forwarded-for", "x-real-ip")
"""Headers of a request that a proxy on this machine passed on for somebody else."""


class AdminAccess:
    """Not a value: it knows whether the link of the start was used."""

    def __init__(self, keys: AdminKeys | None = None, *, secret: bytes = b"", code: str = "") -> None:
        """Take the user's keys, a secret to sign cookies, and the code of the link. Each may be missing."""
        self.keys = keys or AdminKeys()
        self.code = code
        self._secret = secret

    def role_of(self, request: Request) -> Role | None:
        """Return the role of the client; None: it has none."""
        offered = (request.headers.get(KEY_HEADER, "").strip(), token_of(request) or "")
        by_key = next((role for key in offered if key and (role := self.keys.role_of(key)) is not None), None)
        return by_key or self._role_by_cookie(request) or ("admin" if self._is_at_home(request) else None)

    def sign_in(self, role: Role) -> str:
        """Return the value of a cookie that gives a role, until the program ends."""
        return f"{role}.{self._sign(role)}"

    def use_code(self, code: str) -> bool:
        """Whether this is the code of the link; it is good once."""
        if not self.code or not hmac.compare_digest(self.code.encode(), code.encode("utf-8", "replace")):
            return False
        self.code = ""
        return True

    def _role_by_cookie(self, request: Request) -> Role | None:
        given = _cookie_of(request)
        role = next((role for role in ROLES if given.startswith(f"{role}.")), None)
        if role is None or not self._secret:
            return None
        return role if hmac.compare_digest(given.encode("utf-8", "replace"), self.sign_in(role).encode()) else None

    def _is_at_home(self, request: Request) -> bool:
        """Whether no key is needed: none is set, and the client is on this machine."""
        if self.keys or any(name in request.headers for name in _PASSED_ON):
            return False
        with suppress(ValueError):
            return ip_address(request.client).is_loopback
        return False

    def _sign(self, role: Role) -> str:
        return hmac.new(self._secret, role.encode(), sha256).hexdigest()


def _cookie_of(request: Request) -> str:
    for pair in request.headers.get("cookie", "").split(";"):
        name, _, value = pair.strip().partition("=")
        if name == COOKIE:
            return value
    return ""
