"""Answers what is ours, or refuses it when our own code fails; it is never passed on.

`ownership` decides what is ours, `in_flight` keeps what is under way.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from itertools import count
from typing import assert_never

from mitmproxy import http
from mitmproxy.connection import Client
from mitmproxy.proxy.context import Context

from llemulator_addon.adapters import proxy_errors
from llemulator_addon.adapters.answerer import Answerer
from llemulator_addon.adapters.bug_log import describe_briefly, describe_fully
from llemulator_addon.adapters.egress import Egress
from llemulator_addon.adapters.forwarding import Arriving, Forwarding
from llemulator_addon.adapters.making import Making, to_head
from llemulator_addon.adapters.mitmproxy.bodies import Bodies, BodyTooLarge, NoRoom, NotInCoding, decode
from llemulator_addon.adapters.mitmproxy.in_flight import InFlight
from llemulator_addon.adapters.mitmproxy.internals.deciding import Arrival
from llemulator_addon.adapters.mitmproxy.internals.played import Played, make_begun, make_played
from llemulator_addon.adapters.mitmproxy.open_calls import close_with_call
from llemulator_addon.adapters.mitmproxy.ownership import UNKNOWN, Destination, Ownership, TrafficPolicy, carries_key
from llemulator_addon.adapters.mitmproxy.reading import read_request
from llemulator_addon.adapters.mitmproxy.talks import TalkAnswering, begin_talk
from llemulator_addon.adapters.terminal import printable
from llemulator_addon.adapters.websocket.deflate import negotiate
from llemulator_addon.adapters.websocket.talks import BegunAnswer
from llemulator_addon.adapters.websocket.telling import begin_telling
from llemulator_addon.admin.dispatch import is_admin
from llemulator_addon.core.outcome import Converse, Ending, Forward, Play
from llemulator_addon.core.reply import Failure
from llemulator_addon.core.request import Request
from llemulator_addon.core.rest import Rest
from llemulator_addon.core.steps import Head, Steps
from llemulator_addon.live.draining import Draining
from llemulator_addon.live.fair_share import FairShare
from llemulator_addon.live.room import Share
from llemulator_addon.script.fault import ConnectionFault
from llemulator_addon.wire.cors import add_cors
from llemulator_addon.wire.credentials import token_of
from llemulator_addon.wire.redaction import redact_pairs, redact_text

logger = logging.getLogger(__name__)

_THIS_PROXY = "(this proxy)"
_HOSTS_LOGGED = 1000
_SWITCHING = 101
_CLIENT_LEFT = 499
"""The status that nginx logs for it; only other addons see it."""


class Traffic:
    """All requests and connections: asks the answerer about those that are ours, and refuses what may not pass."""

    def __init__(self, answerer: Answerer, policy: TrafficPolicy, draining: Draining | None = None) -> None:
        self.policy = policy
        self.ownership = Ownership(policy)
        self.body_limit = policy.body_limit
        self.bodies = Bodies(policy.bodies_size)
        self._unpacking = asyncio.Lock()
        self.streams_others = policy.streams_others
        self.egress = Egress()
        self.distrusted: set[str] = set()
        """Hosts of ours for which a client broke off the TLS handshake, as it does without trust in our certificate."""
        self.draining = draining or Draining()
        self.answered = 0
        """Requests that are no admin's or probe's."""
        self._answerer = answerer
        self._known: dict[str, Destination] = {}
        self._with_keys: set[str] = set()
        self._in_flight = InFlight(answerer)
        self._making = asyncio.Lock()
        self._shares = FairShare()
        self._forwarding = Forwarding(
            policy.terms, is_openai=self.ownership.is_openai, why_refused=self.ownership.why_refused
        )

    def count_running(self) -> int:
        """Return how many answers are under way, with WebSocket connections."""
        return self._in_flight.count()

    @property
    def is_draining(self) -> bool:
        """Whether the process is about to end; clients are asked then to open other connections."""
        return self.draining.has_begun

    def is_idle(self) -> bool:
        """Whether no request is being answered."""
        return self._in_flight.is_idle()

    # Deciding

    def owns(self, context: Context) -> bool:
        """Whether a connection leads to a host that is never connected to."""
        known = self.look_up(context.client.id)
        return self.ownership.leads_to_us(known, context.client.sni, known.name, context.server.address)

    def arrival(self, flow: http.HTTPFlow, *, origin_form: bool) -> Arrival:
        """Decide about a request by its head."""
        return self.ownership.decide(flow, self.look_up(flow.client_conn.id), origin_form=origin_form)

    def look_up(self, client: str) -> Destination:
        """Return what a client connection has said about where it leads."""
        return self._known.get(client, UNKNOWN)

    def open_tunnel(self, client: str) -> None:
        """Remember that a client connection is now a tunnel to a host of ours, so that nothing is dialled for it."""
        self._known[client] = self.look_up(client).with_tunnel()

    def name_client(self, client: str, host: str) -> None:
        """Remember the host that a client connection names in its TLS handshake; an empty one where it names none."""
        self._known[client] = self.look_up(client).with_name(host)

    def pass_on(self, flow: http.HTTPFlow) -> None:
        """Take note of a request that goes to another host. One with a key is logged, once for each host."""
        if not carries_key(flow.request):
            return
        host = flow.request.host
        self.egress.count(host, "with_key")
        if host not in self._with_keys and len(self._with_keys) < _HOSTS_LOGGED:
            self._with_keys.add(host)
            logger.warning("a request to %s carries a key that looks like OpenAI's", host)

    async def fault_of_connect(self, host: str) -> ConnectionFault | None:
        """Return what a script does to a CONNECT to a host of ours."""
        return await self._fault(self._answerer.answer_connect, host)

    async def fault_of_tls(self, host: str) -> ConnectionFault | None:
        """Return what a script does to a TLS handshake for a host of ours."""
        return await self._fault(self._answerer.answer_tls, host)

    async def _fault(
        self, ask: Callable[[str], Awaitable[ConnectionFault | None]], host: str
    ) -> ConnectionFault | None:
        try:
            return await ask(host)
        except Exception as error:  # noqa: BLE001 - without the fault the connection is good, and still ours
            logger.error("a connection was not asked about:\n%s", describe_briefly(error))  # noqa: TRY400 - see `bugs`
            return None

    # Answering

    async def answer(self, flow: http.HTTPFlow, arrival: Arrival) -> Played:
        """Return the answer to a request of ours. Raises ClientLeft, and whatever a bug raises."""
        unpacked = self.bodies.share()
        try:
            body = await self._in_flight.wait(flow.id, self._unpack(flow.request, unpacked))
        except BodyTooLarge:
            return self.answer_too_large(flow)
        except NoRoom:
            return self.answer_no_room(flow)
        request = read_request(flow, arrival, body, self.policy.keyless)
        self.answered += not is_admin(request)
        if self._forwarding.came_back(request):
            return make_played(proxy_errors.steps_of(proxy_errors.circle()), flow.request)
        await self._in_flight.wait(flow.id, self._shares.begin(token_of(request) or ""))
        outcome = await self._in_flight.wait(flow.id, self._answerer.answer(request))
        if outcome.exchange is not None:
            self._in_flight.open(flow.client_conn.id, flow.id, outcome.exchange)
        self.egress.count(_THIS_PROXY if arrival.way == "origin" else arrival.host, "answered")
        if isinstance(outcome, Converse):
            return self._accept(flow, outcome)
        if isinstance(outcome, Play) and outcome.rest is not None and _switches(outcome.steps):
            return self._accept_listener(flow, outcome.steps, outcome.rest)
        if self.streams_others:
            # No other addon wants it; an answer may take long to be read, and the journal has what it keeps.
            flow.request.raw_content = b""
        steps, rest = await self._begin(flow.client_conn, flow.id, request, outcome)
        response = make_played(steps, flow.request) if rest is None else make_begun(steps, rest, flow.request)
        if logger.isEnabledFor(logging.DEBUG):
            where = _redact(f"{request.method} {request.host}{request.path}", request)
            logger.debug("%s (%s): %d", where, request.way, response.status_code)
        return response

    async def _begin(
        self, client: Client, name: str, request: Request, outcome: Play | Forward
    ) -> tuple[Steps, Rest | None]:
        """Return the first steps of an answer, and where the others come from; `name` is that of what is under way."""
        match outcome:
            case Play(whole=make) if make is not None:
                steps = make()
                beginning = tuple(to_head(steps))
                return beginning, Making(lambda: steps, self._making, is_slow=outcome.is_slow)
            case Play(steps, rest=rest):
                return steps, rest
            case Forward():
                return await self._forward(client, name, request, outcome)
            case _:
                assert_never(outcome)

    # WebSocket

    def _accept(self, flow: http.HTTPFlow, outcome: Converse) -> Played:
        """Return the answer to a handshake, which begins a talk when it is sent."""
        response = make_played((outcome.head,), flow.request)
        offered = flow.request.headers.get("sec-websocket-extensions", "")
        accepted, deflate = negotiate(offered, self.body_limit)
        if accepted is not None:
            response.headers["sec-websocket-extensions"] = accepted
        client, begun = flow.client_conn, count(1)

        async def begin(request: Request) -> BegunAnswer:
            return await self._begin_in_talk(client, f"{flow.id}/{next(begun)}", request)

        name = f"{client.id}/{outcome.exchange.number}"
        answering = TalkAnswering(
            begin,
            partial(self.end, flow),
            partial(self._in_flight.note_messages, outcome.exchange),
            partial(self._in_flight.forget_talk, outcome.exchange, name),
            self.bodies.share(),
        )
        begin_connection = partial(
            begin_talk,
            accepted=outcome,
            name=name,
            answering=answering,
            deflate=deflate,
            most_bytes=self.body_limit,
            most_values=self.policy.request_values,
            times=self.policy.websocket,
        )
        response.converse = close_with_call(self._answerer.calls, outcome, begin_connection)
        return response

    def _accept_listener(self, flow: http.HTTPFlow, steps: Steps, rest: Rest) -> Played:
        """Return the answer to a handshake after which only this program speaks."""
        response = make_played(steps, flow.request)
        response.converse = partial(begin_telling, rest=rest, share=self.bodies.share(), times=self.policy.websocket)
        return response

    async def _begin_in_talk(self, client: Client, name: str, request: Request) -> BegunAnswer:
        """Decide about a request that came as a message."""
        await self._shares.begin(token_of(request) or "")
        outcome = await self._answerer.answer(request)
        if isinstance(outcome, Converse):
            msg = "a message is no handshake"
            raise TypeError(msg)
        if outcome.exchange is not None:
            self._in_flight.open(client.id, name, outcome.exchange)
        self.egress.count(_THIS_PROXY if request.to_proxy else request.host, "answered")
        steps, rest = await self._begin(client, name, request, outcome)
        number = outcome.exchange.number if outcome.exchange is not None and outcome.exchange.life else 0
        return BegunAnswer(steps, rest, partial(self._in_flight.end, client.id, name), number)

    async def _unpack(self, request: http.Request, share: Share) -> bytes:
        body = request.raw_content or b""
        coding = request.headers.get("content-encoding")
        if coding is None:
            return body
        # One at a time, because it may become a thousand times as large; in a thread, because that is written in C and
        # lets others go on.
        try:
            async with self._unpacking:
                return await asyncio.to_thread(decode, body, coding, limit=self.body_limit, grow_to=share.grow_to)
        except NotInCoding:
            # Nothing can be read of it: endpoints answer that it is no JSON.
            logger.warning("a request to %s has a body that is not in its content-encoding", printable(request.host))
            return b""

    async def _forward(
        self, client: Client, name: str, request: Request, forward: Forward
    ) -> tuple[Steps, Rest | None]:
        """Ask the upstream; its answer is played as it comes."""
        failure = self._forwarding.refuse(forward, request) or self._refuse_stranger(client, forward)
        if failure is None:
            self.egress.count(forward.to.host, "forwarded")
            answer = await self._in_flight.wait(name, self._forwarding.ask(forward, request))
            if isinstance(answer, Arriving):
                self._in_flight.receive(name, answer)
                return (answer.head,), answer
            failure = answer
        else:
            self.egress.count(forward.to.host, "refused")
        steps = add_cors(proxy_errors.steps_of(failure), request)
        await self._in_flight.note(forward.exchange, steps)
        return steps, None

    def _refuse_stranger(self, client: Client, forward: Forward) -> Failure | None:
        """Refuse a server that a script names to a client that may reach no other host."""
        why = self.ownership.why_stranger(client) if forward.to.named_by == "script" else None
        return None if why is None else proxy_errors.host_not_allowed(why)

    def refuse(self, flow: http.HTTPFlow) -> Played:
        """Return the answer to a request or a CONNECT that is refused."""
        host = flow.request.host
        why = self.ownership.why_not_passed(flow, self.look_up(flow.client_conn.id)) or proxy_errors.hermetic_reason(
            host
        )
        self.egress.count(host, "refused")
        logger.warning("refused a request to %s: %s", printable(host), printable(why))
        response = make_played(proxy_errors.not_passed(why), flow.request)
        if flow.request.method == "CONNECT":
            # Clients show the reason of a refused CONNECT, and not its body.
            response.reason = why
        return response

    def nobody_listens(self, flow: http.HTTPFlow) -> Played:
        """Return the answer to a client that left; without one mitmproxy could take the request for unanswered."""
        return make_played((Head(_CLIENT_LEFT),), flow.request)

    def answer_too_large(self, flow: http.HTTPFlow) -> Played:
        """Return the answer to a request with too large a body."""
        return make_played(proxy_errors.too_large(self.body_limit), flow.request)

    def answer_no_room(self, flow: http.HTTPFlow) -> Played:
        """Return the answer to a request if the bodies of others leave no room for its body."""
        return make_played(proxy_errors.no_room_for_body(self.bodies.limit), flow.request)

    def answer_bug(self, flow: http.HTTPFlow, error: Exception | None = None) -> Played:
        """Return the answer to a request that was not answered because of a bug, and log that."""
        what = "nothing answered" if error is None else self._describe(error, flow)
        path = redact_pairs(flow.request.path.partition("?")[0], flow.request.headers.items(multi=True))
        where = printable(f"{flow.request.method} {flow.request.pretty_host}{path}")
        more = (
            ""
            if error is None or self.policy.debug
            else "\nDEBUG=true adds what the error says, which may quote the request"
        )
        logger.error("a bug of llemulator, answered with 500: %s\n%s%s", where, what, more)
        return make_played(proxy_errors.bug(), flow.request)

    def _describe(self, error: Exception, flow: http.HTTPFlow) -> str:
        """Tell a bug; what it says itself only to somebody who asked for it, and without the request's credentials."""
        if not self.policy.debug:
            return describe_briefly(error)
        pairs = (*flow.request.headers.items(multi=True), *flow.request.query.items(multi=True))
        return redact_pairs(describe_fully(error), pairs)

    # Ends

    def give_up(self, flow: http.HTTPFlow) -> None:
        """Stop waiting for the answer to a request, or for more of it, because its client is gone."""
        self._in_flight.give_up(flow.id)

    def end(self, flow: http.HTTPFlow, ending: Ending) -> None:
        """Report how an answer ended, once."""
        self._in_flight.end(flow.client_conn.id, flow.id, ending)

    def note_sent(self, flow: http.HTTPFlow, sends: int, bytes_sent: int) -> None:
        """Report how far an answer is that is played in time."""
        self._in_flight.note_sent(flow.client_conn.id, flow.id, sends, bytes_sent)

    def forget_client(self, client: str) -> None:
        """Report the end of whatever was still under way to a client, and forget it."""
        self._known.pop(client, None)
        self._in_flight.leave(client)


def _switches(steps: Steps) -> bool:
    """Whether an answer goes over to another protocol."""
    return any(isinstance(step, Head) and step.status == _SWITCHING for step in steps)


def _redact(text: str, request: Request) -> str:
    return printable(redact_text(text, token_of(request) or ""))
