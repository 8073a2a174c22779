"""Requests that belong to nobody's test."""

from typing import NamedTuple

from llemulator_addon.core.session_key import SessionKey


class Unclaimed(NamedTuple):
    """A request under a token for which nobody loaded a script, or without a token."""

    number: int
    """Counted from 1 over all tokens."""
    at: float
    """Seconds since the epoch."""
    method: str
    host: str
    path: str
    session: str
    """The end of the token, by which its owner can recognise it. Empty if there was none, or only one character."""
    digest: str
    """The part of the token's digest that is shown. Empty if there was no token."""

    @property
    def key(self) -> str:
        """The token in words, without what is secret of it."""
        if not self.digest:
            return "no key"
        return f"a key that ends in {self.session}" if self.session else "a key of one character"


def digest_of(key: SessionKey) -> str:
    """Return the part of a token's digest that is shown."""
    return key.digest[:16]
