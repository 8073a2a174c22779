"""WebSocket over real sockets: Responses are answered there as over HTTP, and nothing is dialled."""

import asyncio
import json
import random
from pathlib import Path
from typing import Any, override

import pytest

import llemulator_addon
from llemulator_addon.adapters.mitmproxy.ownership import TrafficPolicy
from llemulator_addon.core.outcome import Answered, Converse
from llemulator_addon.core.request import Request
from llemulator_addon.core.session_key import ANONYMOUS, ExchangeId
from llemulator_addon.core.stamp import Stamp
from llemulator_addon.core.steps import Head
from llemulator_addon.wire.websocket import accept_handshake, wants_websocket
from tests.patience import SECONDS
from tests.playing import emulator
from tests.websocket import CASES, CLOSE, PING, TEXT, closing, frame, pack
from tests.wire_real.clients import EACH_WAY, Proxy, Way
from tests.wire_real.processes import MITMDUMP, started
from tests.wire_real.proxies import Waiting, elsewhere, proxying
from tests.wire_real.websocket_client import KEY, Client, exchanges_of, list_left, said, talking, until_ended

_WAYS = [way for way, version in EACH_WAY if version == "1.1"]
_SCRIPT = {
    "rules": [
        {"match": {"user_text": "Hello"}, "reply": {"text": "Hi there"}},
        {"match": {"user_text": "slow"}, "reply": {"text": "one two three"}, "stream": {"tokens_per_second": 4}},
        {"match": {"user_text": "never"}, "reply": {"text": "one two"}, "faults": [{"stall": {"after_sends": 4}}]},
        {"match": {"user_text": "too often"}, "reply": {"failure": {"status": 429, "message": "Slow down."}}},
    ]
}


@pytest.mark.parametrize("way", _WAYS)
async def test_responses_are_answered_in_every_way_and_nothing_is_dialled(
    certs: Path, way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with (
        proxying(emulator(_SCRIPT), certs) as (proxy, _),
        elsewhere(monkeypatch) as network,
        talking(proxy, way) as client,
    ):
        first = await client.ask("Hello")
        second = await client.ask("Hello", stream_id="second", store=False)

    assert client.head.startswith("HTTP/1.1 101 Switching Protocols\r\n")
    assert "sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" in client.head  # the example of RFC 6455
    assert [said(answer) for answer in (first, second)] == ["Hi there", "Hi there"]
    assert {message.get("stream_id") for message in first} == {None}
    assert {message.get("stream_id") for message in second} == {"second"}
    assert network.connections == []


async def test_what_comes_ahead_of_the_answer_to_the_handshake_is_heard(certs: Path) -> None:
    ahead = frame(TEXT, json.dumps({"type": "response.create", "model": "gpt-4.1", "input": "Hello"}).encode())

    async with proxying(emulator(_SCRIPT), certs) as (proxy, _), talking(proxy, ahead=ahead) as client:
        assert said(await client.answer()) == "Hi there"


async def test_the_key_may_come_as_a_subprotocol_and_is_never_shown(certs: Path) -> None:
    server = emulator(_SCRIPT)
    headers = (("Sec-WebSocket-Protocol", "realtime, openai-insecure-api-key.sk-websocket"),)

    async with proxying(server, certs) as (proxy, _), talking(proxy, headers=headers) as client:
        answer = await client.ask("Hello")

    handshake, asked = await exchanges_of(server)
    assert said(answer) == "Hi there"
    assert "sec-websocket-protocol: realtime\r\n" in client.head
    assert "sk-websocket" not in client.head
    assert "sk-websocket" not in f"{handshake} {asked}"


async def test_the_journal_has_the_handshake_and_an_exchange_for_each_response(certs: Path) -> None:
    server = emulator(_SCRIPT)

    async with proxying(server, certs) as (proxy, _), talking(proxy) as client:
        await client.ask("Hello")
        await client.ask("too often")
        client.writer.write(closing(1000))
        assert [message async for message in client.messages()] == []
        await until_ended(server)

    handshake, hello, refused = await exchanges_of(server)
    assert [(each.endpoint, each.status) for each in (handshake, hello, refused)] == [
        ("responses.connect", 101),
        ("responses", 200),
        ("responses", 429),
    ]
    assert (hello.connection, hello.http_version) == (handshake.connection, "WebSocket")
    assert [each.ending and each.ending.how for each in (handshake, hello, refused)] == ["whole"] * 3
    assert handshake.ending is not None
    assert handshake.ending.sends == 11
    assert client.closed == 1000


async def test_a_refusal_is_a_message_and_the_connection_goes_on(certs: Path) -> None:
    async with proxying(emulator(_SCRIPT), certs) as (proxy, _), talking(proxy) as client:
        refused = await client.ask("too often", stream_id="a")
        client.writer.write(frame(TEXT, b"{"))
        wrong = await client.answer()
        client.send({"type": "response.cancel"})
        unknown = await client.answer()
        client.send({"type": "response.steer", "previous_response_id": "resp_1", "input": "more"})
        steered = await client.answer()
        after = await client.ask("Hello")

    (error,) = refused
    assert (error["type"], error["status"], error["stream_id"]) == ("error", 429, "a")
    assert error["error"]["message"] == "Slow down."
    assert error["error"]["headers"]["x-request-id"].startswith("req_")
    assert [wrong[0]["status"], unknown[0]["status"], unknown[0]["error"]["param"]] == [400, 400, "type"]
    assert steered[0]["error"]["code"] == "response_not_found"
    assert said(after) == "Hi there"


async def test_a_response_goes_on_from_another_on_its_connection_stored_or_not_and_elsewhere_only_if_stored(
    certs: Path,
) -> None:
    async with proxying(emulator(_SCRIPT), certs) as (proxy, _):
        async with talking(proxy) as client:
            stored = (await client.ask("Hello"))[-1]["response"]["id"]
            one = (await client.ask("Hello", store=False, previous_response_id=stored))[-1]["response"]["id"]
            two = (await client.ask("Hello", store=False, previous_response_id=one))[-1]
            old = await client.ask("Hello", previous_response_id=one)
        async with talking(proxy) as other:
            unknown = await other.ask("Hello", previous_response_id=two["response"]["id"])
            known = await other.ask("Hello", previous_response_id=stored)

    assert two["response"]["usage"]["input_tokens"] > 10
    assert [old[-1]["error"]["code"], unknown[-1]["error"]["code"]] == ["previous_response_not_found"] * 2
    assert said(known) == "Hi there"


@pytest.mark.parametrize(
    "failing",
    [
        {"reply": {"failure": {"status": 500}}},
        {"reply": {"text": "one two"}, "faults": [{"error_event": {"at": 5}}]},
    ],
    ids=["refused", "in the middle"],
)
async def test_a_response_is_forgotten_by_its_connection_when_a_turn_that_goes_on_from_it_fails(
    certs: Path, failing: dict[str, object]
) -> None:
    script = {"rules": [{"match": {"user_text": "fail"}, **failing}, {"reply": {"text": "Hi there"}}]}

    async with proxying(emulator(script), certs) as (proxy, _), talking(proxy) as client:
        first = (await client.ask("one", store=False))[-1]["response"]["id"]
        second = (await client.ask("two", store=False, previous_response_id=first))[-1]["response"]["id"]
        failed = await _fail(client, store=False, previous_response_id=second)
        gone = [await client.ask("on", store=False, previous_response_id=each) for each in (first, second)]
        stored = (await client.ask("new"))[-1]["response"]["id"]
        await _fail(client, previous_response_id=stored)
        found = await client.ask("on", previous_response_id=stored)

    assert failed[-1]["type"] in {"error", "response.failed"}
    assert [each[-1]["error"]["code"] for each in gone] == ["previous_response_not_found"] * 2
    assert said(found) == "Hi there"


async def _fail(client: Client, **more: object) -> list[Any]:
    failed = await client.ask("fail", **more)
    # In the middle, an error event is followed by the failed response.
    return failed if "status" in failed[-1] or failed[-1]["type"] == "response.failed" else await client.answer()


async def test_what_is_kept_for_a_connection_goes_with_it(certs: Path) -> None:
    server = emulator(_SCRIPT)

    async with proxying(server, certs) as (proxy, _):
        async with talking(proxy) as client:
            for _ in range(3):
                await client.ask("Hello", store=False)
            kept = max(len(session.resources) for session in await server.sessions())
            client.writer.write(closing(1000))
            await client.answer()
        await until_ended(server)
        after = max(len(session.resources) for session in await server.sessions())

    assert (kept, after) == (3, 0)


async def test_a_warm_up_says_nothing_uses_no_rule_and_can_be_gone_on_from(certs: Path) -> None:
    script = {"rules": [{"reply": {"text": "once"}, "times": 1}]}

    async with proxying(emulator(script), certs) as (proxy, _), talking(proxy) as client:
        warm = await client.ask("Hello", generate=False, store=False)
        answer = await client.ask("Hello", previous_response_id=warm[-1]["response"]["id"], store=False)

    assert [message["type"] for message in warm] == ["response.created", "response.in_progress", "response.completed"]
    assert warm[-1]["response"]["output"] == []
    assert said(answer) == "once"


async def test_lanes_are_answered_side_by_side_and_each_in_its_order(certs: Path) -> None:
    async with proxying(emulator(_SCRIPT), certs) as (proxy, _), talking(proxy) as client:
        client.create("slow", stream_id="a")
        client.create("Hello", stream_id="a")
        client.create("Hello", stream_id="b")
        ended = [(await client.answer())[-1]["stream_id"] for _ in range(3)]

    assert ended == ["b", "a", "a"]


@pytest.mark.parametrize(
    ("fault", "closed", "types"),
    [
        ({"cut_after": {"sends": 2}}, 0, ["response.created", "response.in_progress"]),
        ({"cut_after": {"sends": 2, "how": "goaway"}}, 1001, ["response.created", "response.in_progress"]),
        *(
            ({"cut_after": {"sends": 1, "how": "goaway", "close_code": code}}, code, ["response.created"])
            for code in (1000, 1008, 1011, 1012, 1013, 4000)
        ),
    ],
)
async def test_a_cut_is_a_lost_connection_or_a_close_with_its_code(
    certs: Path, fault: object, closed: int, types: list[str]
) -> None:
    server = emulator({"rules": [{"reply": {"text": "one two"}, "faults": [fault]}]})

    async with proxying(server, certs) as (proxy, _), talking(proxy, "connect") as client:
        heard = await client.ask("Hello")

    assert [message["type"] for message in heard] == types
    assert client.closed == closed
    assert [each.ending and each.ending.how for each in await exchanges_of(server)] == ["cut", "cut"]


@pytest.mark.parametrize(
    ("fault", "check"),
    [
        ({"malformed_event": {"at": 3}}, lambda heard: any(isinstance(message, str) for message in heard)),
        (
            {"duplicate_event": {"at": 2}},
            lambda heard: (
                [message["type"] for message in heard].count("response.in_progress") == 2
                or len(heard) > len({message["sequence_number"] for message in heard})
            ),
        ),
        ({"error_event": {"at": 3}}, lambda heard: heard[-1]["type"] in {"error", "response.failed"}),
        ({"split_bytes": {"size": 10}}, lambda heard: said(heard) == "one two"),
    ],
    ids=["malformed_event", "duplicate_event", "error_event", "split_bytes"],
)
async def test_faults_of_events_are_faults_of_messages(certs: Path, fault: object, check: object) -> None:
    server = emulator({"rules": [{"reply": {"text": "one two"}, "faults": [fault]}]})

    async with proxying(server, certs) as (proxy, _), talking(proxy) as client:
        heard = await client.ask("Hello")

    assert callable(check)
    assert check(heard)


@pytest.mark.parametrize("name", CASES)
async def test_a_case_of_autobahn_over_a_real_socket(proxy: Proxy, name: str) -> None:
    case = CASES[name]
    headers = (*KEY, ("Sec-WebSocket-Extensions", "permessage-deflate")) if case.deflate else KEY

    async with talking(proxy, headers=headers) as client:
        client.writer.write(case.sends)
        if case.closed == "no":
            client.writer.write(closing(4321))
        heard = [message async for message in client.messages()]

    # What is no request of Responses is refused by a message, unless the end comes first.
    assert len(heard) <= len(case.messages)
    assert tuple(client.pongs) == case.pongs
    assert client.closed == (4321 if case.closed == "no" else case.closed)


async def test_a_message_in_compressed_fragments_is_a_request(proxy: Proxy) -> None:
    packed = pack(json.dumps({"type": "response.create", "model": "gpt-4.1", "input": "Hello"}).encode())
    headers = (*KEY, ("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits"))

    async with talking(proxy, headers=headers) as client:
        client.writer.write(frame(TEXT, packed[:9], ends=False, reserved=4) + frame(PING, b"alive"))
        client.writer.write(frame(0, packed[9:]))
        heard = await client.answer()

    assert "sec-websocket-extensions: permessage-deflate; server_no_context_takeover" in client.head
    assert client.pongs == [b"alive"]
    assert heard[-1]["type"] == "response.completed"


async def test_a_silent_client_is_asked_for_a_sign_of_life_and_then_dropped(certs: Path) -> None:
    policy = TrafficPolicy(websocket_idle=0.6, websocket_open=60.0)

    async with proxying(emulator(_SCRIPT), certs, policy) as (proxy, _), talking(proxy) as client:
        asked = []
        while (got := await client.next_frame()) is not None:
            asked.append(got.opcode)

    assert set(asked) == {PING}


async def test_a_connection_that_is_open_for_too_long_is_closed_with_the_reason(certs: Path) -> None:
    policy = TrafficPolicy(websocket_idle=60.0, websocket_open=0.3)

    async with proxying(emulator(_SCRIPT), certs, policy) as (proxy, _), talking(proxy) as client:
        heard = [message async for message in client.messages()]

    assert [message["error"]["code"] for message in heard] == ["websocket_connection_limit_reached"]
    assert client.closed == 1001


async def test_a_message_above_the_limit_closes_with_its_code(certs: Path) -> None:
    policy = TrafficPolicy(body_limit=1000)

    async with proxying(emulator(_SCRIPT), certs, policy) as (proxy, _), talking(proxy) as client:
        client.writer.write(frame(TEXT, b" " * 1001))
        assert [message async for message in client.messages()] == []

    assert client.closed == 1009


async def test_a_client_that_leaves_ends_what_is_under_way(certs: Path) -> None:
    server = emulator(_SCRIPT)

    async with proxying(server, certs) as (proxy, _), talking(proxy) as client:
        client.create("never")
        while (await client.next_frame()) is not None:
            if len(await exchanges_of(server)) == 2:
                break
        client.writer.transport.abort()
        await until_ended(server)

    assert [each.ending and each.ending.how for each in await exchanges_of(server)] == ["client_left", "client_left"]


async def test_a_client_that_leaves_is_no_longer_waited_for(certs: Path) -> None:
    waiting = _Accepting()

    async with proxying(waiting, certs) as (proxy, _):
        async with talking(proxy) as client:
            client.create("Hello")
            await _until(lambda: len(waiting.asked) == 2)
        async with asyncio.timeout(SECONDS):
            await waiting.given_up.wait()
            assert (await waiting.next_ending()).how == "client_left"


async def test_malformed_frames_leave_nothing_behind(certs: Path) -> None:
    server, chance = emulator(_SCRIPT), random.Random(15)
    tasks = 0

    async with proxying(server, certs) as (proxy, traffic):
        for round_ in range(40):
            await asyncio.gather(*(_send_rubbish(proxy, chance.randbytes(1000)) for _ in range(5)))
            if round_ == 0:
                tasks = len(asyncio.all_tasks())
        await until_ended(server)
        await _until(lambda: len(asyncio.all_tasks()) <= tasks)
        await _until(lambda: not list_left())

        assert traffic.bodies.taken == 0


@pytest.mark.parametrize("words", [2_000_000, 10])
async def test_a_client_that_does_not_read_its_answers_and_leaves_leaves_nothing_behind(
    certs: Path, words: int
) -> None:
    """Of a long answer it takes the beginning; of short ones, others wait."""
    server = emulator({"rules": [{"reply": {"text": "word " * words}}]}, answer_limit=1 << 30, unread_size=1 << 30)

    async with proxying(server, certs) as (proxy, traffic):
        async with talking(proxy) as client:
            for _ in range(60):
                client.create("Hello")
            await client.next_frame()
            client.writer.transport.abort()
        await until_ended(server)
        await _until(lambda: not list_left())

        assert traffic.bodies.taken == 0
    handshake = (await exchanges_of(server))[0]
    assert handshake.ending is not None
    assert handshake.ending.how == "client_left"
    assert handshake.ending.bytes_sent < 5_000_000


async def _send_rubbish(proxy: Proxy, rubbish: bytes) -> None:
    """Send 50 frames, of which each alone would close a connection or be dropped with it."""
    async with talking(proxy) as client:
        client.writer.write(
            b"".join(frame(at & 15, rubbish[at : at + 20], reserved=at & 7) for at in range(0, 1000, 20))
        )
        while (got := await client.next_frame()) is not None and got.opcode != CLOSE:
            pass


@pytest.mark.parametrize("flood", [frame(PING) * 20_000, frame(TEXT) * 20_000], ids=["pings", "messages"])
async def test_another_client_is_answered_while_one_sends_very_many_frames(certs: Path, flood: bytes) -> None:
    told: list[str] = []

    async def send_flood(client: Client) -> None:
        client.writer.write(flood + closing(1000))
        while (got := await client.next_frame()) is not None and got.opcode != CLOSE:
            pass
        told.append("flood")

    async def ask(client: Client) -> None:
        assert said(await client.ask("Hello")) == "Hi there"
        told.append("asked")

    async with (
        proxying(emulator(_SCRIPT), certs) as (proxy, _),
        talking(proxy) as first,
        talking(proxy) as second,
        asyncio.TaskGroup() as tasks,
    ):
        tasks.create_task(send_flood(first))
        await asyncio.sleep(0.05)
        tasks.create_task(ask(second))

    assert told == ["asked", "flood"]


async def test_flows_of_mitmdump_show_the_messages(tmp_path: Path) -> None:
    addon = str(Path(llemulator_addon.__file__).parent / "addon.py")
    (tmp_path / "seen.py").write_text(
        "def websocket_message(flow):\n"
        "    message = flow.websocket.messages[-1]\n"
        "    print('SEEN', message.from_client, message.text[:30], flush=True)\n"
        "def websocket_end(flow):\n"
        "    print('END', flow.websocket.close_code, flow.websocket.closed_by_client, flush=True)\n",
        "utf-8",
    )
    options = ("--listen-host", "127.0.0.1", "--listen-port", "0", "-s", addon, "-s", "seen.py")

    async with started(*MITMDUMP, *options, cwd=tmp_path) as begun, talking(begun.proxy, "connect") as client:
        await client.ask("Hello")
        client.writer.write(closing(1000))
        await client.answer()
        told = await begun.read_until("END")

    lines = [line for line in told.splitlines() if line.startswith(("SEEN", "END"))]
    assert lines[0].startswith('SEEN True {"type": "response.create"')
    assert lines[1].startswith('SEEN False {"type":"response.created"')
    assert lines[-1] == "END 1000 True"


class _Accepting(Waiting):
    """Accepts a handshake, and never answers a message."""

    @override
    async def answer(self, request: Request) -> Answered:
        if not wants_websocket(request):
            return await super().answer(request)
        self.asked.append(request)
        head = accept_handshake(request)
        assert isinstance(head, Head)
        return Converse(exchange=ExchangeId(ANONYMOUS, 1, 1), head=head, request=request, stamp=Stamp(0, 0))


async def _until(is_so: object) -> None:
    assert callable(is_so)
    async with asyncio.timeout(SECONDS):
        while not is_so():  # noqa: ASYNC110 - what it waits for tells nobody
            await asyncio.sleep(0.02)
