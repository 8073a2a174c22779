"""What `llemulator doctor` says of one thing."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What was tried, and what came of it."""

    name: str
    passed: bool | None
    """None: it could not be tried, or says nothing against it."""
    says: str
    remedy: str | None = None
    """What the user can do; where it did not pass."""
