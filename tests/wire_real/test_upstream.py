"""Requests that no rule answers, handed to a real server of the user's: a process that streams with gaps."""

import asyncio
import json
import os
import re
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest
from openai import APIStatusError, OpenAI

from conformance.server import Server, running
from llemulator_addon.adapters.forwarding import Forwarding, Terms
from llemulator_addon.adapters.hosts import OPENAI_HOSTS, Hosts
from llemulator_addon.adapters.mitmproxy.ownership import TrafficPolicy
from llemulator_addon.adapters.networks import Networks
from llemulator_addon.client import Client
from llemulator_addon.core.upstream import NamedBy, Upstream, UpstreamKeys, Upstreams
from llemulator_addon.emulator import Emulator, EmulatorSettings
from llemulator_addon.store.memory import MemoryStore
from tests.wire_real.certificates import certificate_for
from tests.wire_real.clients import (
    EACH_WAY,
    OPENAI,
    Answer,
    Headers,
    Proxy,
    Question,
    Version,
    Way,
    ask,
    begin_h2,
    connected,
)
from tests.wire_real.model_server import GAP, WORDS, ModelServer
from tests.wire_real.model_server import serving as serving_models
from tests.wire_real.processes import LLEMULATOR, run, started
from tests.wire_real.proxies import Elsewhere, elsewhere, hang_up, proxying

_KEY = "sk-proj-the-real-key-of-the-application"
_HEADERS = (
    ("Authorization", f"Bearer {_KEY}"),
    ("Content-Type", "application/json"),
    ("Cookie", "session=secret"),
    ("OpenAI-Organization", "org-secret"),
    ("OpenAI-Project", "proj-secret"),
    ("X-Api-Key", "another-secret"),
)
_ALLOWED = "access-control-allow-origin"


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


_PRIVATE = Networks("private")


@asynccontextmanager
async def _proxying(  # noqa: PLR0913 - what a test is about is named
    url: str,
    certs: Path,
    *,
    named_by: NamedBy = "server",
    terms: Terms | None = None,
    hermetic: bool = False,
    pass_for: Networks = _PRIVATE,
) -> AsyncIterator[Proxy]:
    """Serve in this process, with one upstream for everything."""
    upstreams = Upstreams(anything=Upstream(url=url, named_by=named_by))
    policy = TrafficPolicy(hosts=Hosts(OPENAI_HOSTS), terms=terms or Terms(), hermetic=hermetic, pass_for=pass_for)
    async with proxying(Emulator(EmulatorSettings(upstreams=upstreams), MemoryStore), certs, policy) as (proxy, _):
        yield proxy


def _body(model: str = "smollm", **more: object) -> bytes:
    return json.dumps({"model": model, "messages": [{"role": "user", "content": "Hi"}], **more}).encode()


def _question(body: bytes, headers: Headers = _HEADERS) -> Question:
    return Question(method="POST", path="/v1/chat/completions", headers=headers, body=body)


def _code(answer: Answer) -> tuple[int, str]:
    return answer.status, json.loads(answer.body)["error"]["code"]


def _said(answer: Answer) -> str:
    lines = answer.body.decode().split("\n\n")
    events = [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: {")]
    return "".join(event["choices"][0]["delta"].get("content", "") for event in events)


# What passes through --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("way", "version"), EACH_WAY)
async def test_a_stream_passes_through_piece_by_piece_as_it_comes(proxy: Proxy, way: Way, version: Version) -> None:
    answer = await ask(proxy, way, version, headers=_HEADERS, body=_body(stream=True))

    times = [at for at, _ in answer.pieces]
    assert (answer.status, answer.ended, _said(answer)) == (200, "whole", "".join(WORDS))
    assert answer.body.endswith(b"data: [DONE]\n\n")
    # The server waits for so long between its first chunk and its last: nobody can have had them all at once.
    assert times[-1] - times[0] >= GAP


async def test_many_streams_pass_through_side_by_side(proxy: Proxy) -> None:
    asked = [ask(proxy, way, version, headers=_HEADERS, body=_body(stream=True)) for way, version in EACH_WAY * 8]

    answers = await asyncio.gather(*asked)

    assert [answer.body for answer in answers if answer.status != 200] == []
    assert {(answer.status, answer.ended, _said(answer)) for answer in answers} == {(200, "whole", "".join(WORDS))}


@pytest.mark.parametrize(("way", "version"), EACH_WAY)
async def test_an_answer_in_one_piece_passes_through(proxy: Proxy, way: Way, version: Version) -> None:
    answer = await ask(proxy, way, version, headers=_HEADERS, body=_body())

    assert answer.status == 200
    assert json.loads(answer.body)["choices"][0]["message"]["content"] == "".join(WORDS)


def test_the_official_sdk_gets_the_real_models_words_through_the_proxy(
    server: Server, models: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", server.origin)
    monkeypatch.setenv("SSL_CERT_FILE", str(server.ca))
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    trusting = httpx2.Client(verify=ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"]))
    with OpenAI(api_key=_KEY, http_client=trusting) as client:
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
    assert _KEY not in json.dumps(models.seen())


async def test_neither_the_key_nor_anything_that_names_the_user_goes_there(proxy: Proxy, models: ModelServer) -> None:
    await ask(proxy, path="/v1/chat/completions?api-key=sk-query&x=1", headers=_HEADERS, body=_body())

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
    answer = await ask(proxy, headers=_HEADERS, body=_body("with-cookies"))

    back = [answer.header(name) for name in ("x-request-id", "set-cookie", "alt-svc")]
    assert back == ["theirs", None, None]


@pytest.mark.parametrize("model", ["for-its-own-pages", "dying"])
async def test_a_page_may_read_what_comes_back_whomever_the_upstream_lets(proxy: Proxy, model: str) -> None:
    of_a_page = await ask(proxy, headers=(*_HEADERS, ("Origin", "https://app.example")), body=_body(model))
    of_another = await ask(proxy, headers=_HEADERS, body=_body(model))

    allowed = [[value for name, value in answer.headers if name == _ALLOWED] for answer in (of_a_page, of_another)]
    assert allowed == [["*"], []]


async def test_the_journal_has_what_came_back_and_the_egress_report_counts_it(server: Server, proxy: Proxy) -> None:
    token = "sk-journal-of-an-upstream"
    await ask(proxy, headers=(("Authorization", f"Bearer {token}"),), body=_body(stream=True))

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
    ruled = await ask(proxy, headers=headers, body=_body("tiny"))
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
                answers.append(await ask(proxy, headers=_HEADERS, body=_body(stream=True)))

    assert (answers[0].status, _said(answers[0])) == (200, "".join(WORDS))
    assert _code(answers[1]) == (502, "upstream_unreachable")
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
            method="POST", path="/v1/chat/completions", headers=_HEADERS, body=_body(model, stream=True)
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
        writer.write(_question(_body(model, stream=True), headers).as_h1())
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

    answers = [await ask(proxy, way, version, headers=headers, body=_body("breaking", stream=True))
               for way, version in EACH_WAY]  # fmt: skip

    assert [(answer.status, answer.ended, _said(answer)) for answer in answers] == [(200, "cut", "Real words")] * 6
    with Client(server.origin, token) as client:
        assert [exchange.ending and exchange.ending["how"] for exchange in client.requests()] == ["cut"] * 6


async def test_an_upstream_that_hangs_up_or_leads_elsewhere_is_told_of(proxy: Proxy) -> None:
    dying = await ask(proxy, headers=_HEADERS, body=_body("dying"))
    redirecting = await ask(proxy, headers=_HEADERS, body=_body("redirecting"))

    assert (_code(dying), _code(redirecting)) == ((502, "upstream_broken"), (502, "upstream_redirected"))
    assert (dying.header("x-should-retry"), redirecting.header("location")) == ("false", None)


async def test_nobody_listening_there_is_told_with_what_to_do(certs: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        free = taken.getsockname()[1]
    async with _proxying(f"http://127.0.0.1:{free}/v1", certs) as proxy:
        answer = await ask(proxy, headers=_HEADERS, body=_body())

    assert _code(answer) == (502, "upstream_unreachable")
    message = json.loads(answer.body)["error"]["message"]
    assert f"The upstream http://127.0.0.1:{free}/v1 cannot be reached" in message
    assert "LLEMULATOR_UPSTREAM" in message


async def test_an_upstream_that_says_nothing_is_given_up(certs: Path, models: ModelServer) -> None:
    async with _proxying(models.url, certs, terms=Terms(idle_timeout=0.3)) as proxy:
        silent = await ask(proxy, headers=_HEADERS, body=_body("silent"))
        stalling = await ask(proxy, headers=_HEADERS, body=_body("stalling", stream=True))

    assert _code(silent) == (504, "upstream_timeout")
    assert (stalling.ended, _said(stalling)) == ("cut", "Real words")


async def test_a_circle_is_seen() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        free = taken.getsockname()[1]
    with running("--port", str(free), "--upstream", f"http://127.0.0.1:{free}/v1") as server:
        answer = await ask(Proxy(port=server.port, ca=server.ca), headers=_HEADERS, body=_body())

    assert _code(answer) == (508, "upstream_circle")


# Whose key goes where -------------------------------------------------------------------------------------------------


async def _sent(proxy: Proxy, models: ModelServer) -> str | None:
    await ask(proxy, headers=_HEADERS, body=_body())
    headers = {name.lower(): value for name, value in models.seen()[-1]["headers"].items()}
    return headers.get("authorization")


async def test_a_key_goes_only_where_the_users_own_settings_say(certs: Path, models: ModelServer) -> None:
    own, passed = Terms(keys=UpstreamKeys(for_all="sk-local")), Terms(passes_key=True)
    sent = []
    for named_by, terms in (("server", own), ("server", passed), ("script", own), ("script", passed)):
        async with _proxying(models.url, certs, named_by=named_by, terms=terms) as proxy:  # type: ignore[arg-type]
            sent.append(await _sent(proxy, models))

    assert sent == ["Bearer sk-local", f"Bearer {_KEY}", None, None]


async def test_each_upstream_gets_the_key_that_names_its_host(certs: Path, models: ModelServer) -> None:
    sent = []
    for keys in ({"localhost": "sk-this"}, {"other.test": "sk-other"}):
        async with _proxying(models.url, certs, terms=Terms(keys=UpstreamKeys(by_host=keys))) as proxy:
            sent.append(await _sent(proxy, models))

    assert sent == ["Bearer sk-this", None]


async def test_a_page_in_a_browser_does_not_spend_the_servers_key(certs: Path, models: ModelServer) -> None:
    page, before = (*_HEADERS, ("Origin", "https://anybodys.example")), len(models.seen())
    async with _proxying(models.url, certs, terms=Terms(keys=UpstreamKeys(for_all="sk-local"))) as proxy:
        refused = await ask(proxy, headers=page, body=_body())
        seen = len(models.seen()) - before
    async with _proxying(models.url, certs, terms=Terms(passes_key=True)) as proxy:
        with_its_own = await ask(proxy, headers=page, body=_body())

    assert (refused.status, json.loads(refused.body)["error"]["code"], seen) == (403, "key_not_for_pages", 0)
    assert "sk-local" not in refused.body.decode()
    assert with_its_own.status == 200


async def test_a_key_that_cannot_be_sent_is_told_of_without_it(
    certs: Path, models: ModelServer, caplog: pytest.LogCaptureFixture
) -> None:
    before = len(models.seen())
    async with _proxying(models.url, certs, terms=Terms(keys=UpstreamKeys(for_all="sk-not\nsendable"))) as proxy:
        answer = await ask(proxy, headers=_HEADERS, body=_body())

    assert _code(answer) == (502, "upstream_broken")
    assert "sendable" not in answer.body.decode() + caplog.text
    assert len(models.seen()) == before


@pytest.mark.parametrize("where", ["refuse", "ask"])
async def test_a_bug_on_the_way_there_is_answered_with_500_and_nothing_is_dialled(
    network: Elsewhere, certs: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("a bug")

    async with _proxying(f"http://other.test:{network.port}/v1", certs) as proxy:
        with monkeypatch.context() as patched:
            patched.setattr(Forwarding, where, fail)
            answers = [await ask(proxy, way, version, headers=_HEADERS, body=_body()) for way, version in EACH_WAY]

    assert [_code(answer) for answer in answers] == [(500, "llemulator_bug")] * len(EACH_WAY)
    assert network.connections == []


@pytest.mark.parametrize(
    ("host", "named_by", "terms"),
    [
        (OPENAI, "server", Terms()),
        (OPENAI, "script", Terms(passes_key=True)),
        (f"{OPENAI.upper()}.", "server", Terms()),
        ("x.openai.azure.com", "script", Terms(keys=UpstreamKeys(for_all="sk-local"))),
    ],
)
async def test_openais_own_hosts_are_not_dialled_for_an_upstream(
    network: Elsewhere, certs: Path, host: str, named_by: NamedBy, terms: Terms
) -> None:
    async with _proxying(f"http://{host}:{network.port}/v1", certs, named_by=named_by, terms=terms) as proxy:
        answer = await ask(proxy, headers=_HEADERS, body=_body())

    assert (_code(answer), network.connections) == ((502, "upstream_refused"), [])


async def test_openais_own_host_is_dialled_where_the_user_names_it_and_a_key(network: Elsewhere, certs: Path) -> None:
    async with _proxying(f"http://{OPENAI}:{network.port}/v1", certs, terms=Terms(passes_key=True)) as proxy:
        answer = await ask(proxy, headers=_HEADERS, body=_body())

    assert (_code(answer), len(network.connections)) == ((502, "upstream_broken"), 1)


async def test_hermetic_holds_for_an_upstream_of_a_script_and_not_for_the_servers_own(
    network: Elsewhere, certs: Path
) -> None:
    codes = []
    for named_by in ("script", "server"):
        async with _proxying(f"http://other.test:{network.port}/v1", certs, named_by=named_by, hermetic=True) as proxy:
            codes.append(_code(await ask(proxy, headers=_HEADERS, body=_body())))

    assert codes == [(403, "host_not_allowed"), (502, "upstream_broken")]
    assert len(network.connections) == 1


async def test_a_client_that_is_let_through_to_nobody_reaches_no_upstream_of_a_script(
    network: Elsewhere, certs: Path
) -> None:
    codes = []
    strangers = Networks("192.0.2.0/24")
    for named_by in ("script", "server"):
        url = f"http://other.test:{network.port}/v1"
        async with _proxying(url, certs, named_by=named_by, pass_for=strangers) as proxy:
            codes.append(_code(await ask(proxy, headers=_HEADERS, body=_body())))

    assert codes == [(403, "host_not_allowed"), (502, "upstream_broken")]
    assert len(network.connections) == 1


async def test_proxies_of_the_environment_are_not_asked(
    certs: Path, models: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with elsewhere(monkeypatch, hang_up) as network:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{network.port}")
        async with _proxying(models.url, certs) as proxy:
            answer = await ask(proxy, headers=_HEADERS, body=_body())

        assert (answer.status, network.connections) == (200, [])


async def test_stopping_in_the_middle_ends_what_is_under_way_there_without_a_word(
    models: ModelServer, tmp_path: Path
) -> None:
    async with (
        started(*LLEMULATOR, "--port", "0", "--upstream", models.url, cwd=tmp_path) as begun,
        connected(begun.proxy, "connect") as (reader, writer),
    ):
        writer.write(_question(_body("endless", stream=True)).as_h1())
        await reader.readuntil(b"words")
        ended = await begun.stop()

    assert (ended.status, ended.err) == (0, "")
    assert await asyncio.to_thread(models.left)


@pytest.mark.parametrize(
    ("options", "environment", "wanted"),
    [
        (
            ("--on-unmatched", "upstream"),
            {},
            "--on-unmatched: there is no upstream; name one with `upstream: http://127.0.0.1:8081/v1` in the",
        ),
        (
            ("--upstream", "http://user:word@127.0.0.1"),
            {},
            "--upstream: expected a base URL, or MODEL=URL with commas between; a key does not belong into a URL",
        ),
        (
            (),
            {"LLEMULATOR_UPSTREAM": "https://api.openai.com/v1"},
            "LLEMULATOR_UPSTREAM: api.openai.com belongs to OpenAI; to really forward requests there, give a key with",
        ),
        (
            ("--upstream", "http://127.0.0.1:1", "--upstream-key", "sk-secret with blanks"),
            {},
            "--upstream-key: expected a key, or HOST=KEY with commas between; it has neither blanks nor letters",
        ),
        (
            ("--upstream", "https://api.openai.com/v1,a=http://127.0.0.1:1", "--upstream-key", "sk-secret"),
            {},
            "--upstream-key: --upstream names 2 hosts; name the host of each key, as api.openai.com=KEY, so that no",
        ),
        (
            ("--upstream", "http://127.0.0.1:1", "--upstream-key", "other.test=sk-secret"),
            {},
            "--upstream-key: --upstream does not name the host other.test",
        ),
        (
            ("--upstream", "http://127.0.0.1:1", "--upstream-pass-key", "--upstream-key", "sk-secret"),
            {},
            "--upstream-key: it sends another key in place of the application's; leave out --upstream-pass-key, or",
        ),
    ],
)
async def test_what_cannot_be_is_one_line_when_the_server_starts(
    tmp_path: Path, options: tuple[str, ...], environment: dict[str, str], wanted: str
) -> None:
    ended = await run(*LLEMULATOR, "--port", "0", *options, cwd=tmp_path, env=environment)

    assert (ended.status, ended.out, ended.err.count("\n")) == (1, "", 1)
    assert f"llemulator: {wanted}" in ended.err
    assert "word@" not in ended.err
    assert "sk-secret" not in ended.err


async def test_a_script_that_names_the_fallback_and_no_upstream_is_told_of_with_its_file(tmp_path: Path) -> None:
    (tmp_path / "script.yaml").write_text("defaults: {on_unmatched: upstream}", "utf-8")
    ended = await run(*LLEMULATOR, "--port", "0", "--script", "script.yaml", cwd=tmp_path)

    assert (ended.status, ended.out) == (1, "")
    assert ended.err.startswith("llemulator: script.yaml: defaults.on_unmatched: there is no upstream; name one")


async def test_neither_config_nor_the_log_shows_the_upstreams_key(tmp_path: Path, models: ModelServer) -> None:
    environment = {"LLEMULATOR_UPSTREAM_KEY": "sk-secret-of-upstream", "LLEMULATOR_UPSTREAM": f"tiny={models.url}"}
    shown = await run(*LLEMULATOR, "config", cwd=tmp_path, env=environment)
    async with started(
        *LLEMULATOR, "--port", "0", "--log-level", "debug", cwd=tmp_path, env={**environment, "DEBUG": "true"}
    ) as begun:
        await ask(begun.proxy, headers=_HEADERS, body=_body("tiny"))
        state = await ask(begun.proxy, "origin", method="GET", path="/_emulator/state", headers=_HEADERS)
        told = await ask(begun.proxy, "origin", method="GET", path="/_emulator/requests/1", headers=_HEADERS)
        ended = await begun.stop()

    assert models.seen()[-1]["headers"]["authorization"] == "Bearer sk-secret-of-upstream"
    assert f"tiny={models.url}" in shown.out
    assert re.search(r"upstream_key +\*\*\* +LLEMULATOR_UPSTREAM_KEY", shown.out)
    for text in (shown.out, shown.err, ended.out, ended.err, state.body.decode(), told.body.decode()):
        assert "sk-secret-of-upstream" not in text
