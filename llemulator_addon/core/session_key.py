"""Which session and which exchange is meant, as values in which no token stands."""

from typing import NamedTuple


class SessionKey(NamedTuple):
    """Names a session. It is made once, where a request comes in; nothing below knows its token."""

    digest: str
    """Of the token, in hexadecimal digits; empty without a token."""
    name: str
    """The token's last four characters, to be shown; fewer where that would be more than half of it. Of a request that
    has an address in place of a token, the address."""


ANONYMOUS = SessionKey("", "")
"""The session of requests without a token."""


class ExchangeId(NamedTuple):
    """Names an exchange: no two of a server have the same, whatever was reset between them."""

    session: SessionKey
    life: int
    """Of the session: a reset begins another. 0: the exchange is in no journal."""
    number: int
    """In the session's journal."""
