"""What the application asked of the network."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class HostEgress:
    """What became of the traffic to one host."""

    host: str
    answered: int = 0
    """Requests that were answered here."""
    passed: int = 0
    """Connections that were opened to the real host."""
    refused: int = 0
    """Tunnels, requests and connections that were not let through."""
    forwarded: int = 0
    """Requests that were handed to this host as the upstream that the user named."""
    with_key: int = 0
    """Requests that carried a key that looks like OpenAI's and passed to this host. Those inside TLS are not seen."""


EgressReport = Callable[[], tuple[HostEgress, ...]]
"""Says how it is now, by name of the host."""
