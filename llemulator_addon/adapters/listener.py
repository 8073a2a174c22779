"""One more place to listen on, in addition to the main port."""

from dataclasses import dataclass
from typing import override

PORT_AT_MOST = 65_535

_TRANSPARENT = "transparent@"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """One more place to listen on. Its text is what the setting takes."""

    port: int
    host: str | None = None
    """None: the one of the main port."""
    transparent: bool = False
    """Whether a firewall redirects connections here, so that each is to go on to where it was going."""

    @override
    def __str__(self) -> str:
        where = "" if self.host is None else f"[{self.host}]:" if ":" in self.host else f"{self.host}:"
        return f"{_TRANSPARENT if self.transparent else ''}{where}{self.port}"


def listener_in(text: str) -> Listener:
    """Read what its text says; raises ValueError."""
    bare = text.removeprefix(_TRANSPARENT)
    host, _, port = bare.rpartition(":")
    number = int(port)
    if not 0 < number <= PORT_AT_MOST:
        raise ValueError(text)
    return Listener(port=number, host=host.strip("[]") or None, transparent=bare != text)
