"""Requests that no rule answers, handed to a real server of the user's: a process that streams with gaps."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from openai import APIStatusError, OpenAI

from conformance.server import Server, running
from llemulator_addon.adapters.forwarding import Terms
from llemulator_addon.adapters.mitmproxy.rules import Policy
from llemulator_addon.client import Client
from llemulator_addon.core.upstream import Upstream, Upstreams
from llemulator_addon.emulator import Emulator, EmulatorSettings
from tests.wire_real.clients import OPENAI, Answer, Proxy, Question, Version, Way, ask, connected
from tests.wire_real.model_server import GAP, WORDS, ModelServer
from tests.wire_real.model_server import serving as serving_models
from tests.wire_real.proxies import Elsewhere, elsewhere, proxying

_KEY = "sk-proj-the-real-key-of-the-application"
_HEADERS = (
    ("Authorization", f"Bearer {_KEY}"),
    ("Content-Type", "application/json"),
    ("Cookie", "session=secret"),
    ("OpenAI-Organization", "org-secret"),
    ("OpenAI-Project", "proj-secret"),
    ("X-Api-Key", "another-secret"),
)
_EACH: list[tuple[Way, Version]] = [
    ("connect", "1.1"),
    ("connect", "2"),
    ("connect plain", "1.1"),
    ("absolute", "1.1"),
    ("origin", "1.1"),
    ("tls", "1.1"),
]


@pytest.fixture(scope="module")
def models() -> Iterator[ModelServer]:
    with serving_models() as started:
        yield started


@pytest.fixture(scope="module")
def server(models: ModelServer) -> Iterator[Server]:
    with running("--upstream", models.url) as started:
        yield started


@pytest.fixture
def proxy(server: Server) -> Proxy:
    return Proxy(port=server.port, ca=server.ca)


@pytest.fixture
async def network(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Elsewhere]:
    async with elsewhere(monkeypatch) as seen:
        yield seen


def _body(model: str = "smollm", **more: object) -> bytes:
    return json.dumps({"model": model, "messages": [{"role": "user", "content": "Hi"}], **more}).encode()


def _error(answer: Answer) -> Any:  # noqa: ANN401 - JSON
    return json.loads(answer.body)["error"]


def _emulator(url: str, **settings: Any) -> Emulator:  # noqa: ANN401 - whatever settings there are
    upstream = Upstream(url=url, named_by="server")
    return Emulator(EmulatorSettings(upstreams=Upstreams(anything=upstream), **settings))


@pytest.mark.parametrize(("way", "version"), _EACH)
async def test_a_stream_passes_through_piece_by_piece_as_it_comes(proxy: Proxy, way: Way, version: Version) -> None:
    answer = await ask(proxy, way, version, headers=_HEADERS, body=_body(stream=True))

    events = [json.loads(line) for line in answer.body.decode().split("\n") if line.startswith("data: {") for line in [line[6:]]]
    times = [at for at, _ in answer.pieces]
    assert (answer.status, answer.ended) == (200, "whole")
    assert "".join(event["choices"][0]["delta"].get("content", "") for event in events) == "".join(WORDS)
    assert answer.body.endswith(b"data: [DONE]\n\n")
    assert times[-1] - times[0] >= GAP * (len(WORDS) - 1)
    assert len(answer.pieces) >= len(WORDS)


@pytest.mark.parametrize(("way", "version"), _EACH)
async def test_an_answer_in_one_piece_passes_through(proxy: Proxy, way: Way, version: Version) -> None:
    answer = await ask(proxy, way, version, headers=_HEADERS, body=_body())

    assert answer.status == 200
    assert json.loads(answer.body)["choices"][0]["message"]["content"] == "".join(WORDS)


async def test_neither_the_key_nor_anything_that_names_the_user_goes_there(proxy: Proxy, models: ModelServer) -> None:
    await ask(proxy, path="/v1/chat/completions?api-key=sk-query&x=1", headers=_HEADERS, body=_body())

    seen = models.seen()[-1]
    assert seen["path"] == "/v1/chat/completions?x=1"
    assert "secret" not in json.dumps(seen)
    assert "sk-" not in json.dumps(seen)
    assert {name.lower() for name in seen["headers"]} == {
        "host", "accept", "accept-encoding", "content-type", "content-length", "user-agent", "via",
    }  # fmt: skip


async def test_what_would_bind_the_client_to_the_upstream_does_not_come_back(proxy: Proxy) -> None:
    answer = await ask(proxy, headers=_HEADERS, body=_body("with-cookies"))

    assert (answer.header("x-request-id"), answer.header("set-cookie"), answer.header("alt-svc")) == ("theirs", None, None)


@pytest.mark.parametrize("version", ["1.1", "2"])
@pytest.mark.parametrize("model", ["endless", "stalling", "silent"])
async def test_a_client_that_leaves_ends_the_request_there(
    proxy: Proxy, models: ModelServer, model: str, version: Version
) -> None:
    before = len(models.seen())
    alpn = "h2" if version == "2" else "http/1.1"
    async with connected(proxy, "connect", alpn=alpn) as (reader, writer):
        await _begin(writer, version, _body(model, stream=True))
        if model == "silent":
            while len(models.seen()) == before:
                await asyncio.sleep(GAP)
        else:
            await reader.readuntil(b"words")

    # "stalling" sends nothing more, so that it cannot learn of it by sending; that it is let go of is seen in the journal.
    assert model == "stalling" or await asyncio.to_thread(models.left)


async def _begin(writer: asyncio.StreamWriter, version: Version, body: bytes) -> None:
    from tests.wire_real.clients import begin_h2

    question = Question(method="POST", path="/v1/chat/completions", headers=_HEADERS, body=body)
    if version == "2":
        begin_h2(writer, question)
    else:
        writer.write(question.as_h1())
    await writer.drain()
