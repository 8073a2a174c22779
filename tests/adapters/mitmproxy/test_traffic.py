import asyncio

import pytest
from mitmproxy import http
from mitmproxy.proxy.mode_specs import ProxyMode
from mitmproxy.test import tflow

from llemulator_addon.adapters.hosts import Hosts
from llemulator_addon.adapters.mitmproxy.in_flight import ClientLeft
from llemulator_addon.adapters.mitmproxy.internals.deciding import Arrival
from llemulator_addon.adapters.mitmproxy.ownership import TrafficPolicy
from llemulator_addon.adapters.mitmproxy.traffic import Traffic
from llemulator_addon.adapters.networks import Networks
from llemulator_addon.core.outcome import NOTHING_SENT, Ending
from llemulator_addon.core.session_key import ANONYMOUS, ExchangeId
from tests.wire_real.proxies import Playing, Waiting

_OPENAI = "api.openai.com"
_HERMETIC = TrafficPolicy(hermetic=True, allow=Hosts(["allowed.test"]))


def _flow(
    host: str, *, tunnel: str | None = None, mode: str = "regular", port: int = 443, **client: object
) -> http.HTTPFlow:
    flow = tflow.tflow(req=http.Request.make("GET", f"https://{host}:{port}/v1/models"))
    flow.server_conn.address = (tunnel, 443) if tunnel else None
    flow.client_conn.proxy_mode = ProxyMode.parse(mode)
    flow.client_conn.sockname = ("127.0.0.1", 8080)
    flow.client_conn.sni = None
    for name, value in client.items():
        setattr(flow.client_conn, name, value)
    return flow


@pytest.mark.parametrize(
    ("flow", "origin_form", "arrival"),
    [
        (_flow(_OPENAI, tunnel=_OPENAI), True, Arrival(fate="answer", host=_OPENAI, way="connect")),
        (_flow(_OPENAI), False, Arrival(fate="answer", host=_OPENAI, way="absolute")),
        (_flow("anything.test"), True, Arrival(fate="answer", host="anything.test", way="origin")),
        (_flow(_OPENAI, tls=True, sni=_OPENAI), True, Arrival(fate="answer", host=_OPENAI, way="tls")),
        (_flow("localhost", tls=True, sni="localhost"), True, Arrival(fate="answer", host="localhost", way="origin")),
        (_flow("127.0.0.1", port=8080), False, Arrival(fate="answer", host="127.0.0.1", way="origin")),
        (_flow("other.test"), False, Arrival(fate="pass", host="other.test", way="absolute")),
        (_flow("other.test", port=8080), False, Arrival(fate="pass", host="other.test", way="absolute")),
        (_flow("other.test", tunnel="other.test"), True, Arrival(fate="pass", host="other.test", way="connect")),
        (
            _flow("other.test", tunnel="192.0.2.1", sni=_OPENAI),
            True,
            Arrival(fate="answer", host="other.test", way="connect"),
        ),
        (_flow(_OPENAI, tunnel="192.0.2.1", mode="transparent"), True, Arrival(fate="answer", host=_OPENAI, way="tls")),
        (
            _flow(_OPENAI, tunnel=_OPENAI, mode="reverse:https://api.openai.com"),
            True,
            Arrival(fate="answer", host=_OPENAI, way="origin"),
        ),
        (_flow(_OPENAI, tunnel=_OPENAI, mode="socks5"), True, Arrival(fate="answer", host=_OPENAI, way="connect")),
    ],
)
def test_a_request_is_ours_by_any_of_its_names_or_when_it_names_the_proxy(
    flow: http.HTTPFlow,
    origin_form: bool,  # noqa: FBT001 - a column of the table
    arrival: Arrival,
) -> None:
    assert Traffic(Playing(), TrafficPolicy()).arrival(flow, origin_form=origin_form) == arrival


@pytest.mark.parametrize(
    ("client", "networks", "host", "fate"),
    [
        ("127.0.0.1", ("private",), "other.test", "pass"),
        ("10.1.2.3", ("private",), "other.test", "pass"),
        ("8.8.8.8", ("private",), "other.test", "refuse"),
        ("8.8.8.8", ("private",), _OPENAI, "answer"),
        ("10.1.2.3", ("loopback",), "other.test", "refuse"),
        ("8.8.8.8", ("all",), "other.test", "pass"),
        ("no address", ("private",), "other.test", "refuse"),
    ],
)
def test_clients_of_networks_that_are_not_named_are_let_through_to_no_other_host(
    client: str, networks: tuple[str, ...], host: str, fate: str
) -> None:
    traffic = Traffic(Playing(), TrafficPolicy(pass_for=Networks(*networks)))

    assert traffic.arrival(_flow(host, peername=(client, 5000)), origin_form=False).fate == fate


@pytest.mark.parametrize(("host", "fate"), [("other.test", "refuse"), ("allowed.test", "pass"), (_OPENAI, "answer")])
def test_a_hermetic_proxy_passes_on_what_is_allowed_only(host: str, fate: str) -> None:
    assert Traffic(Playing(), _HERMETIC).arrival(_flow(host), origin_form=False).fate == fate


def test_what_is_allowed_is_the_host_that_would_be_dialled_and_not_the_one_that_is_named() -> None:
    flow = _flow("other.test")
    flow.request.headers["Host"] = "allowed.test"

    assert Traffic(Playing(), _HERMETIC).arrival(flow, origin_form=False).fate == "refuse"


def test_once_a_client_has_a_tunnel_to_us_all_that_it_asks_is_ours() -> None:
    traffic = Traffic(Playing(), TrafficPolicy())
    flow = _flow("other.test", tunnel="upstream.test")
    traffic.open_tunnel(flow.client_conn.id)
    during = traffic.arrival(flow, origin_form=True).fate
    traffic.forget_client(flow.client_conn.id)

    assert (during, traffic.arrival(flow, origin_form=True).fate) == ("answer", "pass")


async def test_the_end_of_an_answer_is_reported_once() -> None:
    playing = Playing()
    traffic, flow = Traffic(playing, TrafficPolicy()), _flow(_OPENAI)
    whole = Ending(how="whole", bytes_sent=5, sends=1, seconds=0.0)
    await traffic.answer(flow, traffic.arrival(flow, origin_form=False))

    traffic.end(flow, whole)
    traffic.end(flow, NOTHING_SENT)
    traffic.forget_client(flow.client_conn.id)

    assert (playing.endings.get_nowait(), playing.endings.empty()) == ((ExchangeId(ANONYMOUS, 1, 1), whole), True)


async def test_what_is_under_way_when_a_client_disconnects_is_reported_as_left() -> None:
    playing = Playing()
    traffic, flow = Traffic(playing, TrafficPolicy()), _flow(_OPENAI)
    await traffic.answer(flow, traffic.arrival(flow, origin_form=False))

    traffic.forget_client(flow.client_conn.id)

    assert playing.endings.get_nowait() == (ExchangeId(ANONYMOUS, 1, 1), NOTHING_SENT)


async def test_an_answer_that_is_waited_for_is_given_up_when_its_client_leaves() -> None:
    waiting = Waiting()
    traffic, flow = Traffic(waiting, TrafficPolicy()), _flow(_OPENAI)
    answer = asyncio.ensure_future(traffic.answer(flow, traffic.arrival(flow, origin_form=False)))
    await asyncio.sleep(0)

    traffic.give_up(flow)

    with pytest.raises(ClientLeft):
        await answer
    assert waiting.given_up.is_set()
