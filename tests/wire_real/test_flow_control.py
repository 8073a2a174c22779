"""A client gets an answer as fast as it reads, and nothing of it is kept for one that does not."""

import asyncio
from pathlib import Path
from typing import override

import h2.settings
import pytest

from llemulator_addon.adapters.mitmproxy.internals import flow_control
from llemulator_addon.core.outcome import Answered, Forward
from llemulator_addon.core.request import Request
from llemulator_addon.core.session_key import ANONYMOUS, ExchangeId
from llemulator_addon.core.steps import Head, Send, Steps, Wait
from llemulator_addon.core.upstream import Upstream
from tests.wire_real.clients import Answer, Question, Version, Way, ask, begin_h2, connected, take_h2
from tests.wire_real.proxies import HELLO, Playing, proxying

_LARGE = 64 << 20
"""Bytes; more than the buffers of two sockets take."""
_WINDOW = 65_535
"""Bytes; of an HTTP/2 client that does not say otherwise (RFC 9113, 6.9.2)."""

_EACH: list[tuple[Way, Version]] = [("connect", "1.1"), ("connect", "2"), ("origin", "1.1")]


def _large(size: int = _LARGE) -> Steps:
    return (Head(200, (("content-length", str(size)),)), Send(b"a" * size))


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param(_large(), id="at once"),
        pytest.param((Head(200), *[Send(b"a" * 1000)] * (_LARGE // 1000), Wait(1), Send(b"b")), id="paced"),
    ],
)
@pytest.mark.parametrize("way", ["connect", "origin"])
async def test_what_a_client_did_not_read_is_not_noted_as_sent(certs: Path, way: Way, steps: Steps) -> None:
    playing = Playing(steps)
    async with proxying(playing, certs) as (proxy, _):
        async with connected(proxy, way) as (reader, writer):
            writer.write(Question().as_h1())
            await reader.readuntil(b"aaaa")
        ending = await playing.next_ending()

    assert ending.how == "client_left"
    assert ending.bytes_sent < _LARGE // 2


@pytest.mark.parametrize("steps", [_large(1 << 20), (*HELLO, Wait(3600)), HELLO], ids=["large", "paced", "small"])
@pytest.mark.parametrize("window", [0, _WINDOW])
async def test_what_a_window_of_http2_did_not_let_through_is_not_noted_as_sent(
    certs: Path, steps: Steps, window: int
) -> None:
    playing = Playing(steps)
    let_through = min(window, sum(len(step.piece) for step in steps if isinstance(step, Send)))
    async with proxying(playing, certs) as (proxy, _):
        async with connected(proxy, "connect", alpn="h2") as (reader, writer):
            connection, _ = begin_h2(writer, Question())
            connection.update_settings({h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: window})
            writer.write(connection.data_to_send())
            answer = Answer()
            while not answer.status or len(answer.body) < let_through:
                for event in connection.receive_data(await reader.read(65536)):
                    if isinstance(event, h2.events.DataReceived):
                        answer.pieces.append((0.0, event.data or b""))
                    else:
                        take_h2(connection, event, answer)
        ending = await playing.next_ending()

    whole = steps == HELLO and window > 0
    assert ending.how == ("whole" if whole else "client_left")
    assert ending.bytes_sent <= let_through


@pytest.mark.parametrize(("way", "version"), _EACH)
async def test_a_large_answer_arrives_whole_at_a_client_that_reads_slowly(
    certs: Path, way: Way, version: Version
) -> None:
    pieces = [b"%d," % number * 1000 for number in range(2000)]
    steps: Steps = (Head(200), Send(b"b" * 200_000), *map(Send, pieces), Wait(0.01), Send(b"c" * 200_000))
    playing = Playing(steps)
    async with proxying(playing, certs) as (proxy, _):
        answer = await ask(proxy, way, version)
        ending = await playing.next_ending()

    body = b"b" * 200_000 + b"".join(pieces) + b"c" * 200_000
    assert (answer.ended, answer.body) == ("whole", body)
    assert (ending.how, ending.bytes_sent, ending.sends) == ("whole", len(body), 2002)


@pytest.mark.parametrize("version", ["1.1", "2"])
async def test_a_client_that_takes_nothing_is_dropped_in_the_end(
    certs: Path, version: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flow_control, "SECONDS_TO_TAKE", 0.2)
    playing = Playing(_large())
    alpn = "h2" if version == "2" else "http/1.1"
    async with proxying(playing, certs) as (proxy, _), connected(proxy, "connect", alpn=alpn) as (_, writer):
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        if version == "2":
            begin_h2(writer, Question())
        else:
            writer.write(Question().as_h1())
        ending = await playing.next_ending()

    assert ending.how == "client_left"
    assert ending.bytes_sent < _LARGE // 2


async def test_other_streams_of_a_connection_go_on_while_one_is_not_read(certs: Path) -> None:
    playing = Playing(_large(1 << 20))
    async with proxying(playing, certs) as (proxy, _), connected(proxy, "connect", alpn="h2") as (reader, writer):
        connection, stuck = begin_h2(writer, Question())
        connection.increment_flow_control_window(_LARGE)
        while connection.remote_flow_control_window(stuck) >= 0 and not playing.asked:
            connection.receive_data(await reader.read(65536))
        playing.steps = HELLO
        second = connection.get_next_available_stream_id()
        connection.send_headers(second, Question().as_h2(), end_stream=True)
        writer.write(connection.data_to_send())
        bodies = {stuck: b"", second: b""}
        while bodies[second] != b"Hello":
            for event in connection.receive_data(await reader.read(65536)):
                if isinstance(event, h2.events.DataReceived):
                    bodies[event.stream_id] += event.data or b""

    assert len(bodies[stuck]) <= _WINDOW


class _Upstream(Playing):
    """Hands every request on to a server that sends a large answer."""

    def __init__(self) -> None:
        super().__init__()
        self.port = 0
        self.is_all_sent = asyncio.Event()

    @override
    async def answer(self, request: Request) -> Answered:
        self.asked.append(request)
        to = Upstream(url=f"http://127.0.0.1:{self.port}/v1", named_by="server")
        return Forward(exchange=ExchangeId(ANONYMOUS, 1, 1), to=to, path="/chat/completions")

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % _LARGE)
        try:
            for _ in range(_LARGE >> 16):
                writer.write(bytes(1 << 16))
                await writer.drain()
            self.is_all_sent.set()
        except OSError:
            pass
        finally:
            writer.close()


async def test_nothing_more_is_taken_from_an_upstream_than_the_client_reads(certs: Path) -> None:
    upstream = _Upstream()
    server = await asyncio.start_server(upstream.talk, "127.0.0.1", 0)
    upstream.port = server.sockets[0].getsockname()[1]
    async with server, proxying(upstream, certs) as (proxy, _):
        async with connected(proxy, "connect") as (reader, writer):
            writer.write(Question().as_h1())
            await reader.readuntil(b"\r\n\r\n")
            writer.transport.pause_reading()  # type: ignore[attr-defined]
            with pytest.raises(TimeoutError):
                # Without flow control it is there at once.
                async with asyncio.timeout(5):
                    await upstream.is_all_sent.wait()
        ending = await upstream.next_ending()

    assert ending.how == "client_left"
    assert ending.bytes_sent < _LARGE


async def test_a_large_answer_of_an_upstream_arrives_whole(certs: Path) -> None:
    upstream = _Upstream()
    server = await asyncio.start_server(upstream.talk, "127.0.0.1", 0)
    upstream.port = server.sockets[0].getsockname()[1]
    async with server, proxying(upstream, certs) as (proxy, _):
        answer = await ask(proxy, "origin")

    assert (answer.ended, len(answer.body)) == ("whole", _LARGE)
