"""Other hosts pass through untouched, or are refused where the proxy is hermetic."""

import asyncio
import json
import ssl
from pathlib import Path
from typing import Literal

import pytest

from llemulator_addon.adapters.hosts import Hosts
from llemulator_addon.adapters.mitmproxy.ownership import TrafficPolicy
from llemulator_addon.adapters.networks import Networks
from llemulator_addon.core.egress import HostEgress
from tests.wire_real.certificates import certificate_for
from tests.wire_real.clients import OPENAI, Question, ask, ask_h1, connected, open_tunnel, trusting
from tests.wire_real.proxies import Playing, elsewhere, proxying

_OTHER = "other.test"
_HERMETIC = TrafficPolicy(hermetic=True, allow=Hosts(["*.allowed.test"]))


async def _say_hello(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nX-Request: %d\r\nContent-Length: 9\r\n\r\nElsewhere" % len(head))
    await writer.drain()


async def test_tls_to_another_host_is_not_decrypted(
    monkeypatch: pytest.MonkeyPatch, certs: Path, tmp_path: Path
) -> None:
    own = certificate_for(_OTHER, tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(own)
    async with (
        elsewhere(monkeypatch, _say_hello, ssl=context) as network,
        proxying(Playing(), certs) as (proxy, traffic),
        connected(proxy, "origin") as (reader, writer),
    ):
        await open_tunnel(reader, writer, f"{_OTHER}:443")
        # Trusts nobody but that host's own certificate.
        await writer.start_tls(trusting(own, "http/1.1"), server_hostname=_OTHER)
        answer = await ask_h1(reader, writer, Question(host=_OTHER))

    assert (answer.status, answer.body, len(network.connections)) == (200, b"Elsewhere", 1)
    assert traffic.egress.report() == (HostEgress(host=_OTHER, passed=1),)


async def test_a_tunnel_to_another_host_carries_whatever_is_said_in_it(
    monkeypatch: pytest.MonkeyPatch, certs: Path
) -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.readexactly(4))
        await writer.drain()

    async with (
        elsewhere(monkeypatch, echo),
        proxying(Playing(), certs) as (proxy, _),
        connected(proxy, "origin") as (reader, writer),
    ):
        await open_tunnel(reader, writer, f"{_OTHER}:5432")
        writer.write(b"\x00\x01\x02\x03")
        said = await reader.read()

    assert said == b"\x00\x01\x02\x03"


async def test_a_plain_request_to_another_host_is_passed_on(monkeypatch: pytest.MonkeyPatch, certs: Path) -> None:
    playing = Playing()
    async with elsewhere(monkeypatch, _say_hello), proxying(playing, certs) as (proxy, _):
        answer = await ask(proxy, "absolute", method="GET", host=_OTHER, path="/x")

    assert (answer.status, answer.body, playing.asked) == (200, b"Elsewhere", [])


async def test_one_connection_may_carry_requests_to_us_and_to_others(
    monkeypatch: pytest.MonkeyPatch, certs: Path
) -> None:
    async with (
        elsewhere(monkeypatch, _say_hello),
        proxying(Playing(), certs) as (proxy, _),
        connected(proxy, "absolute") as streams,
    ):
        bodies = [
            (await ask_h1(*streams, Question(host=host), absolute=True)).body
            for host in (_OTHER, OPENAI, _OTHER, OPENAI)
        ]

    assert bodies == [b"Elsewhere", b"Hello", b"Elsewhere", b"Hello"]


async def test_bodies_that_are_passed_on_go_through_piece_by_piece(
    monkeypatch: pytest.MonkeyPatch, certs: Path
) -> None:
    async def in_turns(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"one")
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n")
        await reader.readuntil(b"two")
        writer.write(b"6\r\nsecond\r\n0\r\n\r\n")
        await writer.drain()

    async with (
        elsewhere(monkeypatch, in_turns),
        proxying(Playing(), certs, TrafficPolicy(body_limit=1)) as (proxy, _),
        connected(proxy, "absolute") as (reader, writer),
    ):
        head = f"POST http://{_OTHER}/ HTTP/1.1\r\nHost: {_OTHER}\r\nContent-Length: 6\r\n\r\n"
        writer.write(head.encode() + b"one")
        begin = await reader.readuntil(b"first")
        writer.write(b"two")
        rest = await reader.readuntil(b"0\r\n\r\n")

    # Each side waited for the other one's piece: held back, none of them would have come.
    assert begin.startswith(b"HTTP/1.1 200 ")
    assert rest.endswith(b"second\r\n0\r\n\r\n")


async def test_a_hermetic_proxy_refuses_a_tunnel_and_says_how_to_allow_it(
    monkeypatch: pytest.MonkeyPatch, certs: Path
) -> None:
    async with elsewhere(monkeypatch) as network, proxying(Playing(), certs, _HERMETIC) as (proxy, traffic):
        with pytest.raises(ConnectionRefusedError) as refused:
            await ask(proxy, "connect", host=_OTHER)

    assert (
        str(refused.value) == f"HTTP/1.1 403 llemulator is hermetic; LLEMULATOR_ALLOW={_OTHER} lets this host through"
    )
    assert network.connections == []
    assert traffic.egress.report() == (HostEgress(host=_OTHER, refused=1),)


@pytest.mark.parametrize("way", ["absolute", "connect"])
async def test_a_client_of_a_network_that_is_not_named_reaches_no_other_host(
    monkeypatch: pytest.MonkeyPatch, certs: Path, way: Literal["absolute", "connect"]
) -> None:
    policy = TrafficPolicy(pass_for=Networks("192.0.2.0/24"))
    refused = "127.0.0.1 may not reach other hosts through llemulator; LLEMULATOR_PASS_FOR=127.0.0.1 allows it"
    async with elsewhere(monkeypatch) as network, proxying(Playing(), certs, policy) as (proxy, traffic):
        try:
            said = json.loads((await ask(proxy, way, host=_OTHER, body=b"{}")).body)["error"]["message"]
        except ConnectionRefusedError as error:
            said = str(error).removeprefix("HTTP/1.1 403 ")

    assert said == refused
    assert network.connections == []
    assert traffic.egress.report() == (HostEgress(host=_OTHER, refused=1),)


async def test_a_hermetic_proxy_refuses_a_plain_request(monkeypatch: pytest.MonkeyPatch, certs: Path) -> None:
    async with elsewhere(monkeypatch) as network, proxying(Playing(), certs, _HERMETIC) as (proxy, traffic):
        answer = await ask(proxy, "absolute", host=_OTHER, body=b"{}")

    assert (answer.status, json.loads(answer.body)["error"]["code"]) == (403, "host_not_allowed")
    assert network.connections == []
    assert traffic.egress.report() == (HostEgress(host=_OTHER, refused=1),)


@pytest.mark.parametrize("way", ["absolute", "connect plain"])
async def test_a_hermetic_proxy_lets_through_what_is_allowed(
    monkeypatch: pytest.MonkeyPatch, certs: Path, way: str
) -> None:
    host = "one.allowed.test"
    async with elsewhere(monkeypatch, _say_hello), proxying(Playing(), certs, _HERMETIC) as (proxy, traffic):
        answer = await ask(proxy, "absolute" if way == "absolute" else "connect plain", method="GET", host=host)

    assert answer.body == b"Elsewhere"
    assert traffic.egress.report() == (HostEgress(host=host, passed=1),)


async def test_a_hermetic_proxy_answers_openai(certs: Path) -> None:
    async with proxying(Playing(), certs, _HERMETIC) as (proxy, traffic):
        through, addressed = await ask(proxy, "connect"), await ask(proxy, "origin")

    assert (through.status, addressed.status) == (200, 200)
    assert traffic.egress.report() == (
        HostEgress(host="(this proxy)", answered=1),
        HostEgress(host=OPENAI, answered=1),
    )


async def test_more_hosts_can_be_taken(monkeypatch: pytest.MonkeyPatch, certs: Path) -> None:
    async with (
        elsewhere(monkeypatch) as network,
        proxying(Playing(), certs, TrafficPolicy(hosts=Hosts(["*.mine.test"]))) as (proxy, _),
    ):
        answers = [await ask(proxy, "connect", version, host="llm.mine.test") for version in ("1.1", "2")]

    assert [answer.body for answer in answers] == [b"Hello", b"Hello"]
    assert network.connections == []
