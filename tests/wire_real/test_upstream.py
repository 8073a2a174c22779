"""Requests that no rule answers, handed to a real server of the user's: a process that streams with gaps."""

import asyncio
import json
import os
import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from openai import APIStatusError, OpenAI

from benchmarks.servers import free_port
from conformance.server import Server, running
from llemulator_addon.adapters.forwarding import Terms
from llemulator_addon.client import Client
from tests.wire_real.certificates import certificate_for
from tests.wire_real.clients import (
    EACH_WAY,
    Proxy,
    Question,
    Version,
    Way,
    ask,
    begin_h2,
    connected,
)
from tests.wire_real.model_server import WORDS, ModelServer
from tests.wire_real.model_server import serving as serving_models
from tests.wire_real.upstreams import ALLOWED, HEADERS, KEY, body_for, code_of, proxying_with, question, said


@pytest.fixture(scope="module")
def server(models: ModelServer) -> Iterator[Server]:
    with running("--upstream", models.url) as started:
        yield started


@pytest.fixture
def proxy(server: Server) -> Proxy:
    return Proxy(port=server.port, ca=server.ca)


# What passes through --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("way", "version"), EACH_WAY)
async def test_a_stream_passes_through_piece_by_piece_as_it_comes(proxy: Proxy, way: Way, version: Version) -> None:
    answer = await ask(proxy, way, version, headers=HEADERS, body=body_for(stream=True))

    assert (answer.status, answer.ended, said(answer)) == (200, "whole", "".join(WORDS))
    assert answer.body.endswith(b"data: [DONE]\n\n")
    # This one stops behind its first words: nobody can have waited for its end.
    async with connected(proxy, way, alpn="h2" if version == "2" else "http/1.1") as (reader, writer):
        stalling = Question(
            method="POST", path="/v1/chat/completions", headers=HEADERS, body=body_for("stalling", stream=True)
        )
        if version == "2":
            begin_h2(writer, stalling)
        else:
            writer.write(stalling.as_h1(absolute=way == "absolute"))
        await reader.readuntil(b"words")


async def test_many_streams_pass_through_side_by_side(proxy: Proxy) -> None:
    asked = [ask(proxy, way, version, headers=HEADERS, body=body_for(stream=True)) for way, version in EACH_WAY * 8]

    answers = await asyncio.gather(*asked)

    assert [answer.body for answer in answers if answer.status != 200] == []
    assert {(answer.status, answer.ended, said(answer)) for answer in answers} == {(200, "whole", "".join(WORDS))}


@pytest.mark.parametrize(("way", "version"), EACH_WAY)
async def test_an_answer_in_one_piece_passes_through(proxy: Proxy, way: Way, version: Version) -> None:
    answer = await ask(proxy, way, version, headers=HEADERS, body=body_for())

    assert answer.status == 200
    assert json.loads(answer.body)["choices"][0]["message"]["content"] == "".join(WORDS)


def test_the_official_sdk_gets_the_real_models_words_through_the_proxy(
    server: Server, models: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", server.origin)
    monkeypatch.setenv("SSL_CERT_FILE", str(server.ca))
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    trusting = httpx2.Client(verify=ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"]))
    with OpenAI(api_key=KEY, http_client=trusting) as client:
        whole = client.chat.completions.create(model="smollm", messages=[{"role": "user", "content": "Hi"}])
        stream = client.chat.completions.create(
            model="smollm", messages=[{"role": "user", "content": "Hi"}], stream=True
        )
        said = "".join(chunk.choices[0].delta.content or "" for chunk in stream)
        vector = client.embeddings.create(model="smollm", input="Hi", encoding_format="float").data[0].embedding
        with pytest.raises(APIStatusError) as failed:
            client.chat.completions.create(model="no-such-model", messages=[{"role": "user", "content": "Hi"}])

    assert (whole.id, whole.choices[0].message.content, said) == ("chatcmpl-real", "".join(WORDS), "".join(WORDS))
    assert vector == [0.25, 0.5]
    assert failed.value.status_code == 404
    assert "this server has no such model" in failed.value.message
    assert KEY not in json.dumps(models.seen())


async def test_neither_the_key_nor_anything_that_names_the_user_goes_there(proxy: Proxy, models: ModelServer) -> None:
    await ask(proxy, path="/v1/chat/completions?api-key=sk-query&x=1", headers=HEADERS, body=body_for())

    seen = models.seen()[-1]
    assert seen["path"] == "/v1/chat/completions?x=1"
    assert "secret" not in json.dumps(seen)
    assert "sk-" not in json.dumps(seen)
    assert {name.lower() for name in seen["headers"]} == {
        "host", "accept", "accept-encoding", "content-type", "content-length", "user-agent", "via",
    }  # fmt: skip


async def test_azures_path_leads_to_the_same_place_with_the_deployment_as_the_model(
    proxy: Proxy, models: ModelServer
) -> None:
    path = "/openai/deployments/my-llama/chat/completions?api-version=2024-10-21"
    body = json.dumps({"messages": [{"role": "user", "content": "Hi"}]}).encode()

    answer = await ask(proxy, path=path, host="x.openai.azure.com", headers=(("api-key", "azure-secret"),), body=body)

    assert (answer.status, models.seen()[-1]["path"]) == (200, "/v1/chat/completions")
    assert json.loads(models.seen()[-1]["body"])["model"] == "my-llama"


async def test_what_would_bind_the_client_to_the_upstream_does_not_come_back(proxy: Proxy) -> None:
    answer = await ask(proxy, headers=HEADERS, body=body_for("with-cookies"))

    back = [answer.header(name) for name in ("x-request-id", "set-cookie", "alt-svc")]
    assert back == ["theirs", None, None]


@pytest.mark.parametrize("model", ["for-its-own-pages", "dying"])
async def test_a_page_may_read_what_comes_back_whomever_the_upstream_lets(proxy: Proxy, model: str) -> None:
    of_a_page = await ask(proxy, headers=(*HEADERS, ("Origin", "https://app.example")), body=body_for(model))
    of_another = await ask(proxy, headers=HEADERS, body=body_for(model))

    allowed = [[value for name, value in answer.headers if name == ALLOWED] for answer in (of_a_page, of_another)]
    assert allowed == [["*"], []]


async def test_the_journal_has_what_came_back_and_the_egress_report_counts_it(server: Server, proxy: Proxy) -> None:
    token = "sk-journal-of-an-upstream"
    await ask(proxy, headers=(("Authorization", f"Bearer {token}"),), body=body_for(stream=True))

    with Client(server.origin, token) as client:
        (exchange,) = client.requests()
        verdict, egress = client.verify(), client.egress()
    assert (exchange.status, exchange.rule, exchange.model) == (200, None, "smollm")
    assert exchange.upstream is not None
    assert exchange.upstream.startswith("http://localhost:")
    events = [event["value"] for event in exchange.answer["events"]]
    assert "".join(event["choices"][0]["delta"].get("content", "") for event in events[:-1]) == "".join(WORDS)
    assert events[-1] == "[DONE]"
    assert exchange.ending is not None
    assert exchange.ending["how"] == "whole"
    assert verdict.passed
    assert next(host.forwarded for host in egress if host.host == "localhost") >= 1


async def test_rules_come_first_and_a_named_model_is_listed_beside_the_simulated_one(
    server: Server, models: ModelServer
) -> None:
    proxy = Proxy(port=server.port, ca=server.ca)
    headers = (("Authorization", "Bearer sk-script-with-upstream"), ("Content-Type", "application/json"))
    with Client(server.origin, "sk-script-with-upstream") as client:
        client.load({"responses": {"Hi": "of the rule"}, "upstream": {"tiny": models.url}})
    ruled = await ask(proxy, headers=headers, body=body_for("tiny"))
    other = json.dumps({"model": "tiny", "messages": [{"role": "user", "content": "else"}]}).encode()
    real = await ask(proxy, headers=headers, body=other)
    listed = await ask(proxy, method="GET", path="/v1/models", headers=headers)

    contents = [json.loads(answer.body)["choices"][0]["message"]["content"] for answer in (ruled, real)]
    assert contents == ["of the rule", "".join(WORDS)]
    assert {"tiny", "gpt-sim-1", "gpt-4o"} <= {model["id"] for model in json.loads(listed.body)["data"]}


async def test_an_upstream_with_tls_is_asked_where_its_certificate_is_trusted(tmp_path: Path) -> None:
    certificate = certificate_for("localhost", tmp_path)
    answers = []
    with serving_models(certificate) as models:
        for env in ({"SSL_CERT_FILE": str(certificate)}, {}):
            with running("--upstream", models.url, env=env) as server:
                proxy = Proxy(port=server.port, ca=server.ca)
                answers.append(await ask(proxy, headers=HEADERS, body=body_for(stream=True)))

    assert (answers[0].status, said(answers[0])) == (200, "".join(WORDS))
    assert code_of(answers[1]) == (502, "upstream_unreachable")
    assert "certificate verify failed" in json.loads(answers[1].body)["error"]["message"]


# Who leaves, and what fails -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["1.1", "2"])
@pytest.mark.parametrize("model", ["endless", "silent"])
async def test_a_client_that_leaves_ends_the_request_there(
    proxy: Proxy, models: ModelServer, model: str, version: Version
) -> None:
    before = len(models.seen())
    async with connected(proxy, "connect", alpn="h2" if version == "2" else "http/1.1") as (reader, writer):
        question = Question(
            method="POST", path="/v1/chat/completions", headers=HEADERS, body=body_for(model, stream=True)
        )
        if version == "2":
            begin_h2(writer, question)
        else:
            writer.write(question.as_h1())
        if model == "silent":
            await asyncio.to_thread(models.asked, before)
        else:
            await reader.readuntil(b"words")

    assert await asyncio.to_thread(models.left)


@pytest.mark.parametrize("model", ["stalling", "silent"])
async def test_a_client_that_leaves_is_noted_before_the_head_and_in_the_middle(
    server: Server, proxy: Proxy, models: ModelServer, model: str
) -> None:
    token, before = f"sk-who-leaves-what-is-{model}", len(models.seen())
    async with connected(proxy, "connect") as (reader, writer):
        headers = (("Authorization", f"Bearer {token}"),)
        writer.write(question(body_for(model, stream=True), headers).as_h1())
        if model == "silent":
            await asyncio.to_thread(models.asked, before)
        else:
            await reader.readuntil(b"words")

    assert await asyncio.to_thread(_ending, server, token) == "client_left"


def _ending(server: Server, token: str) -> str:
    with Client(server.origin, token) as client:
        while (ending := client.request(1).ending) is None:
            pass
        return str(ending["how"])


async def test_a_stream_that_breaks_off_is_cut_where_it_broke(server: Server, proxy: Proxy) -> None:
    token = "sk-broken-off-in-the-middle"
    headers = (("Authorization", f"Bearer {token}"),)

    answers = [await ask(proxy, way, version, headers=headers, body=body_for("breaking", stream=True))
               for way, version in EACH_WAY]  # fmt: skip

    assert [(answer.status, answer.ended, said(answer)) for answer in answers] == [(200, "cut", "Real words")] * 6
    with Client(server.origin, token) as client:
        assert [exchange.ending and exchange.ending["how"] for exchange in client.requests()] == ["cut"] * 6


async def test_an_upstream_that_hangs_up_or_leads_elsewhere_is_told_of(proxy: Proxy) -> None:
    dying = await ask(proxy, headers=HEADERS, body=body_for("dying"))
    redirecting = await ask(proxy, headers=HEADERS, body=body_for("redirecting"))

    assert (code_of(dying), code_of(redirecting)) == ((502, "upstream_broken"), (502, "upstream_redirected"))
    assert (dying.header("x-should-retry"), redirecting.header("location")) == ("false", None)


async def test_nobody_listening_there_is_told_with_what_to_do(certs: Path) -> None:
    free = free_port()
    async with proxying_with(f"http://127.0.0.1:{free}/v1", certs) as proxy:
        answer = await ask(proxy, headers=HEADERS, body=body_for())

    assert code_of(answer) == (502, "upstream_unreachable")
    message = json.loads(answer.body)["error"]["message"]
    assert f"The upstream http://127.0.0.1:{free}/v1 cannot be reached" in message
    assert "LLEMULATOR_UPSTREAM" in message


async def test_an_upstream_that_says_nothing_is_given_up(certs: Path, models: ModelServer) -> None:
    async with proxying_with(models.url, certs, terms=Terms(upstream_timeout=0.3)) as proxy:
        silent = await ask(proxy, headers=HEADERS, body=body_for("silent"))
    # In this time its first words come, also where the machine is busy.
    async with proxying_with(models.url, certs, terms=Terms(upstream_timeout=3)) as proxy:
        stalling = await ask(proxy, headers=HEADERS, body=body_for("stalling", stream=True))

    assert code_of(silent) == (504, "upstream_timeout")
    assert (stalling.ended, said(stalling)) == ("cut", "Real words")


async def test_a_circle_is_seen() -> None:
    free = free_port()
    with running("--port", str(free), "--upstream", f"http://127.0.0.1:{free}/v1") as server:
        answer = await ask(Proxy(port=server.port, ca=server.ca), headers=HEADERS, body=body_for())

    assert code_of(answer) == (508, "upstream_circle")
