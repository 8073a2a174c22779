"""The journal, HAR files, verify and reports know the messages of a WebSocket connection."""

import json
from pathlib import Path
from typing import Any

from llemulator_addon.adapters.request_log import describe
from llemulator_addon.adapters.run.summary import Seen, judge, summarize
from llemulator_addon.emulator import Emulator
from tests.playing import emulator, json_of, played, post, request
from tests.websocket import TEXT, closing, frame
from tests.wire_real.proxies import proxying
from tests.wire_real.websocket_client import exchanges_of, talking, until_ended

_SCRIPT = {
    "rules": [
        {"match": {"user_text": "Hello"}, "reply": {"text": "Hi there"}},
        {"match": {"user_text": "too often"}, "reply": {"failure": {"status": 429, "message": "Slow down."}}},
    ]
}
_SECRET = "sk-proj-" + "a1B2" * 10


async def _talk(certs: Path) -> tuple[Emulator, list[Any]]:
    """Say something of each kind; return what the client heard, too."""
    server = emulator(_SCRIPT)
    async with proxying(server, certs) as (proxy, _), talking(proxy, "connect") as client:
        heard = await client.ask("Hello", stream_id="a")
        client.send({"type": "response.cancel", "secret": _SECRET})
        heard += await client.answer()
        client.writer.write(frame(TEXT, b"{"))
        heard += await client.answer()
        heard += await client.ask("too often")
        client.writer.write(closing(1000, b"done"))
        await client.answer()
        await until_ended(server)
    return server, heard


async def _get(server: Emulator, path: str) -> Any:  # noqa: ANN401 - JSON
    return json_of(played(await server.answer(request("GET", path, token="sk-websocket"))).steps)


async def test_a_handshake_shows_which_message_began_which_exchange_and_what_else_was_said(certs: Path) -> None:
    server, heard = await _talk(certs)

    shown = (await _get(server, "/_emulator/requests?format=full"))["data"]
    messages = shown[0]["connection"]["messages"]
    assert [(each["by"], each.get("exchange")) for each in messages] == [
        ("client", 2), *([("server", 2)] * 10),
        ("client", None), ("server", None), ("client", None), ("server", None), ("client", 3), ("server", 3),
    ]  # fmt: skip
    cancelled, unknown, wrong, malformed = messages[11:15]
    assert cancelled["body"] == {"type": "response.cancel", "secret": "***"}
    assert [unknown["body"], malformed["body"]] == [each for each in heard if each["type"] == "error"][:2]
    assert (wrong["body"], wrong["bytes"]) == ("{", 1)
    assert shown[0]["connection"]["messages_recorded"] == len(messages)
    assert shown[0]["ending"]["closed"] == {"code": 1000, "reason": "done", "by": "client"}
    assert [each["connection"].get("handshake") for each in shown] == [None, 1, 1]


async def test_a_har_file_has_the_messages_as_chrome_writes_them(certs: Path) -> None:
    server, heard = await _talk(certs)

    har = await _get(server, "/_emulator/requests?format=har")
    (entry,) = har["log"]["entries"]
    messages = entry["_webSocketMessages"]
    assert entry["_resourceType"] == "websocket"
    assert entry["request"]["url"] == "wss://api.openai.com/v1/responses"
    assert {tuple(message) for message in messages} == {("type", "time", "opcode", "data")}
    assert {message["opcode"] for message in messages} == {1}
    assert [message["time"] for message in messages] == sorted(message["time"] for message in messages)
    assert [json.loads(each["data"]) for each in messages if each["type"] == "receive"] == heard
    assert [each["data"].replace(" ", "")[:25] for each in messages if each["type"] == "send"] == [
        '{"type":"response.create"', '{"type":"response.cancel"', "{", '{"type":"response.create"',
    ]  # fmt: skip
    assert _SECRET not in json.dumps(har)


async def test_an_exchange_whose_handshake_is_not_selected_has_an_entry_of_its_own(certs: Path) -> None:
    server, _ = await _talk(certs)

    entries = (await _get(server, "/_emulator/requests?format=har&endpoint=responses"))["log"]["entries"]

    assert [(entry["request"]["method"], entry["response"]["status"]) for entry in entries] == [
        ("POST", 200),
        ("POST", 429),
    ]


async def test_verify_reports_messages_of_a_type_that_is_not_supported(certs: Path) -> None:
    server, _ = await _talk(certs)

    steps = played(await server.answer(post("/_emulator/verify", {}, token="sk-websocket"))).steps

    (found,) = [each for each in json_of(steps)["findings"] if each["name"] == "unsupported"]
    assert found["sentence"] == (
        "Messages of the type response.cancel are not supported on WebSocket connections; one was sent once."
    )


async def test_the_log_and_the_summary_of_a_run_count_connections_and_messages(certs: Path) -> None:
    server, _ = await _talk(certs)
    handshake, hello, _ = await exchanges_of(server)
    seen = Seen(sessions=await server.sessions(), hosts=())

    assert describe(handshake).startswith("GET /v1/responses: WebSocket, 17 messages in ")
    assert describe(handshake).endswith(" s, closed with 1000 by the client")
    assert describe(hello).startswith('message /v1/responses gpt-4.1: rule "rules[0]", 200 in ')
    lines = list(summarize(seen, judge(seen), strict=False))
    assert "1 WebSocket connection among them, with 17 messages" in lines
