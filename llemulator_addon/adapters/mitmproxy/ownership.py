"""Which requests and connections are ours, and what may pass to other hosts. Pure.

A request is ours if its tunnel, its host or its TLS name is one of OpenAI's hosts, or if it is addressed to the proxy
itself. Requests for our hosts are never passed on.
"""

from contextlib import suppress
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple

from mitmproxy import http
from mitmproxy.connection import Client
from mitmproxy.proxy import mode_specs

from llemulator_addon.adapters import proxy_errors
from llemulator_addon.adapters.forwarding import Terms
from llemulator_addon.adapters.hosts import OPENAI_HOSTS, REFUSED_HOSTS, Hosts
from llemulator_addon.adapters.mitmproxy.internals.authorities import read_host
from llemulator_addon.adapters.mitmproxy.internals.deciding import Arrival
from llemulator_addon.adapters.networks import Networks
from llemulator_addon.adapters.openai_keys import has_key
from llemulator_addon.adapters.websocket.connection import WebSocketTimes
from llemulator_addon.core.request import Way
from llemulator_addon.core.server_settings import ServerSettings

_HTTPS = 443
_HIDES_NAME = Hosts(("cloudflare-ech.com",))
"""The outer name of a handshake that encrypts its real one (Encrypted Client Hello), at the CDN that OpenAI uses."""
_LOOPBACK = frozenset(("localhost", "127.0.0.1", "::1"))


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficPolicy(ServerSettings):
    """The traffic that is answered, that is passed on, and the most of a request that is read."""

    hosts: Hosts = field(default_factory=lambda: Hosts(OPENAI_HOSTS))
    refused: Hosts = field(default_factory=lambda: Hosts(REFUSED_HOSTS))
    """Hosts of OpenAI's that are not answered. `allow` may let them through."""
    allow: Hosts = field(default_factory=lambda: Hosts(()))
    pass_for: Networks = field(default_factory=lambda: Networks("private"))
    """The clients that may reach other hosts."""
    streams_others: bool = True
    """Whether bodies that are passed on go through piece by piece, so that other addons do not see them whole."""
    ca: Path | None = None
    """The certificate that clients must trust, to be named in the log."""

    @property
    def websocket(self) -> WebSocketTimes:
        """How long a WebSocket connection may be silent, and open."""
        return WebSocketTimes(idle=self.websocket_idle, open=self.websocket_open)

    @property
    def terms(self) -> Terms:
        """The terms on which requests are forwarded to upstreams."""
        return Terms(
            upstream_key=self.upstream_key,
            upstream_pass_key=self.upstream_pass_key,
            upstream_timeout=self.upstream_timeout,
        )


class Destination(NamedTuple):
    """The destination that a client connection has named."""

    is_tunnel: bool = False
    """Whether it is a tunnel to a host of ours."""
    name: str | None = None
    """The host that its TLS handshake names; empty where it names none, None before a handshake."""

    def with_tunnel(self) -> "Destination":
        """Return the same for a connection that is now a tunnel to a host of ours."""
        return self._replace(is_tunnel=True)

    def with_name(self, host: str) -> "Destination":
        """Return the same with the host that the handshake names; a name that hides the real one is none."""
        return self._replace(name="" if host in _HIDES_NAME else host)


UNKNOWN = Destination()


@dataclass(frozen=True, slots=True)
class Ownership:
    """Decides whose a request or a connection is."""

    policy: TrafficPolicy

    def leads_to_us(self, known: Destination, *names: str | tuple[str, int] | None) -> bool:
        """Whether one of these names is ours, or the client once asked for a tunnel to one that is."""
        hosts = self.policy.hosts
        return known.is_tunnel or any((name[0] if isinstance(name, tuple) else name) in hosts for name in names if name)

    def is_openai(self, host: str) -> bool:
        """Whether a host is OpenAI's, answered or not."""
        return host in self.policy.hosts or host in self.policy.refused

    def why_refused(self, host: str, *aliases: str | None) -> str | None:
        """Say why nothing passes to another host, which may have other names too; None: it passes."""
        policy = self.policy
        for name in (host, *aliases):
            if name and name in policy.refused and name not in policy.allow:
                return proxy_errors.openai_reason(name)
        return proxy_errors.hermetic_reason(host) if policy.hermetic and host not in policy.allow else None

    def why_stranger(self, client: Client) -> str | None:
        """Say why nothing passes to any other host for a client; None: it passes."""
        address = client.peername[0]
        return None if address in self.policy.pass_for else proxy_errors.stranger_reason(address)

    def may_be_ours(self, known: Destination, address: tuple[str, int]) -> bool:
        """Whether an address to which a client came could be one of OpenAI's, because the client names no host.

        OpenAI's addresses are a CDN's, which has thousands. Behind them TLS is on more ports than 443.
        """
        host, port, *_ = address
        unnamed = known.name == "" or (known.name is None and port == _HTTPS)
        return unnamed and _is_public(host) and host not in self.policy.allow

    def decide(self, flow: http.HTTPFlow, known: Destination, *, origin_form: bool) -> Arrival:
        """Decide about a request by its head."""
        request, server = flow.request, flow.server_conn.address
        named = read_host(request.host_header) or request.host
        to_proxy = server is None and (origin_form or _is_own_address(flow))
        ours = self.leads_to_us(known, named, request.host, flow.client_conn.sni, server)
        return Arrival(
            fate="answer" if ours or to_proxy else "pass" if self.why_not_passed(flow, known) is None else "refuse",
            host=named.lower(),
            way=_way(flow, ours=ours, to_proxy=to_proxy),
        )

    def why_not_passed(self, flow: http.HTTPFlow, known: Destination) -> str | None:
        """Say why a request does not pass to another host; None: it passes."""
        request, client = flow.request, flow.client_conn
        why = self.why_refused(request.host, read_host(request.host_header), client.sni, known.name)
        why = why or self.why_stranger(client)
        return why or (proxy_errors.key_reason(request.host) if self.policy.hermetic and carries_key(request) else None)


def carries_key(request: http.Request) -> bool:
    """Whether a request carries what looks like a key of OpenAI's."""
    return has_key(request.headers.items(multi=True), request.query.items(multi=True))


def _is_public(host: str) -> bool:
    with suppress(ValueError):
        return ip_address(host.partition("%")[0]).is_global
    return False  # a name: who connects to it has been asked for it


def _is_own_address(flow: http.HTTPFlow) -> bool:
    """Whether an absolute URL names this very port, as of a client that proxies its requests to localhost too."""
    own, port, *_ = flow.client_conn.sockname
    return flow.request.port == port and (flow.request.host in _LOOPBACK or flow.request.host == own)


def _way(flow: http.HTTPFlow, *, ours: bool, to_proxy: bool) -> Way:
    if flow.server_conn.address is None:
        if not to_proxy:
            return "absolute"
        return "tls" if ours and flow.client_conn.tls else "origin"
    match flow.client_conn.proxy_mode:
        case mode_specs.RegularMode() | mode_specs.UpstreamMode() | mode_specs.Socks5Mode():
            return "connect"
        case mode_specs.ReverseMode():
            return "origin"
        case _:
            return "tls"
