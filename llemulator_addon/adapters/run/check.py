"""The result of one check of `llemulator doctor`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """A check, and its result."""

    name: str
    passed: bool | None
    """None: it could not be tried, or says nothing against it."""
    says: str
    remedy: str | None = None
    """The remedy, if it did not pass."""
