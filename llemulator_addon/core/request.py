"""One whole HTTP request, as the engine and the admin routes see it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from llemulator_addon.core.capacity import Capacity

Way = Literal["connect", "absolute", "origin", "tls"]
"""How the request reached the port: through CONNECT, as a proxy request with an absolute URL, addressed to the
proxy itself (a base URL, or a probe), or as bare TLS (DNS or a redirect routed the client here)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request with its whole body. Nothing in it belongs to the proxy that received it."""

    method: str
    """In upper case."""
    host: str = "api.openai.com"
    """As the client named it (Host, `:authority` or SNI), in lower case, without the port."""
    port: int = 443
    path: str
    """Without the query, percent-encoding kept, always beginning with a slash."""
    query: tuple[tuple[str, str], ...] = ()
    """Decoded pairs in the order sent; brackets stay part of the name (`include[]`)."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case; the values of a repeated header joined by a comma and a space."""
    body: bytes = b""
    json: Mapping[str, Any] | None = None
    """The object that the body is, where somebody has read it already."""
    way: Way = "connect"
    http_version: str = "HTTP/1.1"
    """`WebSocket` for one that came as a message."""
    keyless: str | None = None
    """Address of the client, which names its session if it sends no token; None: without a token it has no session."""
    client: str = ""
    """Address of the client."""
    client_port: int = 0
    connection: str = ""
    """The same for all requests of one client connection."""
    talk: str = ""
    """The name of the WebSocket connection on which it came as a message; empty for a request of HTTP."""
    skips_hold: bool = False
    """Whether the rules answer also if the session holds all requests: no client waits for the answer."""
    warms_up: bool = False
    """Whether the model is to say nothing: a later request goes on from this one (`generate: false`)."""
    capacity: Capacity | None = None
    """Of the model server that all sessions share; None: it is without limits."""
    at: float = 0.0
    """When it was complete, in seconds since the epoch; the only clock that the engine knows."""

    @property
    def to_proxy(self) -> bool:
        """Whether it was addressed to the proxy itself, by base URL or by a probe."""
        return self.way == "origin"

    def query_value(self, name: str) -> str | None:
        """Return the last value of a query parameter, or None."""
        return next((value for key, value in reversed(self.query) if key == name), None)
