"""Nothing is ever dialled for OpenAI's hosts, whatever comes and whatever fails."""

import asyncio
import gzip
import json
import zlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import zstandard
from mitmproxy import ctx, http
from mitmproxy.proxy import server_hooks
from mitmproxy.proxy.mode_specs import ProxyMode
from mitmproxy.test import tflow

from llemulator_addon.adapters.hosts import Hosts
from llemulator_addon.adapters.mitmproxy.interception import Interception
from llemulator_addon.adapters.mitmproxy.internals.layers import Playback
from llemulator_addon.adapters.mitmproxy.ownership import TrafficPolicy
from llemulator_addon.adapters.mitmproxy.traffic import Traffic
from llemulator_addon.core.egress import HostEgress
from tests.patience import SECONDS
from tests.wire_real.clients import (
    EACH_WAY,
    OPENAI,
    Headers,
    Question,
    Version,
    Way,
    ask,
    ask_h1,
    client_hello,
    connected,
    open_tunnel,
)
from tests.wire_real.proxies import Elsewhere, Failing, Playing, elsewhere, proxying

_OTHER = "other.test"


@pytest.fixture
async def network(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Elsewhere]:
    async with elsewhere(monkeypatch) as seen:
        yield seen


async def test_the_stand_in_sees_what_is_dialled_for_another_host(network: Elsewhere, certs: Path) -> None:
    async with proxying(Playing(), certs) as (proxy, traffic):
        answer = await ask(proxy, "absolute", host=_OTHER)

    assert (answer.status, len(network.connections)) == (502, 1)
    assert [(each.host, each.passed) for each in traffic.egress.report()] == [(_OTHER, 1)]


@pytest.mark.parametrize(("way", "version"), EACH_WAY)
async def test_a_bug_of_ours_is_answered_with_500(network: Elsewhere, certs: Path, way: Way, version: Version) -> None:
    async with proxying(Failing(), certs) as (proxy, _):
        answer = await ask(proxy, way, version, headers=(("Authorization", "Bearer sk-secret"),), body=b"{}")

    assert answer.status == 500
    assert json.loads(answer.body)["error"]["code"] == "llemulator_bug"
    assert network.connections == []


async def test_the_log_of_a_bug_has_neither_key_nor_body(certs: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with proxying(Failing(), certs) as (proxy, _):
        await ask(proxy, path="/v1/x?api-key=sk-query", headers=(("Authorization", "Bearer sk-head"),), body=b"sk-body")

    assert "KeyError" in caplog.text
    assert "in answer" in caplog.text
    assert "sk-" not in caplog.text


async def test_with_debug_the_log_says_what_the_error_says(certs: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with proxying(Failing(), certs, TrafficPolicy(debug=True)) as (proxy, _):
        await ask(proxy, headers=(("Authorization", "Bearer sk-head"),), body=b"sk-body")

    assert "KeyError: ('***', b'sk-body')" in caplog.text


@pytest.mark.parametrize(
    ("way", "host", "sni", "named"),
    [
        ("connect", OPENAI, OPENAI, _OTHER),
        ("connect", OPENAI, _OTHER, _OTHER),
        ("connect", _OTHER, OPENAI, OPENAI),
        ("connect", _OTHER, OPENAI, _OTHER),
        ("connect plain", OPENAI, None, _OTHER),
        ("connect plain", _OTHER, None, OPENAI),
        ("absolute", OPENAI, None, _OTHER),
        ("absolute", _OTHER, None, OPENAI),
        ("origin", OPENAI, None, _OTHER),
        ("tls", OPENAI, OPENAI, _OTHER),
        ("tls", OPENAI, _OTHER, _OTHER),
        ("connect", f"{OPENAI.upper()}", OPENAI, OPENAI),
        ("connect", f"{OPENAI}.", OPENAI, OPENAI),
        ("absolute", f"{OPENAI}.:8443", None, OPENAI),
    ],
)
async def test_it_is_enough_that_tunnel_or_host_or_sni_names_openai(  # noqa: PLR0913, PLR0917 - a line of the table
    network: Elsewhere, certs: Path, way: Way, host: str, sni: str | None, named: str
) -> None:
    async with proxying(Playing(), certs) as (proxy, _):
        target = f"http://{host}/v1/models" if way == "absolute" else "/v1/models"
        async with connected(proxy, way, host=host, sni=sni) as (reader, writer):
            writer.write(f"GET {target} HTTP/1.1\r\nHost: {named}\r\n\r\n".encode())
            head = await reader.readuntil(b"\r\n")

    assert head == b"HTTP/1.1 200 OK\r\n"
    assert network.connections == []


_KEY = f"Bearer sk-proj-{'Ab3' * 16}"
_REGIONAL = ("gb.api.openai.com", "new-region.api.openai.com", "mine.services.ai.azure.com", "mine.openai.azure.us")
_NOT_ANSWERED = ("chatgpt.com", "auth.openai.com", "files.oaiusercontent.com", "cdn.oaistatic.com", "openai.com")


@pytest.mark.parametrize("host", _REGIONAL)
@pytest.mark.parametrize(("way", "version"), EACH_WAY)
async def test_every_region_of_openai_and_azure_is_answered_and_not_dialled(
    network: Elsewhere, certs: Path, way: Way, version: Version, host: str
) -> None:
    async with proxying(Playing(), certs) as (proxy, _):
        answer = await ask(proxy, way, version, host=host, headers=(("Authorization", _KEY),), body=b"{}")

    assert (answer.status, network.connections) == (200, [])


@pytest.mark.parametrize("host", _NOT_ANSWERED)
async def test_what_belongs_to_openai_and_is_not_answered_is_refused_with_words(
    network: Elsewhere, certs: Path, host: str
) -> None:
    words = f"llemulator does not answer {host}, and lets nothing through to OpenAI; LLEMULATOR_ALLOW={host} allows it"
    async with proxying(Playing(), certs) as (proxy, traffic):
        plain = await ask(proxy, "absolute", host=host, headers=(("Authorization", _KEY),), body=b"{}")
        with pytest.raises(ConnectionRefusedError, match=words):
            await ask(proxy, "connect", host=host)

    assert (plain.status, json.loads(plain.body)["error"]["message"]) == (403, words)
    assert network.connections == []
    assert traffic.egress.report() == (HostEgress(host=host, refused=2),)


async def test_allow_lets_a_host_of_openai_through_that_is_not_answered(network: Elsewhere, certs: Path) -> None:
    async with proxying(Playing(), certs, TrafficPolicy(allow=Hosts(["chatgpt.com", OPENAI]))) as (proxy, _):
        allowed = await ask(proxy, "absolute", host="chatgpt.com")
        api = await ask(proxy, "absolute", host=OPENAI)

    assert (allowed.status, api.status, len(network.connections)) == (502, 200, 1)


@pytest.mark.parametrize("sni", ["chatgpt.com", "cdn.openai.com", None, "cloudflare-ech.com"])
async def test_a_tunnel_to_an_address_is_closed_if_openai_may_be_behind_it(
    network: Elsewhere, certs: Path, sni: str | None
) -> None:
    async with proxying(Playing(), certs) as (proxy, _), connected(proxy, "origin") as (reader, writer):
        await open_tunnel(reader, writer, "162.159.140.245:8443")
        writer.write(client_hello(sni))
        rest = await reader.read()

    assert (rest, network.connections) == (b"", [])


async def test_plain_http_in_a_tunnel_to_an_address_is_refused_if_it_names_openai(
    network: Elsewhere, certs: Path
) -> None:
    async with proxying(Playing(), certs) as (proxy, _), connected(proxy, "origin") as (reader, writer):
        await open_tunnel(reader, writer, "162.159.140.245:80")
        writer.write(b"GET / HTTP/1.1\r\nHost: auth.openai.com\r\n\r\n")
        await reader.read()

    assert network.connections == []


async def test_a_tunnel_to_an_address_that_names_another_host_passes(network: Elsewhere, certs: Path) -> None:
    async with proxying(Playing(), certs) as (proxy, _), connected(proxy, "origin") as (reader, writer):
        await open_tunnel(reader, writer, "162.159.140.245:443")
        writer.write(client_hello(_OTHER))
        await reader.read()

    assert len(network.connections) == 1


async def test_a_key_on_its_way_to_another_host_is_logged_once_and_counted(
    network: Elsewhere, certs: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with proxying(Playing(), certs) as (proxy, traffic):
        for _ in range(2):
            await ask(proxy, "absolute", host=_OTHER, headers=(("Authorization", _KEY),), body=b"{}")

    assert caplog.text.count(f"a request to {_OTHER} carries a key that looks like OpenAI's") == 1
    assert _KEY.split()[1] not in caplog.text
    assert [each.with_key for each in traffic.egress.report()] == [2]
    assert len(network.connections) == 2


async def test_a_hermetic_proxy_refuses_a_key_even_to_a_host_that_is_allowed(network: Elsewhere, certs: Path) -> None:
    async with proxying(Playing(), certs, TrafficPolicy(hermetic=True, allow=Hosts([_OTHER]))) as (proxy, _):
        with_key = await ask(proxy, "absolute", host=_OTHER, headers=(("Authorization", _KEY),), body=b"{}")
        without = await ask(proxy, "absolute", host=_OTHER, body=b"{}")

    assert (with_key.status, without.status, len(network.connections)) == (403, 502, 1)
    assert "carries a key that looks like OpenAI's" in json.loads(with_key.body)["error"]["message"]


@pytest.mark.parametrize(
    "said",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"\x00\x01\x02\x03",
        b"EHLO there\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x16\x03\x01\x00\x05hello",
    ],
)
@pytest.mark.parametrize("port", [443, 22])
async def test_a_tunnel_in_which_no_http_is_spoken_is_closed(
    network: Elsewhere, certs: Path, said: bytes, port: int
) -> None:
    async with proxying(Playing(), certs) as (proxy, _), connected(proxy, "origin") as (reader, writer):
        await open_tunnel(reader, writer, f"{OPENAI}:{port}")
        writer.write(said)
        writer.write_eof()  # some of these are the begin of something for which more would be waited
        rest = await reader.read()

    assert not rest.startswith(b"SSH")
    assert network.connections == []


async def test_no_http_within_tls_is_closed_too(network: Elsewhere, certs: Path) -> None:
    async with proxying(Playing(), certs) as (proxy, _), connected(proxy, "connect", alpn="imap") as (reader, writer):
        writer.write(b"\x00\x01\x02 \x00\x00")
        rest = await reader.read()

    assert (rest, network.connections) == (b"", [])


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("GET", "/v1/realtime", (("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13"))),
        (
            "GET",
            "/v1/models",
            (("Upgrade", "h2c"), ("Connection", "Upgrade, HTTP2-Settings"), ("HTTP2-Settings", "AA")),
        ),
        ("OPTIONS", "*", ()),
        ("TRACE", "/v1/models", ()),
        ("POST", "/v1/files", (("Transfer-Encoding", "chunked"),)),
    ],
)
@pytest.mark.parametrize("way", ["connect", "origin"])
async def test_requests_of_other_kinds_are_answered_as_well(  # noqa: PLR0913, PLR0917 - a line of the table
    network: Elsewhere, certs: Path, way: Way, method: str, path: str, headers: Headers
) -> None:
    body = b"3\r\nabc\r\n0\r\n\r\n" if method == "POST" else b""
    async with proxying(Playing(), certs) as (proxy, _):
        answer = await ask(proxy, way, method=method, path=path, headers=headers, body=body)

    assert (answer.status, network.connections) == (200, [])


async def test_options_that_somebody_sets_do_not_make_mitmproxy_dial(network: Elsewhere, certs: Path) -> None:
    async with proxying(Playing(), certs) as (proxy, _):
        ctx.options.update(
            connection_strategy="eager",
            upstream_cert=True,
            allow_hosts=[_OTHER],
            stream_large_bodies="1",
            body_size_limit="2",
        )
        answers = [await ask(proxy, way, version, body=b"x" * 5000) for way, version in EACH_WAY]

    assert [answer.status for answer in answers] == [200] * len(EACH_WAY)
    assert network.connections == []


async def test_hosts_that_mitmproxy_is_told_to_ignore_are_refused_and_not_dialled(
    network: Elsewhere, certs: Path
) -> None:
    async with proxying(Playing(), certs) as (proxy, _):
        ctx.options.update(ignore_hosts=["."])
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await ask(proxy, "connect")

    assert network.connections == []


@pytest.mark.parametrize(
    ("where", "name"),
    [
        (Playback, "next_layer"),
        (Traffic, "arrival"),
        (Traffic, "owns"),
        (Traffic, "answer"),
        (Traffic, "open_tunnel"),
        (Interception, "next_layer"),
        (Interception, "http_connect"),
        (Interception, "tls_start_client"),
    ],
)
@pytest.mark.parametrize("way", ["connect", "connect plain", "absolute", "origin", "tls"])
async def test_whatever_of_ours_raises_nothing_is_dialled(  # noqa: PLR0913, PLR0917 - two tables
    network: Elsewhere, certs: Path, monkeypatch: pytest.MonkeyPatch, way: Way, where: type, name: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("a bug")

    async with proxying(Playing(), certs) as (proxy, _):
        with monkeypatch.context() as patched:
            patched.setattr(where, name, fail)
            try:
                async with asyncio.timeout(1):
                    await ask(proxy, way)
            except (OSError, EOFError, TimeoutError):
                pass  # no answer is as good as one, if only nothing is dialled

    assert network.connections == []


async def test_the_last_line_refuses_a_connection_by_name_by_sni_and_by_tunnel() -> None:
    async def refused(
        host: str, sni: str | None = None, client_sni: str | None = None, tunnel: str | None = None
    ) -> bool:
        traffic = Traffic(Playing(), TrafficPolicy())
        data = server_hooks.ServerConnectionHookData(client=tflow.tclient_conn(), server=tflow.tserver_conn())
        data.server.address, data.server.sni, data.client.sni = (host, 443), sni, client_sni
        interception = Interception(traffic)
        if tunnel:
            await interception.http_connect(_connect(tunnel, data))
        interception.server_connect(data)
        return bool(data.server.error)

    def _connect(host: str, data: server_hooks.ServerConnectionHookData) -> http.HTTPFlow:
        flow = tflow.tflow(client_conn=data.client)
        flow.request.host = host
        return flow

    assert await refused(OPENAI)
    assert await refused("192.0.2.1", sni=OPENAI)
    assert await refused("192.0.2.1", client_sni=OPENAI)
    assert await refused("upstream.test", tunnel=OPENAI)
    assert not await refused(_OTHER, sni=_OTHER, client_sni=_OTHER)


@pytest.mark.parametrize(
    ("address", "name", "allow", "is_dialled"),
    [
        ("1.1.1.1", OPENAI, (), False),
        ("1.1.1.1", None, (), False),
        ("2606:4700:4700::1111", None, (), False),
        ("1.1.1.1", _OTHER, (), True),
        ("1.1.1.1", None, ("1.1.1.1",), True),
        ("10.96.0.1", None, (), True),
    ],
)
async def test_what_a_firewall_redirects_goes_on_only_where_it_cannot_be_openai(
    address: str, name: str | None, allow: tuple[str, ...], *, is_dialled: bool
) -> None:
    traffic = Traffic(Playing(), TrafficPolicy(allow=Hosts(allow)))
    data = server_hooks.ServerConnectionHookData(client=tflow.tclient_conn(), server=tflow.tserver_conn())
    data.client.proxy_mode = ProxyMode.parse("transparent")
    data.client.sni = data.server.sni = None
    data.server.address = (address, 443)
    if name:
        traffic.name_client(data.client.id, name)
    Interception(traffic).server_connect(data)

    assert (data.server.error is None) == is_dialled


@pytest.mark.parametrize(("way", "version"), EACH_WAY)
@pytest.mark.parametrize("announced", [True, False])
async def test_a_body_over_the_limit_gets_413_and_nobody_reads_it(
    certs: Path, way: Way, version: Version, *, announced: bool
) -> None:
    body = b"x" * 5000
    headers: Headers = ()
    if not announced and version != "2":
        body, headers = b"1388\r\n" + b"x" * 5000 + b"\r\n0\r\n\r\n", (("Transfer-Encoding", "chunked"),)
    playing = Playing()
    async with proxying(playing, certs, TrafficPolicy(body_limit=4999)) as (proxy, _):
        answer = await ask(proxy, way, version, headers=headers, body=body)

    assert (answer.status, playing.asked) == (413, [])
    assert json.loads(answer.body)["error"]["code"] == "request_too_large"


async def test_a_connection_lives_on_after_a_body_over_the_limit(certs: Path) -> None:
    async with (
        proxying(Playing(), certs, TrafficPolicy(body_limit=10)) as (proxy, _),
        connected(proxy, "connect") as streams,
    ):
        large = await ask_h1(*streams, Question(method="POST", body=b"x" * 100_000))
        small = await ask_h1(*streams, Question(method="POST", body=b"x" * 10))

    assert (large.status, small.status) == (413, 200)


async def test_a_compressed_body_is_unpacked_and_bounded(certs: Path) -> None:
    codings: dict[str, Callable[[bytes], bytes]] = {
        "gzip": gzip.compress,
        "deflate": zlib.compress,
        "zstd": zstandard.compress,
        "unknown": bytes,
    }
    playing = Playing()
    async with proxying(playing, certs, TrafficPolicy(body_limit=1000)) as (proxy, _):
        for coding, pack in codings.items():
            await ask(proxy, headers=(("Content-Encoding", coding),), body=pack(b"{}" * 100))
        bombs = [
            await ask(proxy, headers=(("Content-Encoding", coding),), body=pack(bytes(100_000)))
            for coding, pack in codings.items()
            if coding != "unknown"
        ]

    assert [request.body for request in playing.asked] == [b"{}" * 100] * 4
    assert [answer.status for answer in bombs] == [413] * 3


async def test_bodies_have_room_together_and_one_without_is_to_be_sent_again(certs: Path) -> None:
    policy = TrafficPolicy(bodies_size=300_000)
    begun = b"POST / HTTP/1.1\r\nhost: api.openai.com\r\ncontent-length: 250000\r\n\r\n" + b"x" * 200_000
    async with proxying(Playing(), certs, policy) as (proxy, traffic):
        async with connected(proxy, "connect") as (_, writer):
            writer.write(begun)
            await writer.drain()
            await _until(lambda: traffic.bodies.taken == 200_000)
            large = await ask(proxy, body=b"x" * 150_000)
            packed = await ask(proxy, headers=(("Content-Encoding", "gzip"),), body=gzip.compress(bytes(150_000)))
            ordinary = await ask(proxy, body=b"x" * 60_000)
        await _until(lambda: traffic.bodies.taken == 0)
        again = await ask(proxy, body=b"x" * 150_000)

    assert (large.status, packed.status, ordinary.status, again.status) == (503, 503, 200, 200)
    assert json.loads(large.body)["error"]["type"] == "server_error"
    assert (dict(large.headers)["retry-after"], dict(large.headers)["x-should-retry"]) == ("1", "true")
    assert traffic.bodies.taken == 0


async def _until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(SECONDS):
        while not holds():  # noqa: ASYNC110 - what it waits for is a number
            await asyncio.sleep(0.01)
