"""The head of a request is bounded in size and in time, and what it is bounded to is told."""

import asyncio
import json
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import h2.events
import pytest

from llemulator_addon.adapters.mitmproxy.internals import client_hello, heads
from tests.wire_real.clients import Answer, Question, Way, ask, begin_h2, connected, read_h1, take_h2
from tests.wire_real.proxies import Playing, proxying

_LARGE = 2_000_000
"""Bytes; many times what is allowed, and few enough that a client can send them all before it reads."""
_START = b"POST /v1/chat/completions HTTP/1.1\r\nHost: api.openai.com\r\n"
_CHUNKED = _START + b"Transfer-Encoding: chunked\r\n\r\n"

_WAYS: list[Way] = ["connect", "connect plain", "origin", "tls"]


async def _code(reader: asyncio.StreamReader) -> tuple[int, str, str | None]:
    answer = await read_h1(reader)
    return answer.status, json.loads(answer.body)["error"]["code"], answer.header("connection")


_TOO_LARGE = [
    pytest.param([_START, b"X-Long: ", b"a" * _LARGE], 431, id="a header without an end"),
    pytest.param([_START, b"X-Long: " + b"a" * 70_000 + b"\r\n\r\n"], 431, id="a header"),
    pytest.param([_START, b"X-Some: a\r\n" * 10_000], 431, id="headers without an end"),
    pytest.param([_START, b"a:\r\n" * 501, b"\r\n"], 431, id="many headers"),
    pytest.param([b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: api.openai.com\r\n\r\n"], 414, id="a path"),
    pytest.param([_CHUNKED, b"0" * _LARGE], 400, id="a chunk's size without an end"),
    pytest.param([_CHUNKED, b"2;a=" + b"b" * _LARGE], 400, id="a chunk's extension without an end"),
    pytest.param([_CHUNKED, b"2\r\n{}\r\n0\r\n", b"X-Some: a\r\n" * 200_000], 400, id="trailers without an end"),
]


@pytest.mark.parametrize("way", _WAYS)
@pytest.mark.parametrize(("sent", "status"), _TOO_LARGE)
async def test_a_head_that_is_too_large_is_refused_and_its_connection_closed(
    certs: Path, way: Way, sent: Iterable[bytes], status: int
) -> None:
    playing = Playing()
    async with proxying(playing, certs) as (proxy, _), connected(proxy, way) as (reader, writer):
        writer.writelines(sent)
        answered, code, connection = await _code(reader)
        writer.write_eof() if writer.can_write_eof() else writer.close()
        with suppress(ConnectionError):
            assert await reader.read() == b""

    assert (answered, connection) == (status, "close")
    assert code in {"headers_too_large", "uri_too_long", "chunk_too_large"}
    assert not playing.asked


@pytest.mark.parametrize("way", ["connect", "origin", "tls"])
async def test_a_line_without_an_end_is_refused(certs: Path, way: Way) -> None:
    async with proxying(Playing(), certs) as (proxy, _), connected(proxy, way) as (reader, writer):
        writer.write(b"GET /" + b"a" * _LARGE)
        status, code, _ = await _code(reader)

    assert (status, code) == (414, "uri_too_long")


@pytest.mark.parametrize("size", [1_000_000, 20_000])
async def test_a_connect_that_is_too_large_is_refused(certs: Path, size: int) -> None:
    async with proxying(Playing(), certs) as (proxy, _), connected(proxy, "origin") as (reader, writer):
        writer.write(b"CONNECT " + b"a" * size + b":443 HTTP/1.1\r\n\r\n")
        status, _, _ = await _code(reader)

    assert status == 414


async def test_a_path_that_is_too_long_is_refused_on_a_stream_of_http2_and_others_go_on(certs: Path) -> None:
    playing = Playing()
    async with proxying(playing, certs) as (proxy, _), connected(proxy, "connect", alpn="h2") as (reader, writer):
        connection, first = begin_h2(writer, Question(path="/v1/" + "a" * 20_000))
        second = connection.get_next_available_stream_id()
        connection.send_headers(second, Question().as_h2(), end_stream=True)
        writer.write(connection.data_to_send())
        answers = {first: Answer(), second: Answer()}
        ended: set[int | None] = set()
        while len(ended & {first, second}) < 2:
            for event in connection.receive_data(await reader.read(65536)):
                stream = getattr(event, "stream_id", None)
                ended.add(take_h2(connection, event, answers.get(stream or 0, Answer())))

    assert (answers[first].status, answers[second].body) == (414, b"Hello")
    assert len(playing.asked) == 1


async def test_headers_that_are_too_large_end_a_connection_of_http2(certs: Path) -> None:
    async with proxying(Playing(), certs) as (proxy, _), connected(proxy, "connect", alpn="h2") as (reader, writer):
        connection, _ = begin_h2(writer, Question(headers=[("x-long", "a" * 15_000)] * 5))
        seen: list[h2.events.Event] = []
        while received := await reader.read(65536):
            seen += connection.receive_data(received)

    assert any(isinstance(event, h2.events.ConnectionTerminated) for event in seen)


@pytest.mark.parametrize("way", _WAYS)
async def test_a_head_as_large_as_is_allowed_is_answered(certs: Path, way: Way) -> None:
    question = Question(path="/v1/" + "a" * 16_000, headers=[("X-Long", "a" * 45_000), *[("X-Some", "a")] * 200])
    async with proxying(Playing(), certs) as (proxy, _), connected(proxy, way) as (reader, writer):
        for part in (question.as_h1()[:30_000], question.as_h1()[30_000:]):
            writer.write(part)
            await writer.drain()
        answer = await read_h1(reader)

    assert (answer.status, answer.body) == (200, b"Hello")


async def test_a_body_in_chunks_with_trailers_is_read_without_them(certs: Path) -> None:
    playing = Playing()
    async with proxying(playing, certs) as (proxy, _), connected(proxy, "connect") as (reader, writer):
        writer.write(_CHUNKED + b"2;a=b\r\n{}\r\n0\r\nX-Some: a\r\nX-Other: b\r\n\r\n")
        first = await read_h1(reader)
        writer.write(_CHUNKED + b"2\r\n[]\r\n0\r\n\r\n")
        second = await read_h1(reader)

    assert (first.status, second.status) == (200, 200)
    assert [request.body for request in playing.asked] == [b"{}", b"[]"]


async def test_a_body_in_chunks_of_one_byte_is_read_whole(certs: Path) -> None:
    playing = Playing()
    body = bytes(range(256)) * 400
    chunks = b"".join(b"1;a=b\r\n%c\r\n" % byte for byte in body)
    async with proxying(playing, certs) as (proxy, _), connected(proxy, "connect") as (reader, writer):
        writer.write(_CHUNKED)
        for start in range(0, len(chunks), 100_003):
            writer.write(chunks[start : start + 100_003])
            await writer.drain()
        writer.write(b"0\r\n\r\n")
        answer = await read_h1(reader)

    assert answer.body == b"Hello"
    assert [request.body for request in playing.asked] == [body]


@pytest.mark.parametrize("blank", [b"\r\n", b"\r\n" * 50_000])
async def test_blank_lines_before_a_request_are_passed_over(certs: Path, blank: bytes) -> None:
    async with proxying(Playing(), certs) as (proxy, _), connected(proxy, "connect") as (reader, writer):
        writer.write(blank + Question().as_h1())
        answer = await read_h1(reader)

    assert answer.body == b"Hello"


@pytest.mark.parametrize("way", _WAYS)
async def test_a_head_that_takes_too_long_is_given_up(certs: Path, way: Way, monkeypatch: pytest.MonkeyPatch) -> None:
    async with proxying(Playing(), certs) as (proxy, _), connected(proxy, way) as (reader, writer):
        monkeypatch.setattr(heads, "SECONDS", 0.05)
        writer.write(_START)
        status, code, _ = await _code(reader)

    assert (status, code) == (408, "request_timeout")


async def test_a_connection_that_rests_between_requests_is_kept(certs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heads, "SECONDS", 1)
    async with proxying(Playing(), certs) as (proxy, _), connected(proxy, "origin") as (reader, writer):
        for rest in (1.2, 0):
            head = Question().as_h1()
            writer.write(head[:20])
            await asyncio.sleep(0.01)
            writer.write(head[20:])
            assert (await read_h1(reader)).body == b"Hello"
            await asyncio.sleep(rest)


@pytest.mark.parametrize("first", [b"\x16", b"\x16\x03\x01\x02\x00"], ids=["a byte", "five"])
async def test_a_client_that_does_not_say_what_it_speaks_is_given_up(
    certs: Path, first: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_hello, "SECONDS", 0.05)
    async with proxying(Playing(), certs) as (proxy, _), connected(proxy, "origin") as (reader, writer):
        writer.write(first)
        with suppress(ConnectionError):
            assert await reader.read() == b""


async def test_a_handshake_without_an_end_is_given_up(certs: Path) -> None:
    record = b"\x16\x03\x01\x40\x00" + b"\x01\xff\xff\xff" + b"a" * 0x3FFC
    more = b"\x16\x03\x01\x40\x00" + b"a" * 0x4000
    async with proxying(Playing(), certs) as (proxy, _), connected(proxy, "origin") as (reader, writer):
        writer.write(record + more * 10)
        with suppress(ConnectionError):
            assert await reader.read() == b""


async def test_a_client_may_go_on_while_other_clients_send_heads_without_an_end(certs: Path) -> None:
    async with proxying(Playing(), certs) as (proxy, _), connected(proxy, "origin") as (_, writer):
        writer.write(_START)
        answer = await ask(proxy)

    assert answer.body == b"Hello"
