"""Which requests are ours, and what they are answered.

A request is ours if its tunnel, its host or its TLS name is one of OpenAI's hosts, or if it is addressed to the proxy
itself. What is ours is answered, or refused when our own code fails; it is never passed on.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any, assert_never
from urllib.parse import parse_qsl

from mitmproxy import http
from mitmproxy.connection import Client
from mitmproxy.proxy import mode_specs
from mitmproxy.proxy.context import Context

from llemulator_addon.adapters import proxy_errors
from llemulator_addon.adapters.answerer import Answerer
from llemulator_addon.adapters.bug_log import in_full, without_secrets
from llemulator_addon.adapters.clock import now
from llemulator_addon.adapters.egress import Egress
from llemulator_addon.adapters.forwarding import Arriving, Forwarding, Terms
from llemulator_addon.adapters.hosts import OPENAI_HOSTS, REFUSED_HOSTS, Hosts
from llemulator_addon.adapters.making import Making, to_head
from llemulator_addon.adapters.mitmproxy.bodies import Bodies, TooLarge, decoded
from llemulator_addon.adapters.mitmproxy.internals.authorities import read_host
from llemulator_addon.adapters.mitmproxy.internals.deciding import NOTHING_SENT, Arrival
from llemulator_addon.adapters.mitmproxy.internals.played import Played, begun, played
from llemulator_addon.adapters.networks import Networks
from llemulator_addon.adapters.openai_keys import has_key
from llemulator_addon.adapters.terminal import printable
from llemulator_addon.core.choices import Keyless
from llemulator_addon.core.defaults import BODIES_SIZE, BODY_LIMIT
from llemulator_addon.core.outcome import Ending, Forward, Play
from llemulator_addon.core.reply import Failure
from llemulator_addon.core.request import Request, Way
from llemulator_addon.core.steps import Head, Steps
from llemulator_addon.script.fault import ConnectionFault
from llemulator_addon.wire.cors import add_cors
from llemulator_addon.wire.credentials import token_of
from llemulator_addon.wire.redaction import redact_pairs, redact_text

logger = logging.getLogger(__name__)

_THIS_PROXY = "(this proxy)"
_HOSTS_LOGGED = 1000
_CLIENT_LEFT = 499
"""What nginx logs for it; nobody sees it but another addon."""
_HTTPS = 443
_HIDES_NAME = Hosts(("cloudflare-ech.com",))
"""What stands in a handshake that encrypts its real name (Encrypted Client Hello), at the CDN that OpenAI uses."""
_LOOPBACK = frozenset(("localhost", "127.0.0.1", "::1"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What is taken as ours, what is let through, and how much of a request is read."""

    hosts: Hosts = field(default_factory=lambda: Hosts(OPENAI_HOSTS))
    refused: Hosts = field(default_factory=lambda: Hosts(REFUSED_HOSTS))
    """Hosts of OpenAI's that are not answered. `allow` may let them through."""
    hermetic: bool = False
    allow: Hosts = field(default_factory=lambda: Hosts(()))
    pass_for: Networks = field(default_factory=lambda: Networks("private"))
    """The clients that are let through to other hosts."""
    body_limit: int = BODY_LIMIT
    """Bytes."""
    bodies_size: int = BODIES_SIZE
    """Bytes that all bodies may have together until they are answered."""
    streams_others: bool = True
    """Whether bodies that are passed on go through piece by piece, so that other addons do not see them whole."""
    debug: bool = False
    """Whether the log of a bug may quote what a client sent."""
    keyless: Keyless = "address"
    """What names the session of a request that is addressed to the proxy itself, without a token."""
    ca: Path | None = None
    """The certificate that clients must trust, to be named in the log."""
    terms: Terms = field(default_factory=Terms)
    """On which requests are handed to upstreams."""


class ClientLeft(Exception):
    """The client went away while its answer was waited for."""


class Rules:
    """Decides about requests and connections, and asks the answerer."""

    def __init__(self, answerer: Answerer, policy: Policy) -> None:
        self.policy = policy
        self.body_limit = policy.body_limit
        self.bodies = Bodies(policy.bodies_size)
        self._unpacking = asyncio.Lock()
        self.streams_others = policy.streams_others
        self.egress = Egress()
        self.distrusted: set[str] = set()
        """Hosts of ours for which a client broke off the TLS handshake, as it does without trust in our certificate."""
        self._answerer = answerer
        self._tunnels: set[str] = set()
        self._names: dict[str, str] = {}
        self._with_keys: set[str] = set()
        self._open: dict[str, dict[str, str]] = {}
        self._waited_for: dict[str, asyncio.Task[Any]] = {}
        self._arriving: dict[str, Arriving] = {}
        self._making = asyncio.Lock()
        self._forwarding = Forwarding(policy.terms, is_openai=self._is_openai, why_refused=self.why_refused)

    # Deciding

    def owns(self, context: Context) -> bool:
        """Whether a connection leads to a host that is never connected to."""
        client = context.client.id
        return self.leads_to_us(client, context.client.sni, self._names.get(client), context.server.address)

    def leads_to_us(self, client: str, *names: str | tuple[str, int] | None) -> bool:
        """Whether one of these names is ours, or the client once asked for a tunnel to one that is."""
        hosts = self.policy.hosts
        return client in self._tunnels or any(
            (name[0] if isinstance(name, tuple) else name) in hosts for name in names if name
        )

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

    def tunnel_opened(self, client: str) -> None:
        """Remember that a client connection is now a tunnel to a host of ours, so that nothing is dialled for it."""
        self._tunnels.add(client)

    def asks_name(self, client: str) -> bool:
        """Whether the name in the TLS handshake of a client's tunnel still matters."""
        return client not in self._tunnels

    def client_named(self, client: str, host: str) -> None:
        """Remember the host that a client connection names in its TLS handshake; an empty one where it names none."""
        self._names[client] = "" if host in _HIDES_NAME else host

    def name_of(self, client: str) -> str | None:
        """Return the host that a client connection named in its TLS handshake."""
        return self._names.get(client)

    def may_be_ours(self, client: str, address: tuple[str, int]) -> bool:
        """Whether an address to which a client came could be one of OpenAI's, because the client names no host.

        OpenAI's addresses are a CDN's, which has thousands. Behind them TLS is on more ports than 443.
        """
        host, port, *_ = address
        unnamed = self._names.get(client) == "" or (client not in self._names and port == _HTTPS)
        return unnamed and _is_public(host) and host not in self.policy.allow

    def arrival(self, flow: http.HTTPFlow, *, origin_form: bool) -> Arrival:
        """Decide about a request by its head."""
        request, server = flow.request, flow.server_conn.address
        named = read_host(request.host_header) or request.host
        to_proxy = server is None and (origin_form or _is_own_address(flow))
        ours = self.leads_to_us(flow.client_conn.id, named, request.host, flow.client_conn.sni, server)
        return Arrival(
            fate="answer" if ours or to_proxy else "pass" if self._why_not_passed(flow) is None else "refuse",
            host=named.lower(),
            way=_way(flow, ours=ours, to_proxy=to_proxy),
        )

    def _why_not_passed(self, flow: http.HTTPFlow) -> str | None:
        request, client = flow.request, flow.client_conn
        why = self.why_refused(request.host, read_host(request.host_header), client.sni, self.name_of(client.id))
        why = why or self.why_stranger(client)
        return why or (proxy_errors.key_reason(request.host) if self.policy.hermetic and _has_key(request) else None)

    def passes(self, flow: http.HTTPFlow) -> None:
        """Take note of a request that goes to another host. One with a key is logged, once for each host."""
        if not _has_key(flow.request):
            return
        host = flow.request.host
        self.egress.count(host, "with_key")
        if host not in self._with_keys and len(self._with_keys) < _HOSTS_LOGGED:
            self._with_keys.add(host)
            logger.warning("a request to %s carries a key that looks like OpenAI's", host)

    def fault_of_connect(self, host: str) -> ConnectionFault | None:
        """Return what a script does to a CONNECT to a host of ours."""
        return self._fault(self._answerer.on_connect, host)

    def fault_of_tls(self, host: str) -> ConnectionFault | None:
        """Return what a script does to a TLS handshake for a host of ours."""
        return self._fault(self._answerer.on_tls, host)

    def _fault(self, ask: Callable[[str], ConnectionFault | None], host: str) -> ConnectionFault | None:
        try:
            return ask(host)
        except Exception as error:  # noqa: BLE001 - without the fault the connection is good, and still ours
            logger.error("a connection was not asked about:\n%s", without_secrets(error))  # noqa: TRY400 - see `bugs`
            return None

    # Answering

    async def answer(self, flow: http.HTTPFlow, arrival: Arrival) -> Played:
        """Return the answer to a request of ours. Raises ClientLeft, and whatever a bug raises."""
        try:
            body = await self._waited(flow, self._unpacked(flow.request))
        except TooLarge:
            return self.answer_too_large(flow)
        unpacked = self.bodies.share()
        if body is not flow.request.raw_content and not unpacked.grow_to(len(body)):
            return self.answer_no_room(flow)
        request = _request(flow, arrival, body, self.policy.keyless)
        if self._forwarding.came_back(request):
            return played(proxy_errors.steps_of(proxy_errors.circle()), flow.request)
        outcome = await self._waited(flow, self._answerer.answer(request))
        if outcome.exchange is not None:
            self._open.setdefault(flow.client_conn.id, {})[flow.id] = outcome.exchange
        self.egress.count(_THIS_PROXY if arrival.way == "origin" else arrival.host, "answered")
        if self.streams_others:
            # No other addon wants it; an answer may take long to be read, and the journal has what it keeps.
            flow.request.raw_content = b""
        match outcome:
            case Play(whole=make) if make is not None:
                steps = make()
                beginning = tuple(to_head(steps))
                making = Making(lambda: steps, self._making, is_slow=outcome.is_slow)
                response = begun(beginning, making, flow.request)
            case Play(steps):
                response = played(steps, flow.request)
            case Forward():
                response = await self._forwarded(flow, request, outcome)
            case _:
                assert_never(outcome)
        if logger.isEnabledFor(logging.DEBUG):
            where = _shown(f"{request.method} {request.host}{request.path}", request)
            logger.debug("%s (%s): %d", where, request.way, response.status_code)
        return response

    async def _unpacked(self, request: http.Request) -> bytes:
        body = request.raw_content or b""
        coding = request.headers.get("content-encoding")
        if coding is None:
            return body
        # One at a time, because it may become a thousand times as large; in a thread, because that is written in C and
        # lets others go on.
        async with self._unpacking:
            return await asyncio.to_thread(decoded, body, coding, limit=self.body_limit)

    def give_up(self, flow: http.HTTPFlow) -> None:
        """Stop waiting for the answer to a request, or for more of it, because its client is gone."""
        if (task := self._waited_for.pop(flow.id, None)) is not None:
            task.cancel()
        if (rest := self._arriving.get(flow.id)) is not None:
            rest.leave()

    async def _forwarded(self, flow: http.HTTPFlow, request: Request, forward: Forward) -> Played:
        """Ask the upstream; its answer is played as it comes."""
        failure = self._forwarding.refused(forward, request) or self._refused_to_stranger(flow, forward)
        if failure is None:
            self.egress.count(forward.to.host, "forwarded")
            answer = await self._waited(flow, self._forwarding.ask(forward, request))
            if isinstance(answer, Arriving):
                self._arriving[flow.id] = answer
                return begun((answer.head,), answer, flow.request)
            failure = answer
        else:
            self.egress.count(forward.to.host, "refused")
        steps = add_cors(proxy_errors.steps_of(failure), request)
        self._note(forward.exchange, steps)
        return played(steps, flow.request)

    def _refused_to_stranger(self, flow: http.HTTPFlow, forward: Forward) -> Failure | None:
        """Refuse a server that a script names to a client that is let through to no other host."""
        why = self.why_stranger(flow.client_conn) if forward.to.named_by == "script" else None
        return None if why is None else proxy_errors.host_not_allowed(why)

    async def _waited[R](self, flow: http.HTTPFlow, answer: Awaitable[R]) -> R:
        """Wait for something until the client leaves; raises ClientLeft."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - mitmproxy calls hooks in tasks
        self._waited_for[flow.id] = task
        try:
            return await answer
        except asyncio.CancelledError:
            if flow.id in self._waited_for:
                raise  # the program ends
            task.uncancel()
            raise ClientLeft from None
        finally:
            self._waited_for.pop(flow.id, None)

    def refuse(self, flow: http.HTTPFlow) -> Played:
        """Return the answer to a request or a CONNECT that is not let through."""
        host = flow.request.host
        why = self._why_not_passed(flow) or proxy_errors.hermetic_reason(host)
        self.egress.count(host, "refused")
        logger.warning("refused a request to %s: %s", printable(host), printable(why))
        response = played(proxy_errors.not_passed(why), flow.request)
        if flow.request.method == "CONNECT":
            # Clients show the reason of a refused CONNECT, and not its body.
            response.reason = why
        return response

    def nobody_listens(self, flow: http.HTTPFlow) -> Played:
        """Return the answer to a client that left; without one mitmproxy could take the request for unanswered."""
        return played((Head(_CLIENT_LEFT),), flow.request)

    def answer_too_large(self, flow: http.HTTPFlow) -> Played:
        """Return the answer to a request with too large a body."""
        return played(proxy_errors.too_large(self.body_limit), flow.request)

    def answer_no_room(self, flow: http.HTTPFlow) -> Played:
        """Return the answer to a request for whose body there is no room beside those of others."""
        return played(proxy_errors.no_room_for_body(self.bodies.limit), flow.request)

    def answer_bug(self, flow: http.HTTPFlow, error: Exception | None = None) -> Played:
        """Return the answer to a request that was not answered because of a bug, and log that."""
        what = "nothing answered" if error is None else self._told(error, flow)
        path = redact_pairs(flow.request.path.partition("?")[0], flow.request.headers.items(multi=True))
        where = printable(f"{flow.request.method} {flow.request.pretty_host}{path}")
        more = (
            ""
            if error is None or self.policy.debug
            else "\nDEBUG=true adds what the error says, which may quote the request"
        )
        logger.error("a bug of llemulator, answered with 500: %s\n%s%s", where, what, more)
        return played(proxy_errors.bug(), flow.request)

    def _told(self, error: Exception, flow: http.HTTPFlow) -> str:
        """Tell a bug; what it says itself only to somebody who asked for it, and without the request's credentials."""
        if not self.policy.debug:
            return without_secrets(error)
        pairs = (*flow.request.headers.items(multi=True), *flow.request.query.items(multi=True))
        return redact_pairs(in_full(error), pairs)

    # Ends

    def ended(self, flow: http.HTTPFlow, ending: Ending) -> None:
        """Report how an answer ended, once."""
        if (exchanges := self._open.get(flow.client_conn.id)) and (exchange := exchanges.pop(flow.id, None)):
            self._end(flow.id, exchange, ending)

    def client_left(self, client: str) -> None:
        """Report the end of whatever was still under way to a client, and forget it."""
        self._tunnels.discard(client)
        self._names.pop(client, None)
        for flow, exchange in self._open.pop(client, {}).items():
            self._end(flow, exchange, NOTHING_SENT)

    def _end(self, flow: str, exchange: str, ending: Ending) -> None:
        if (rest := self._arriving.pop(flow, None)) is not None:
            rest.leave()
            self._note(exchange, tuple(rest.steps))
        self._report(exchange, ending)

    def _note(self, exchange: str, steps: Steps) -> None:
        try:
            self._answerer.came(exchange, steps)
        except Exception as error:  # noqa: BLE001 - as below
            logger.error("what an upstream answered was not noted:\n%s", without_secrets(error))  # noqa: TRY400 - see `bugs`

    def _report(self, exchange: str, ending: Ending) -> None:
        try:
            self._answerer.ended(exchange, ending)
        except Exception as error:  # noqa: BLE001 - the client has its answer already; only the journal lacks its end
            logger.error("the end of an answer was not noted:\n%s", without_secrets(error))  # noqa: TRY400 - see `bugs`

    def _is_openai(self, host: str) -> bool:
        return host in self.policy.hosts or host in self.policy.refused


def _has_key(request: http.Request) -> bool:
    return has_key(request.headers.items(multi=True), request.query.items(multi=True))


def _shown(text: str, request: Request) -> str:
    return printable(redact_text(text, token_of(request) or ""))


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


def _request(flow: http.HTTPFlow, arrival: Arrival, body: bytes, keyless: Keyless) -> Request:
    request = flow.request
    path, _, query = request.path.partition("?")
    return Request(
        method=request.method.upper(),
        host=arrival.host,
        port=request.port,
        path=path if path.startswith("/") else f"/{path}",
        query=tuple(parse_qsl(query, keep_blank_values=True)) if query else (),
        headers=_headers(request.headers.fields),
        body=body,
        way=arrival.way,
        http_version=request.http_version,
        keyless=_address(flow.client_conn) if keyless == "address" and arrival.way == "origin" else None,
        connection=flow.client_conn.id,
        at=now(),
    )


def _address(client: Client) -> str:
    """Return a client's address as it is usually written: one of IPv4 that came to a port for both, as of IPv4."""
    return str(client.peername[0]).partition("%")[0].removeprefix("::ffff:")


def _headers(fields: tuple[tuple[bytes, bytes], ...]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for raw_name, raw_value in fields:
        name, value = _decoded(raw_name).lower(), _decoded(raw_value)
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def _decoded(text: bytes) -> str:
    try:
        return text.decode()
    except UnicodeDecodeError:
        return text.decode("latin-1")
