"""Keys for the admin routes about more than the caller's own session, and the role that each gives."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from llemulator_addon.core.choices import ROLES, Role

_SHORTEST = 12


@dataclass(frozen=True, slots=True)
class AdminKeys:
    """The keys that the user set. Only their digests are kept."""

    roles: Mapping[str, Role] = field(default_factory=dict)
    """By the digest of the key."""

    def __bool__(self) -> bool:
        return bool(self.roles)

    def role_of(self, key: str) -> Role | None:
        """Return the role that a key gives."""
        return self.roles.get(_digest(key))


def admin_keys_in(text: str) -> AdminKeys:
    """Read `KEY`, which is an admin's, or `ROLE=KEY` with commas between. Raises ValueError, whose text has no key."""
    roles: dict[str, Role] = {}
    for part in text.split(","):
        name, equals, named = part.strip().partition("=")
        role = next((role for role in ROLES if role == name and equals), None)
        key = part.strip() if role is None else named
        if len(key) < _SHORTEST:
            msg = f"a key has {_SHORTEST} characters or more"
            raise ValueError(msg)
        if _digest(key) in roles:
            msg = "two roles have the same key"
            raise ValueError(msg)
        roles[_digest(key)] = role or "admin"
    return AdminKeys(roles)


def strongest_key_in(text: str) -> str | None:
    """Return the key of the highest role in such a text, for a client; None if there is none."""
    named = dict(part.strip().split("=", 1) for part in text.split(",") if part.strip().partition("=")[0] in ROLES)
    alone = (part.strip() for part in text.split(",") if part.strip().partition("=")[0] not in ROLES)
    return next(alone, "") or next((named[role] for role in reversed(ROLES) if role in named), None)


def _digest(key: str) -> str:
    return sha256(key.encode("utf-8", "surrogateescape")).hexdigest()
