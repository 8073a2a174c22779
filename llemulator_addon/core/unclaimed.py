"""Requests that belong to nobody's test."""

from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple


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
    """The last four characters of the token."""
    digest: str
    """The end of the token, by which its owner can recognise it. Empty if there was none."""


@lru_cache(1)  # mostly the same as before
def digest_of(token: str) -> str:
    """Return the digest by which a token is known again."""
    return sha256(token.encode("utf-8", "surrogateescape")).hexdigest()[:16] if token else ""
