"""The addon: mitmproxy's hooks, each in a few lines. `traffic` decides, `internals` plays."""

import asyncio
import logging
from collections.abc import Iterable

from mitmproxy import ctx, http, tls
from mitmproxy.addonmanager import Loader
from mitmproxy.connection import Client
from mitmproxy.proxy import layer, mode_specs, server_hooks

from llemulator_addon.adapters import proxy_errors
from llemulator_addon.adapters.mitmproxy.in_flight import ClientLeft
from llemulator_addon.adapters.mitmproxy.internals.client_hello import read_named_host
from llemulator_addon.adapters.mitmproxy.internals.ended import let_go_of
from llemulator_addon.adapters.mitmproxy.internals.flow_control import Taking, close_what_is_open
from llemulator_addon.adapters.mitmproxy.internals.layers import Playback, no_common_cipher
from llemulator_addon.adapters.mitmproxy.internals.turns import come_to_turn
from llemulator_addon.adapters.mitmproxy.traffic import Traffic
from llemulator_addon.adapters.terminal import printable
from llemulator_addon.core.outcome import NOTHING_SENT
from llemulator_addon.core.rest import Rest

logger = logging.getLogger(__name__)

_BY_ADDRESS = (mode_specs.TransparentMode, mode_specs.LocalMode, mode_specs.WireGuardMode, mode_specs.TunMode)
"""Modes in which a client has resolved the name of a host itself, and comes to its address."""

_NEEDED = {
    # mitmproxy's default opens a connection to the real API at CONNECT, and asks it for its certificate.
    "connection_strategy": "lazy",
    "upstream_cert": False,
    # Goes only with `upstream_cert`.
    "add_upstream_certs_to_client_chain": False,
}


class Interception:
    """Answers what is ours, passes on the rest, and sees to it that what is ours is never passed on."""

    def __init__(self, traffic: Traffic) -> None:
        self._decide_by(traffic)

    def load(self, loader: Loader) -> None:  # noqa: ARG002 - mitmproxy's signature
        """Set the options that we need, whatever they were."""
        self._set_options()

    def configure(self, updated: Iterable[str]) -> None:
        """Set them again when somebody else changed them."""
        if {*_NEEDED, "allow_hosts"} & set(updated):
            self._set_options()

    def next_layer(self, data: layer.NextLayer) -> None:
        """Put our HTTP in place of mitmproxy's."""
        client, address = data.context.client, data.context.server.address
        if address is not None and not self._traffic.look_up(client.id).is_tunnel:
            name = read_named_host(data.data_client())
            if name is not None:
                self._traffic.name_client(client.id, name)
        self._playback.next_layer(data)

    async def http_connect(self, flow: http.HTTPFlow) -> None:
        """Refuse a tunnel that is not allowed, and remember one that leads to us."""
        host = flow.request.host
        if host in self._traffic.policy.hosts:
            self._traffic.open_tunnel(flow.client_conn.id)
            if flow.response is None and (fault := await self._traffic.fault_of_connect(host)) is not None:
                flow.response = http.Response.make(fault.status)
        elif flow.response is None and (
            self._traffic.ownership.why_refused(host) or self._traffic.ownership.why_stranger(flow.client_conn)
        ):
            flow.response = self._traffic.refuse(flow)

    async def request(self, flow: http.HTTPFlow) -> None:
        """Answer a request that is ours; when our own code fails, with 500 and never by passing it on."""
        if flow.response is not None or flow.error is not None:
            return  # another addon has answered it, or killed it
        try:
            arrival = self._playback.arrival(flow) or self._traffic.arrival(flow, origin_form=_looks_origin_form(flow))
            match arrival.fate:
                case "answer":
                    flow.response = await self._traffic.answer(flow, arrival)
                case "refuse":
                    flow.response = self._traffic.refuse(flow)
                case "pass":
                    self._traffic.pass_on(flow)
        except ClientLeft:
            flow.response = self._traffic.nobody_listens(flow)
        except Exception as error:  # noqa: BLE001 - mitmproxy forwards a request whose hook raised
            flow.response = self._traffic.answer_bug(flow, error)

    async def rest_of_hook(self, begun: asyncio.Task[None]) -> None:
        """Wait for a hook that was begun and is not done."""
        await begun

    async def llemulator_rest(self, rest: Rest) -> None:
        """Wait until more of an answer has come, or was made."""
        await rest.more()

    async def llemulator_taken(self, taking: Taking) -> None:
        """Wait until a client took what was sent to it."""
        await taking.wait()

    async def llemulator_turn(self, _: object) -> None:
        """Wait until others had their turn."""
        await come_to_turn()

    def error(self, flow: http.HTTPFlow) -> None:
        """Note that a client left."""
        self._traffic.end(flow, NOTHING_SENT)

    def client_disconnected(self, client: Client) -> None:
        """Forget a client."""
        close_what_is_open(client)
        let_go_of(client)
        self._failing.discard(client.id)
        self._traffic.forget_client(client.id)

    def server_connect(self, data: server_hooks.ServerConnectionHookData) -> None:
        """Let no connection be opened to a host that is ours, or not allowed. The last line: none should be tried."""
        if data.server.error or data.server.address is None:
            return
        client, address = data.client.id, data.server.address
        known = self._traffic.look_up(client)
        named = known.name
        by_address = isinstance(data.client.proxy_mode, _BY_ADDRESS)
        host = (named if by_address else None) or address[0]
        names = (named, address[0], data.server.sni, data.client.sni)
        if self._traffic.ownership.leads_to_us(known, *names):
            data.server.error = "llemulator never connects to this host"
        elif (by_address or named == "") and self._traffic.ownership.may_be_ours(known, address):
            data.server.error = proxy_errors.explain_unnamed(host)
        else:
            data.server.error = self._traffic.ownership.why_refused(
                host, *names
            ) or self._traffic.ownership.why_stranger(data.client)
        if data.server.error:
            logger.warning("refused a connection to %s: %s", printable(host), data.server.error)
        self._traffic.egress.count(host, "refused" if data.server.error else "passed")

    async def tls_start_client(self, data: tls.TlsData) -> None:
        """Fail a handshake if a script wants that. Prefer HTTP/2, as OpenAI's edge does, whatever the client does."""
        if data.ssl_conn is not None or not self._traffic.owns(data.context):
            return
        if await self._traffic.fault_of_tls(_tls_host(data)) is not None:
            self._failing.add(data.context.client.id)
            data.ssl_conn = no_common_cipher()
        elif ctx.options.http2:
            # mitmproxy chooses the server's protocol where the client offers it, else the client's first.
            data.context.server.alpn = b"h2"

    def tls_failed_client(self, data: tls.TlsData) -> None:
        """Say what to do about a client that does not trust our certificate; once for each host."""
        host = _tls_host(data)
        # A client that was gone before we answered has not seen the certificate that it could distrust.
        wanted = data.context.client.id in self._failing or data.conn.error == "connection closed early"
        if wanted or host in self._traffic.distrusted or not self._traffic.owns(data.context):
            return
        self._traffic.distrusted.add(host)
        ca = self._traffic.policy.ca
        remedy = f"; does the client trust {ca}?" if ca else ""
        logger.warning("a TLS handshake for %s failed (%s)%s", printable(host), data.conn.error, remedy)

    def _decide_by(self, traffic: Traffic) -> None:
        self._traffic = traffic
        self._playback = Playback(traffic)
        self._failing: set[str] = set()

    def _set_options(self) -> None:
        """Set what we need. Hosts that the user wants mitmproxy to look into, too, are kept."""
        allowed = list(ctx.options.allow_hosts)
        missing = [expression for expression in self._traffic.policy.hosts.expressions if expression not in allowed]
        wanted = _NEEDED | ({"allow_hosts": [*allowed, *missing]} if missing else {})
        changed = {name: value for name, value in wanted.items() if getattr(ctx.options, name) != value}
        if changed:
            ctx.options.update(**changed)


def _tls_host(data: tls.TlsData) -> str:
    address = data.context.server.address
    return data.context.client.sni or (address[0] if address else "this proxy")


def _looks_origin_form(flow: http.HTTPFlow) -> bool:
    """Guess whether a request that went by our layers was addressed to the proxy itself."""
    return flow.server_conn.address is None and flow.request.port == flow.client_conn.sockname[1]
