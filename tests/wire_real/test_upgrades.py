"""A WebSocket handshake that is not accepted is answered at once, so that a client goes on over HTTP."""

import json

import h2.connection
import h2.events
import pytest

from tests.wire_real.clients import EACH_WAY, Proxy, Question, Version, Way, ask_h1, connected

_HANDSHAKE = (
    ("Authorization", "Bearer sk-upgrades"),
    ("Connection", "Upgrade"),
    ("Upgrade", "websocket"),
    ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ("Sec-WebSocket-Version", "13"),
)
_CHAT = json.dumps({"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello there"}]}).encode()
_OVER_HTTP_1 = [(way, version) for way, version in EACH_WAY if version != "2"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/responses/resp_1", 426),
        ("/v1/files", 426),
        ("/v1/chat/completions", 426),
        ("/v1/embeddings", 426),
        ("/v1/nothing", 404),
    ],
)
@pytest.mark.parametrize(("way", "version"), _OVER_HTTP_1)
async def test_a_handshake_is_refused_and_the_connection_goes_on(
    proxy: Proxy, way: Way, version: Version, path: str, status: int
) -> None:
    asked = Question(path=path, headers=_HANDSHAKE)
    after = Question(
        method="POST",
        path="/v1/chat/completions",
        headers=(("Authorization", "Bearer sk-upgrades"), ("Content-Type", "application/json")),
        body=_CHAT,
    )

    async with connected(proxy, way) as streams:
        refused = await ask_h1(*streams, asked, version=version, absolute=way == "absolute")
        answer = await ask_h1(*streams, after, version=version, absolute=way == "absolute")

    assert (refused.status, answer.status) == (status, 200)
    assert json.loads(refused.body)["error"]["type"] == "invalid_request_error"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ((*_HANDSHAKE[:4], ("Sec-WebSocket-Version", "8")), 426),
        ((*_HANDSHAKE[:3], *_HANDSHAKE[4:]), 400),
        ((*_HANDSHAKE[:3], ("Sec-WebSocket-Key", "c2hvcnQ="), *_HANDSHAKE[4:]), 400),
        ((*_HANDSHAKE[:1], ("Connection", "close"), *_HANDSHAKE[2:]), 400),
        (_HANDSHAKE[1:], 401),
    ],
    ids=["another version", "no key of its own", "a short key", "no upgrade", "nobody's"],
)
async def test_a_handshake_that_is_wrong_is_refused(
    proxy: Proxy, headers: tuple[tuple[str, str], ...], status: int
) -> None:
    async with connected(proxy, "connect") as streams:
        refused = await ask_h1(*streams, Question(path="/v1/responses", headers=headers))

    assert refused.status == status
    assert refused.header("sec-websocket-version") == ("13" if status == 426 else None)


async def test_a_handshake_of_http_1_0_is_refused(proxy: Proxy) -> None:
    async with connected(proxy, "connect") as streams:
        refused = await ask_h1(*streams, Question(path="/v1/responses", headers=_HANDSHAKE), version="1.0")

    assert refused.status == 400


async def test_another_upgrade_is_ignored(proxy: Proxy) -> None:
    headers = (*_HANDSHAKE[:1], ("Connection", "Upgrade"), ("Upgrade", "h2c"))

    async with connected(proxy, "origin") as streams:
        answer = await ask_h1(*streams, Question(path="/v1/models", headers=headers))

    assert answer.status == 200


async def test_over_http_2_no_client_is_told_that_it_may_open_a_websocket(proxy: Proxy) -> None:
    client = h2.connection.H2Connection()
    client.initiate_connection()

    async with connected(proxy, "connect", alpn="h2") as (reader, writer):
        writer.write(client.data_to_send())
        while not any(
            isinstance(event, h2.events.RemoteSettingsChanged)
            for event in client.receive_data(await reader.read(65536))
        ):
            pass

    assert client.remote_settings.enable_connect_protocol == 0
