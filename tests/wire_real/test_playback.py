"""Steps are played on the connection as they are written, over each version of HTTP and each way in."""

import asyncio
import gc
import time
from pathlib import Path

import pytest
from mitmproxy.http import HTTPFlow, Message, MessageData, Request
from mitmproxy.proxy.layer import Layer
from mitmproxy.proxy.server import ConnectionHandler

from llemulator_addon.adapters.mitmproxy.internals.ended import end_connections_in_turn
from llemulator_addon.adapters.mitmproxy.internals.played import Played
from llemulator_addon.core.steps import Cut, Head, Send, Steps, Wait
from tests.patience import SECONDS
from tests.wire_real.clients import (
    Answer,
    Headers,
    Proxy,
    Question,
    Version,
    Way,
    ask,
    ask_h1,
    begin_h2,
    connected,
    read_h1,
    read_records,
    take_h2,
)
from tests.wire_real.proxies import EVENTS, HELLO, HELLO_HEAD, Playing, Waiting, proxying

_EACH: list[tuple[Way, Version]] = [
    ("connect", "1.1"),
    ("connect", "2"),
    ("absolute", "1.1"),
    ("origin", "1.1"),
    ("tls", "1.1"),
]
_LONG = 3600.0
"""Seconds that no test waits."""


_IN_SEVEN = tuple(bytes([letter]) * 3 for letter in b"abcdefg")


@pytest.mark.parametrize("head", [EVENTS, Head(200, (("content-length", "21"),))], ids=["no length", "length"])
@pytest.mark.parametrize(("way", "version"), [("connect", "1.1"), ("connect", "2"), ("tls", "1.1")])
async def test_what_is_to_leave_alone_leaves_in_writes_of_its_own_though_all_is_due_together(
    certs: Path, way: Way, version: Version, head: Head
) -> None:
    apart = Playing((head, *(Send(piece, alone=True) for piece in _IN_SEVEN)))
    together = Playing((head, *map(Send, _IN_SEVEN), Wait(0)))
    async with proxying(apart, certs) as (proxy, _):
        written = await read_records(proxy, way, version, until=_IN_SEVEN[-1])
        ending = await apart.next_ending()
    async with proxying(together, certs) as (proxy, _):
        joined = await read_records(proxy, way, version, until=_IN_SEVEN[-1])

    assert [held for write in written if (held := _held(write))] == [[piece] for piece in _IN_SEVEN]
    assert [held for write in joined if (held := _held(write))] == [list(_IN_SEVEN)]
    assert (ending.how, ending.bytes_sent, ending.sends) == ("whole", 21, 7)


def _held(write: bytes) -> list[bytes]:
    return [piece for piece in _IN_SEVEN if piece in write]


@pytest.mark.parametrize("version", ["1.1", "2"])
async def test_many_writes_of_one_answer_let_others_have_their_turn(certs: Path, version: Version) -> None:
    playing = Playing((EVENTS, *[Send(b"a", alone=True)] * 2_000))
    async with proxying(playing, certs) as (proxy, _):
        answers = await asyncio.gather(*(ask(proxy, "connect", version) for _ in range(3)))

    assert [(answer.body, answer.ended) for answer in answers] == [(b"a" * 2_000, "whole")] * 3


@pytest.mark.parametrize(("way", "version"), _EACH)
async def test_gaps_between_sends_arrive_as_gaps(certs: Path, way: Way, version: Version) -> None:
    playing = Playing((EVENTS, Send(b"one"), Wait(0.1), Send(b"two"), Wait(0.2), Send(b"three")))
    async with proxying(playing, certs) as (proxy, _):
        before = time.monotonic()
        answer = await ask(proxy, way, version)
        ending = await playing.next_ending()

    # From the beginning, because each may come late where the machine is busy, and then together with the next one.
    assert answer.body == b"onetwothree"
    assert answer.came(b"two") - before >= 0.09
    assert answer.came(b"three") - before >= 0.29
    assert (answer.ended, ending.how, ending.bytes_sent, ending.sends) == ("whole", "whole", 11, 3)
    assert [round(left, 1) for left in ending.left] == sorted(round(left, 1) for left in ending.left)


@pytest.mark.parametrize("version", ["1.1", "2"])
@pytest.mark.parametrize(
    "steps",
    [
        pytest.param(HELLO, id="at once"),
        pytest.param((EVENTS, Send(b"one"), Wait(0.01), Send(b"two")), id="paced"),
        pytest.param((EVENTS, Send(b"one"), Wait(0.01), Cut()), id="cut"),
    ],
)
async def test_what_an_answer_took_is_free_at_its_end_and_not_at_a_collection_of_garbage(
    certs: Path, version: Version, steps: Steps, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As the program does. Left in, it leaves circles of its own.
    monkeypatch.setattr(MessageData, "__post_init__", lambda _: None)
    playing = Playing(steps)
    begun = time.time()
    async with proxying(playing, certs) as (proxy, _):
        gc.disable()
        try:
            await ask(proxy, "connect", version)
            await playing.next_ending()
            left = [flow for flow in _flows() if flow.timestamp_created >= begun]
        finally:
            gc.enable()

    # What opened the tunnel lasts as long as the connection.
    assert {flow.request.method for flow in left} <= {"CONNECT"}


@pytest.mark.parametrize("headers", [(("Connection", "close"),), ()], ids=["asked to close", "left open"])
async def test_an_answer_and_its_request_are_free_once_their_connection_is_closed(
    certs: Path, headers: Headers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MessageData, "__post_init__", lambda _: None)
    playing = Playing((Head(200, (("content-length", "100000"),)), Send(b"a" * 100_000)))
    begun = time.time()
    async with proxying(playing, certs) as (proxy, _):
        gc.disable()
        try:
            await ask(proxy, "origin", headers=headers)
            await playing.next_ending()
            async with asyncio.timeout(SECONDS):
                while any(each.timestamp_start >= begun for each in _messages()):  # noqa: ASYNC110 - mitmproxy tells nobody when a connection is gone
                    await asyncio.sleep(0.01)
        finally:
            gc.enable()


@pytest.mark.parametrize("version", ["1.1", "2"])
async def test_a_connection_that_has_ended_leaves_nothing_to_a_collection_of_garbage(
    certs: Path, version: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MessageData, "__post_init__", lambda _: None)
    # Noted first, so that it is as it was afterwards.
    monkeypatch.setattr(ConnectionHandler, "handle_connection", ConnectionHandler.handle_connection)
    end_connections_in_turn()
    playing = Playing()
    async with proxying(playing, certs) as (proxy, _):
        gc.collect()
        gc.disable()
        try:
            await ask(proxy, "connect", version)
            await playing.next_ending()
            async with asyncio.timeout(SECONDS):
                while _of_connections():  # noqa: ASYNC110 - nobody tells when all is gone
                    await asyncio.sleep(0.01)
        finally:
            gc.enable()


def _of_connections() -> list[object]:
    return [each for each in gc.get_objects() if isinstance(each, Layer | ConnectionHandler)]


def _messages() -> list[Message]:
    return [each for each in gc.get_objects() if isinstance(each, Played | Request)]


def _flows() -> list[HTTPFlow]:
    return [each for each in gc.get_objects() if isinstance(each, HTTPFlow)]


@pytest.mark.parametrize(("way", "version"), _EACH)
async def test_an_answer_may_wait_before_its_head(certs: Path, way: Way, version: Version) -> None:
    async with proxying(Playing((Wait(0.1), *HELLO)), certs) as (proxy, _):
        before = asyncio.get_running_loop().time()
        answer = await ask(proxy, way, version)

    assert (answer.status, answer.body) == (200, b"Hello")
    assert answer.pieces[0][0] - before >= 0.09


@pytest.mark.parametrize("version", ["1.1", "2"])
async def test_sends_that_are_due_together_leave_together(certs: Path, version: Version) -> None:
    steps: Steps = (EVENTS, *[Send(b"%d," % number) for number in range(50)], Wait(0.05), Send(b"a"), Send(b"b"))
    async with proxying(Playing(steps), certs) as (proxy, _):
        answer = await ask(proxy, "connect", version)

    assert [piece[-1:] for _, piece in answer.pieces] == [b",", b"b"]


@pytest.mark.parametrize(
    ("steps", "body"),
    [
        ((EVENTS, Send(b"one"), Cut()), b"one"),
        ((EVENTS, Send(b"one"), Wait(0.02), Send(b"two"), Cut("close"), Send(b"never")), b"onetwo"),
        ((EVENTS, Wait(0.02), Cut("goaway")), b""),
        ((Cut(),), b""),
        ((Wait(0.02), Cut()), b""),
    ],
)
@pytest.mark.parametrize(("way", "version"), _EACH)
async def test_a_cut_ends_the_answer_where_it_is(
    certs: Path, way: Way, version: Version, steps: Steps, body: bytes
) -> None:
    playing = Playing(steps)
    async with proxying(playing, certs) as (proxy, _):
        answer = await ask(proxy, way, version)
        ending = await playing.next_ending()

    # A client that is still sending when the connection is closed behind GOAWAY, an acknowledgement, sees a reset.
    may_be_reset = version == "2" and any(isinstance(step, Cut) and step.how == "goaway" for step in steps)
    assert answer.ended == "cut" or (may_be_reset and answer.ended == "reset")
    assert answer.body == body
    assert (ending.how, ending.bytes_sent) == ("cut", len(body))


@pytest.mark.parametrize(("way", "version"), _EACH)
async def test_a_reset_is_a_reset_of_the_connection(certs: Path, way: Way, version: Version) -> None:
    async with proxying(Playing((EVENTS, Send(b"one"), Wait(0.05), Cut("reset"))), certs) as (proxy, _):
        answer = await ask(proxy, way, version)

    assert (answer.ended, answer.body) == ("reset", b"one")


async def test_goaway_ends_all_of_an_http2_connection(certs: Path) -> None:
    async with (
        proxying(Playing((EVENTS, Send(b"one"), Cut("goaway"))), certs) as (proxy, _),
        connected(proxy, "connect", alpn="h2") as (reader, writer),
    ):
        connection, _ = begin_h2(writer, Question())
        seen = []
        while data := await reader.read(65536):
            seen += [type(event).__name__ for event in connection.receive_data(data)]

    assert seen[-2:] == ["DataReceived", "ConnectionTerminated"]


@pytest.mark.parametrize(("way", "version"), _EACH)
async def test_a_client_that_leaves_stops_the_stream_at_once(certs: Path, way: Way, version: Version) -> None:
    playing = Playing((EVENTS, Send(b"one"), Wait(0.02), Send(b"two"), Wait(_LONG), Send(b"never")))
    async with proxying(playing, certs) as (proxy, _):
        await _leave_after(proxy, way, version, b"two")
        ending = await playing.next_ending()

    assert (ending.how, ending.bytes_sent, ending.sends) == ("client_left", 6, 2)


@pytest.mark.parametrize(("way", "version"), _EACH)
async def test_a_client_that_leaves_before_the_head_is_noted(certs: Path, way: Way, version: Version) -> None:
    playing = Playing((Wait(_LONG), *HELLO))
    async with proxying(playing, certs) as (proxy, _):
        await _leave_after(proxy, way, version, b"", playing)
        ending = await playing.next_ending()

    assert (ending.how, ending.bytes_sent, ending.sends) == ("client_left", 0, 0)


@pytest.mark.parametrize(("way", "version"), _EACH)
async def test_an_answer_is_waited_for_no_longer_than_its_client_waits(certs: Path, way: Way, version: Version) -> None:
    waiting = Waiting()
    async with proxying(waiting, certs) as (proxy, _):
        await _leave_after(proxy, way, version, b"", waiting)
        async with asyncio.timeout(SECONDS):
            await waiting.given_up.wait()

    assert waiting.endings.empty()


async def test_one_stream_of_http2_may_be_left_while_others_go_on(certs: Path) -> None:
    playing = Playing((EVENTS, Send(b"one"), Wait(0.1), Send(b"two")))
    async with proxying(playing, certs) as (proxy, _), connected(proxy, "connect", alpn="h2") as (reader, writer):
        connection, first = begin_h2(writer, Question(path="/first"))
        second = connection.get_next_available_stream_id()
        connection.send_headers(second, Question(path="/second").as_h2(), end_stream=True)
        writer.write(connection.data_to_send())
        connection.reset_stream(first)
        writer.write(connection.data_to_send())
        answer = Answer()
        while (data := await reader.read(65536)) and second not in [
            take_h2(connection, event, answer) for event in connection.receive_data(data)
        ]:
            writer.write(connection.data_to_send())
        endings = {(await playing.next_ending()).how, (await playing.next_ending()).how}

    assert endings == {"client_left", "whole"}


async def test_a_connection_is_used_again_after_a_paced_answer(certs: Path) -> None:
    playing = Playing((EVENTS, Send(b"one"), Wait(0.02), Send(b"two")))
    async with proxying(playing, certs) as (proxy, _), connected(proxy, "connect") as (reader, writer):
        answers = [await ask_h1(reader, writer, Question(method="POST", body=b"{}")) for _ in range(3)]

    assert [answer.body for answer in answers] == [b"onetwo"] * 3
    assert len({request.connection for request in playing.asked}) == 1


async def test_names_and_order_of_headers_are_kept_on_http1(certs: Path) -> None:
    head = Head(201, (("X-Zulu", "1"), ("x-alpha", "2"), ("X-Zulu", "3"), ("Content-Length", "2")))
    async with proxying(Playing((head, Send(b"ok"))), certs) as (proxy, _):
        answer = await ask(proxy, "origin")

    assert (answer.status, answer.headers) == (
        201,
        [("X-Zulu", "1"), ("x-alpha", "2"), ("X-Zulu", "3"), ("Content-Length", "2")],
    )


async def test_headers_that_http2_forbids_are_left_out_there(certs: Path) -> None:
    head = Head(200, (("Connection", "keep-alive"), ("X-Name", "1"), ("Transfer-Encoding", "chunked")))
    async with proxying(Playing((head, Send(b"ok"))), certs) as (proxy, _):
        answer = await ask(proxy, "connect", "2")

    assert (answer.headers, answer.body) == ([("x-name", "1")], b"ok")


async def test_a_body_of_unknown_length_is_chunked_on_http11_and_ends_with_the_connection_on_http10(
    certs: Path,
) -> None:
    async with proxying(Playing((EVENTS, Send(b"one"), Wait(0.02), Send(b"two"))), certs) as (proxy, _):
        new = await ask(proxy, "origin", "1.1")
        old = await ask(proxy, "origin", "1.0")

    assert (new.header("transfer-encoding"), new.body) == ("chunked", b"onetwo")
    assert (old.header("transfer-encoding"), old.body) == (None, b"onetwo")


@pytest.mark.parametrize("steps", [HELLO, (HELLO_HEAD, Wait(0.02), Send(b"Hello"))])
@pytest.mark.parametrize("version", ["1.1", "2"])
async def test_head_gets_the_head_alone(certs: Path, version: Version, steps: Steps) -> None:
    async with proxying(Playing(steps), certs) as (proxy, _):
        answer = await ask(proxy, "connect", version, method="HEAD")

    assert (answer.status, answer.header("content-length"), answer.body) == (200, "5", b"")


@pytest.mark.parametrize("version", ["1.1", "2"])
async def test_an_answer_that_can_have_no_body_has_none(certs: Path, version: Version) -> None:
    async with proxying(Playing((Head(204), Send(b"never"))), certs) as (proxy, _):
        answer = await ask(proxy, "connect", version)

    assert (answer.status, answer.headers, answer.body, answer.ended) == (204, [], b"", "whole")


async def test_a_body_that_is_shorter_than_announced_ends_with_the_connection(certs: Path) -> None:
    head = Head(200, (("content-length", "10"),))
    async with proxying(Playing((head, Send(b"short"))), certs) as (proxy, _):
        answer = await ask(proxy, "connect")

    assert (answer.body, answer.ended) == (b"short", "cut")


@pytest.mark.parametrize("version", ["1.1", "2"])
async def test_a_large_body_arrives_whole(certs: Path, version: Version) -> None:
    body = bytes(range(256)) * 8192
    async with proxying(Playing((EVENTS, Send(body), Wait(0.01), Send(body))), certs) as (proxy, _):
        answer = await ask(proxy, "connect", version)

    assert answer.body == body * 2


async def test_the_request_is_handed_on_whole(certs: Path) -> None:
    playing = Playing()
    async with proxying(playing, certs) as (proxy, _):
        await ask(
            proxy,
            "connect",
            path="/v1/files%20x?include[]=a%20b&include[]=&empty",
            headers=(("X-One", "1"), ("x-one", "2"), ("X-Name", "Grüße")),
            body=b"{}",
        )

    (request,) = playing.asked
    assert (request.method, request.host, request.port, request.path) == (
        "POST",
        "api.openai.com",
        443,
        "/v1/files%20x",
    )
    assert request.query == (("include[]", "a b"), ("include[]", ""), ("empty", ""))
    assert (request.headers["x-one"], request.headers["x-name"]) == ("1, 2", "Grüße")
    assert (request.body, request.way, request.http_version) == (b"{}", "connect", "HTTP/1.1")


async def test_an_interim_answer_is_sent_to_a_client_that_waits_for_it(certs: Path) -> None:
    playing = Playing()
    headers = ("Host: api.openai.com", "Content-Length: 2", "Expect: 100-continue")
    async with proxying(playing, certs) as (proxy, _), connected(proxy, "origin") as (reader, writer):
        writer.write("\r\n".join(["POST /x HTTP/1.1", *headers, "", ""]).encode())
        interim = await reader.readuntil(b"\r\n\r\n")
        writer.write(b"{}")
        answer = await read_h1(reader)

    assert interim.startswith(b"HTTP/1.1 100 ")
    assert (answer.body, playing.asked[0].body) == (b"Hello", b"{}")


async def _leave_after(proxy: Proxy, way: Way, version: Version, mark: bytes, playing: Playing | None = None) -> None:
    """Send a request, read until the mark, and go."""
    alpn = "h2" if version == "2" else "http/1.1"
    async with connected(proxy, way, alpn=alpn) as (reader, writer):
        if version == "2":
            begin_h2(writer, Question())
        else:
            writer.write(Question().as_h1(absolute=way == "absolute"))
        async with asyncio.timeout(SECONDS):
            if mark:
                await reader.readuntil(mark)
            while playing and not playing.asked:  # noqa: ASYNC110 - what is waited for happens in the proxy
                await asyncio.sleep(0.01)
