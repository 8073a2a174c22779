"""Where the proxy is to listen, and where it does."""

from dataclasses import dataclass
from pathlib import Path

from llemulator_addon.adapters.listener import Listener
from llemulator_addon.adapters.usage_hints import Address

_EVERY_ADDRESS = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - what a client uses in its place


@dataclass(frozen=True, slots=True, kw_only=True)
class ListeningPlace:
    """Where to listen."""

    host: str
    port: int
    more: tuple[Listener, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """Where the proxy listens."""

    host: str
    port: int

    @property
    def url(self) -> str:
        """The proxy's URL for a client on this machine."""
        here = _EVERY_ADDRESS.get(self.host, self.host)
        return f"http://[{here}]:{self.port}" if ":" in here else f"http://{here}:{self.port}"

    def address(self, *, ca: Path, bundle: Path) -> Address:
        """Return what a client on this machine needs to reach the proxy."""
        return Address(url=self.url, ca=ca, bundle=bundle, is_everywhere=self.host in _EVERY_ADDRESS)
