"""From which networks clients come."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

_REMEMBERED = 1024


class Networks:
    """A set of addresses: `loopback`, `private` (what the internet cannot route to), `all`, or as `10.0.0.0/8`.

    Raises ValueError for a text that is none of these.
    """

    def __init__(self, *texts: str) -> None:
        self.texts = texts
        self._ranges = tuple(ip_network(text) for text in texts if text not in _WORDS)
        self._words = tuple(_WORDS[text] for text in texts if text in _WORDS)
        self._holds = lru_cache(_REMEMBERED)(self._look)

    def __contains__(self, address: str) -> bool:
        return self._holds(address)

    def _look(self, text: str) -> bool:
        try:
            found = ip_address(text.partition("%")[0])
        except ValueError:
            return False  # who has no address comes from nowhere
        # What a socket for both families calls a client of IPv4.
        address = getattr(found, "ipv4_mapped", None) or found
        return any(holds(address) for holds in self._words) or any(address in each for each in self._ranges)


_WORDS: Mapping[str, Callable[[IPv4Address | IPv6Address], bool]] = {
    "all": lambda _: True,
    "loopback": lambda address: address.is_loopback,
    "private": lambda address: not address.is_global,
}
