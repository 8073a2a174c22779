"""The real `llemulator` process answers in every way that a client may come."""

import json
import time

import pytest

from tests.wire_real.clients import Proxy, Version, Way, ask, connected, negotiate, read_h1

_QUESTION = json.dumps({"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello there"}]}).encode()
_HEADERS = (("Authorization", "Bearer sk-ways-in"), ("Content-Type", "application/json"))

_WAYS: list[tuple[Way, Version]] = [
    ("connect", "1.1"),
    ("connect", "2"),
    ("connect plain", "1.1"),
    ("absolute", "1.1"),
    ("absolute", "1.0"),
    ("origin", "1.1"),
    ("origin", "1.0"),
    ("tls", "1.1"),
]


@pytest.mark.parametrize(("way", "version"), _WAYS)
async def test_a_request_to_openai_is_answered_however_it_comes(proxy: Proxy, way: Way, version: Version) -> None:
    answer = await ask(proxy, way, version, headers=_HEADERS, body=_QUESTION)

    assert answer.status == 200
    assert json.loads(answer.body)["choices"][0]["message"]["content"] == "Hello there"


@pytest.mark.parametrize(
    "host",
    [
        "eu.api.openai.com",
        "mtls.api.openai.com",
        "my-resource.openai.azure.com",
        "llemulator",
    ],
)
async def test_each_of_the_hosts_is_taken(proxy: Proxy, host: str) -> None:
    answer = await ask(proxy, "connect", host=host, method="GET", path="/v1/models", headers=_HEADERS)

    assert answer.status == 200


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:8080", "llemulator.test.svc", "10.1.2.3:8080", "example.com"])
async def test_what_is_addressed_to_the_proxy_is_answered_whatever_it_is_called(proxy: Proxy, host: str) -> None:
    answer = await ask(proxy, "origin", method="GET", path="/healthz", host=host)

    assert answer.status == 200


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        (("http/1.1", "h2"), "h2"),
        (("h2", "http/1.1"), "h2"),
        (("h2",), "h2"),
        (("http/1.1",), "http/1.1"),
        (("imap", "http/1.1"), "http/1.1"),
    ],
)
async def test_http_2_is_preferred_where_the_client_offers_it(
    proxy: Proxy, offered: tuple[str, ...], chosen: str
) -> None:
    assert await negotiate(proxy, *offered) == chosen


async def test_a_probe_that_names_no_host_is_answered(proxy: Proxy) -> None:
    async with connected(proxy, "origin") as (reader, writer):
        writer.write(b"GET /healthz HTTP/1.0\r\n\r\n")
        answer = await read_h1(reader, method="GET")

    assert answer.status == 200


async def test_an_absolute_url_that_names_the_port_itself_is_answered(proxy: Proxy) -> None:
    answer = await ask(proxy, "absolute", method="GET", path="/healthz", host=f"127.0.0.1:{proxy.port}")

    assert answer.status == 200


async def test_a_stream_arrives_event_by_event(proxy: Proxy) -> None:
    question = _QUESTION[:-1] + b', "stream": true}'

    answer = await ask(proxy, "connect", "2", headers=_HEADERS, body=question)

    events = answer.body.decode().split("\n\n")
    deltas = [json.loads(event[6:])["choices"][0]["delta"].get("content", "") for event in events[:-2]]
    assert (answer.status, events[-2:]) == (200, ["data: [DONE]", ""])
    assert "".join(deltas) == "Hello there"


async def test_the_gaps_of_a_paced_stream_are_kept(proxy: Proxy) -> None:
    token = (("Authorization", "Bearer sk-paced"), ("Content-Type", "application/json"))
    rule = {
        "match": {},
        "reply": {"text": "one two three four five"},
        "stream": {"ttft_ms": 200, "tokens_per_second": 20, "chunk_by": "word"},
    }
    loaded = await ask(
        proxy, "origin", path="/_emulator/script", headers=token, body=json.dumps({"rules": [rule]}).encode()
    )

    began = time.monotonic()
    answer = await ask(proxy, "connect", headers=token, body=_QUESTION[:-1] + b', "stream": true}')

    assert loaded.status == 200
    # Five words at twenty in a second: the last comes no sooner than it was sent.
    assert answer.came(b" five") - began >= 0.2 + 4 * 0.05 - 0.01
