"""The connections and requests of the application, counted by host."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class HostEgress:
    """The traffic to one host, by its fate."""

    host: str
    answered: int = 0
    """Requests that were answered here."""
    passed: int = 0
    """Connections that were opened to the real host."""
    refused: int = 0
    """Tunnels, requests and connections that were refused."""
    forwarded: int = 0
    """Requests that were forwarded to this host, an upstream that the user named."""
    with_key: int = 0
    """Requests that carried a key that looks like OpenAI's and passed to this host. Those inside TLS are not seen."""


EgressReport = Callable[[], tuple[HostEgress, ...]]
"""Says how it is now, by name of the host."""
