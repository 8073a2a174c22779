"""Which key and which network an upstream gets, and settings of upstreams that cannot be."""

import asyncio
import json
import re
from pathlib import Path

import pytest

from llemulator_addon.adapters.forwarding import Forwarding, Terms
from llemulator_addon.adapters.networks import Networks
from llemulator_addon.core.upstream import NamedBy, UpstreamKeys
from tests.wire_real.clients import (
    EACH_WAY,
    OPENAI,
    Proxy,
    ask,
    connected,
)
from tests.wire_real.model_server import ModelServer
from tests.wire_real.processes import LLEMULATOR, run, started
from tests.wire_real.proxies import Elsewhere, elsewhere, hang_up
from tests.wire_real.upstreams import HEADERS, KEY, body_for, code_of, proxying_with, question


async def _sent(proxy: Proxy, models: ModelServer) -> str | None:
    await ask(proxy, headers=HEADERS, body=body_for())
    headers = {name.lower(): value for name, value in models.seen()[-1]["headers"].items()}
    return headers.get("authorization")


async def test_a_key_goes_only_where_the_users_own_settings_say(certs: Path, models: ModelServer) -> None:
    own, passed = Terms(upstream_key=UpstreamKeys(for_all="sk-local")), Terms(upstream_pass_key=True)
    sent = []
    for named_by, terms in (("server", own), ("server", passed), ("script", own), ("script", passed)):
        async with proxying_with(models.url, certs, named_by=named_by, terms=terms) as proxy:  # type: ignore[arg-type]
            sent.append(await _sent(proxy, models))

    assert sent == ["Bearer sk-local", f"Bearer {KEY}", None, None]


async def test_each_upstream_gets_the_key_that_names_its_host(certs: Path, models: ModelServer) -> None:
    sent = []
    for keys in ({"localhost": "sk-this"}, {"other.test": "sk-other"}):
        async with proxying_with(models.url, certs, terms=Terms(upstream_key=UpstreamKeys(by_host=keys))) as proxy:
            sent.append(await _sent(proxy, models))

    assert sent == ["Bearer sk-this", None]


async def test_a_page_in_a_browser_does_not_spend_the_servers_key(certs: Path, models: ModelServer) -> None:
    page, before = (*HEADERS, ("Origin", "https://anybodys.example")), len(models.seen())
    async with proxying_with(models.url, certs, terms=Terms(upstream_key=UpstreamKeys(for_all="sk-local"))) as proxy:
        refused = await ask(proxy, headers=page, body=body_for())
        seen = len(models.seen()) - before
    async with proxying_with(models.url, certs, terms=Terms(upstream_pass_key=True)) as proxy:
        with_its_own = await ask(proxy, headers=page, body=body_for())

    assert (refused.status, json.loads(refused.body)["error"]["code"], seen) == (403, "key_not_for_pages", 0)
    assert "sk-local" not in refused.body.decode()
    assert with_its_own.status == 200


async def test_a_key_that_cannot_be_sent_is_told_of_without_it(
    certs: Path, models: ModelServer, caplog: pytest.LogCaptureFixture
) -> None:
    before = len(models.seen())
    async with proxying_with(
        models.url, certs, terms=Terms(upstream_key=UpstreamKeys(for_all="sk-not\nsendable"))
    ) as proxy:
        answer = await ask(proxy, headers=HEADERS, body=body_for())

    assert code_of(answer) == (502, "upstream_broken")
    assert "sendable" not in answer.body.decode() + caplog.text
    assert len(models.seen()) == before


@pytest.mark.parametrize("where", ["refuse", "ask"])
async def test_a_bug_on_the_way_there_is_answered_with_500_and_nothing_is_dialled(
    network: Elsewhere, certs: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("a bug")

    async with proxying_with(f"http://other.test:{network.port}/v1", certs) as proxy:
        with monkeypatch.context() as patched:
            patched.setattr(Forwarding, where, fail)
            answers = [await ask(proxy, way, version, headers=HEADERS, body=body_for()) for way, version in EACH_WAY]

    assert [code_of(answer) for answer in answers] == [(500, "llemulator_bug")] * len(EACH_WAY)
    assert network.connections == []


@pytest.mark.parametrize(
    ("host", "named_by", "terms"),
    [
        (OPENAI, "server", Terms()),
        (OPENAI, "script", Terms(upstream_pass_key=True)),
        (f"{OPENAI.upper()}.", "server", Terms()),
        ("x.openai.azure.com", "script", Terms(upstream_key=UpstreamKeys(for_all="sk-local"))),
    ],
)
async def test_openais_own_hosts_are_not_dialled_for_an_upstream(
    network: Elsewhere, certs: Path, host: str, named_by: NamedBy, terms: Terms
) -> None:
    async with proxying_with(f"http://{host}:{network.port}/v1", certs, named_by=named_by, terms=terms) as proxy:
        answer = await ask(proxy, headers=HEADERS, body=body_for())

    assert (code_of(answer), network.connections) == ((502, "upstream_refused"), [])


async def test_openais_own_host_is_dialled_where_the_user_names_it_and_a_key(network: Elsewhere, certs: Path) -> None:
    async with proxying_with(f"http://{OPENAI}:{network.port}/v1", certs, terms=Terms(upstream_pass_key=True)) as proxy:
        answer = await ask(proxy, headers=HEADERS, body=body_for())

    assert (code_of(answer), len(network.connections)) == ((502, "upstream_broken"), 1)


async def test_hermetic_holds_for_an_upstream_of_a_script_and_not_for_the_servers_own(
    network: Elsewhere, certs: Path
) -> None:
    codes = []
    for named_by in ("script", "server"):
        async with proxying_with(
            f"http://other.test:{network.port}/v1", certs, named_by=named_by, hermetic=True
        ) as proxy:
            codes.append(code_of(await ask(proxy, headers=HEADERS, body=body_for())))

    assert codes == [(403, "host_not_allowed"), (502, "upstream_broken")]
    assert len(network.connections) == 1


async def test_a_client_that_is_let_through_to_nobody_reaches_no_upstream_of_a_script(
    network: Elsewhere, certs: Path
) -> None:
    codes = []
    strangers = Networks("192.0.2.0/24")
    for named_by in ("script", "server"):
        url = f"http://other.test:{network.port}/v1"
        async with proxying_with(url, certs, named_by=named_by, pass_for=strangers) as proxy:
            codes.append(code_of(await ask(proxy, headers=HEADERS, body=body_for())))

    assert codes == [(403, "host_not_allowed"), (502, "upstream_broken")]
    assert len(network.connections) == 1


async def test_proxies_of_the_environment_are_not_asked(
    certs: Path, models: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with elsewhere(monkeypatch, hang_up) as network:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{network.port}")
        async with proxying_with(models.url, certs) as proxy:
            answer = await ask(proxy, headers=HEADERS, body=body_for())

        assert (answer.status, network.connections) == (200, [])


async def test_stopping_in_the_middle_ends_what_is_under_way_there_without_a_word(
    models: ModelServer, tmp_path: Path
) -> None:
    async with (
        started(*LLEMULATOR, "--port", "0", "--upstream", models.url, cwd=tmp_path) as begun,
        connected(begun.proxy, "connect") as (reader, writer),
    ):
        writer.write(question(body_for("endless", stream=True)).as_h1())
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
        await ask(begun.proxy, headers=HEADERS, body=body_for("tiny"))
        state = await ask(begun.proxy, "origin", method="GET", path="/_emulator/state", headers=HEADERS)
        told = await ask(begun.proxy, "origin", method="GET", path="/_emulator/requests/1", headers=HEADERS)
        ended = await begun.stop()

    assert models.seen()[-1]["headers"]["authorization"] == "Bearer sk-secret-of-upstream"
    assert f"tiny={models.url}" in shown.out
    assert re.search(r"upstream_key +\*\*\* +LLEMULATOR_UPSTREAM_KEY", shown.out)
    for text in (shown.out, shown.err, ended.out, ended.err, state.body.decode(), told.body.decode()):
        assert "sk-secret-of-upstream" not in text
