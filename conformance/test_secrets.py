"""Secrets that a client sends are in no output of the program.

That is the journal, HAR, verdict, reports, pages, metrics, logs, and what `run`, `doctor` and the pytest plugin print.
"""

import base64
import json
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

import httpx
import pytest

from conformance.server import Server, plain_environment, running
from llemulator_addon.admin import ROUTES, news_stream

_MARK = secrets.token_hex(6)
_TOKEN = f"sk-proj-{_MARK}aaaaaaaaaaaaaaaaaaaaaaaa"
_AZURE = f"{_MARK}bbbbbbbbbbbbbbbbbbbb"
_COOKIE = f"{_MARK}cccccccccc"
_QUERY = f"{_MARK}dddddddddd"
_OTHER = f"sk-proj-{_MARK}eeeeeeeeeeeeeeeeeeeeeeee"
_BASIC = f"{_MARK}ffffffffff"
_SECRETS = (_MARK, base64.b64encode(f"user:{_BASIC}".encode()).decode())

_SCRIPT = {
    "rules": [
        {"name": "one", "match": {"header": {"authorization": "never"}}, "reply": {"text": "x"}},
        {"name": "two", "match": {"user_text": "hello"}, "reply": {"text": "Hi", "template": True}},
    ]
}


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running("--log-level", "debug", env={"DEBUG": "true"}) as server:
        yield server


def _headers(token: str = _TOKEN) -> dict[str, str]:
    return {
        "authorization": f"Bearer {token}",
        "cookie": f"session={_COOKIE}",
        "proxy-authorization": f"Bearer {_COOKIE}",
        "x-api-key": _AZURE,
        "x-auth-token": _AZURE,
    }


def _ask_in_every_way(server: Server) -> None:
    """Send secrets wherever a client may: in headers, the query, texts; matched, unmatched, refused and wrong."""
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": f"hello, my key is {_OTHER} or {_TOKEN}"}]}
    with httpx.Client(base_url=server.origin, trust_env=False) as http:
        http.post("/_emulator/script", headers=_headers(), json=_SCRIPT)
        url = f"/v1/chat/completions?api-key={_QUERY}"
        for more in ({}, {"stream": True}, {"model": _OTHER}, {"messages": [{"role": "user", "content": _OTHER}]}):
            http.post(url, headers=_headers(), json={**body, **more})
        http.post(url, headers=_headers(), content=f"not json {_OTHER}")
        http.post(url, headers={"api-key": _AZURE}, json=body)
        http.post(url, headers={"authorization": f"Basic {_SECRETS[1]}"}, json=body)
        http.post(url, json=body)
        http.get(f"/v1/unknown?key={_QUERY}", headers=_headers())
        http.post("/_emulator/script", headers=_headers(), content=f"rules: {_OTHER}")
        http.post("/_emulator/verify", headers=_headers(), content=f'{{"{_OTHER}": 1}}')


def test_no_output_shows_a_secret(server: Server, tmp_path: Path) -> None:
    _ask_in_every_way(server)

    found = {place: [secret for secret in _SECRETS if secret in text] for place, text in _outputs(server, tmp_path)}
    assert len(found) > len(ROUTES)
    assert {place: secrets for place, secrets in found.items() if secrets} == {}


def _outputs(server: Server, folder: Path) -> Iterator[tuple[str, str]]:
    tokens = (_TOKEN, _AZURE, _BASIC)
    with httpx.Client(base_url=server.origin, trust_env=False) as http:
        for token in tokens:
            for path in (
                *(
                    path.replace("{number}", "1")
                    for path, route in ROUTES.items()
                    if route.get and route.produces != news_stream.PRODUCES
                ),
                "/_emulator/requests?format=full",
                "/_emulator/requests?format=har",
                "/metrics",
            ):
                yield f"{path} {token[-4:]}", http.get(path, headers=_headers(token)).text
            verdict = http.post("/_emulator/verify", headers=_headers(token), content=json.dumps({"egress": True}))
            yield f"verify {token[-4:]}", verdict.text
        # It stays open; what has happened under this token is told at once.
        with http.stream("GET", f"{news_stream.PATH}?since=0", headers=_headers()) as live:
            yield news_stream.PATH, "".join(islice(live.iter_text(), 2))
    for ending in (".xml", ".json", ".html"):
        file = folder / f"report{ending}"
        yield f"printed with {ending}", _verified(server, file)
        yield f"report{ending}", file.read_text("utf-8")
    yield "log", "".join(server.said)


def _verified(server: Server, report: Path) -> str:
    command = [sys.executable, "-m", "llemulator_addon", "verify", "--url", server.origin, "--report", str(report)]
    env = {**plain_environment(), "OPENAI_API_KEY": _TOKEN}
    return subprocess.run(command, env=env, check=False, capture_output=True, text=True).stdout


_PROGRAM = f"""
import http.client, json, os
from urllib.parse import urlsplit

def ask(text, headers, path="/v1/chat/completions?api-key={_QUERY}"):
    proxy = urlsplit(os.environ["HTTPS_PROXY"])
    plain = http.client.HTTPConnection(proxy.hostname, proxy.port, timeout=300)
    body = json.dumps({{"model": "gpt-4o", "messages": [{{"role": "user", "content": text}}]}})
    plain.request("POST", path, body, {{"Content-Type": "application/json", "Host": "api.openai.com", **headers}})
    return plain.getresponse().read()

def ask_in_every_way():
    for key in (os.environ["OPENAI_API_KEY"], "{_OTHER}"):
        for text in ("hello", "unheard of", "my key is {_OTHER} and " + key):
            ask(text, {{"Authorization": "Bearer " + key, "Cookie": "a={_COOKIE}", "X-Api-Key": "{_AZURE}"}})
    ask("hello", {{"Authorization": "Basic {_SECRETS[1]}"}})
    ask("hello", {{"Api-Key": "{_AZURE}"}})
    ask("hello", {{}}, "/v1/unknown?token={_QUERY}")
"""


def _printed(*command: str, cwd: Path, **env: str) -> str:
    """Return what a command of ours prints, to whichever output."""
    whole = {**plain_environment(), "OPENAI_API_KEY": _TOKEN, **env}
    done = subprocess.run([sys.executable, *command], env=whole, cwd=cwd, check=False, capture_output=True, text=True)
    return done.stdout + done.stderr


def test_run_shows_no_secret_in_its_summary_and_reports(tmp_path: Path) -> None:
    (tmp_path / "asking.py").write_text(f"{_PROGRAM}\nask_in_every_way()\n")
    (tmp_path / "script.json").write_text(json.dumps(_SCRIPT))
    reports = [tmp_path / f"report{ending}" for ending in (".xml", ".json", ".html")]
    options = ["--strict", "--log-level", "debug", "--script", "script.json", *(f"--report={file}" for file in reports)]
    said = _printed("-m", "llemulator_addon", "run", *options, "--", sys.executable, "asking.py", cwd=tmp_path)

    shown = {"summary": said, **{file.name: file.read_text("utf-8") for file in reports}}
    assert "was not answered by a rule" in said
    assert [place for place, text in shown.items() if _MARK in text or _SECRETS[1] in text] == []


def test_the_pytest_plugin_shows_no_secret_in_failures_and_reports(tmp_path: Path) -> None:
    (tmp_path / "asking.py").write_text(_PROGRAM)
    (tmp_path / "test_it.py").write_text("""
import pytest
from asking import ask_in_every_way

def test_fails(llemulator):
    llemulator.on("hello").reply("Hi").on("never").reply("x")
    ask_in_every_way()
    assert llemulator.requests == ()

def test_is_amiss(llemulator):
    llemulator.on("hello").reply("Hi").on("never").reply("x")
    ask_in_every_way()

def test_verifies(llemulator):
    llemulator.on("hello").reply("Hi")
    ask_in_every_way()
    llemulator.verify(expectations=[{"match": "not asked"}])
""")
    options = ["-rA", "--llemulator-report", "--junitxml=junit.xml", "-p", "no:cacheprovider", "-vv", "--tb=long"]
    said = _printed("-m", "pytest", *options, cwd=tmp_path)

    junit = (tmp_path / "junit.xml").read_text("utf-8")
    assert "amiss" in said
    # Of a test's own token, too: nothing but its name in the environment.
    assert [secret for secret in (*_SECRETS, "sk-llemulator-") if secret in said + junit] == []


@pytest.mark.parametrize("debug", ["", "true"])
def test_the_log_of_a_bug_shows_no_secret(tmp_path: Path, debug: str) -> None:
    (tmp_path / "sitecustomize.py").write_text("""
from llemulator_addon.emulator import Emulator

async def answer(self, request, answer=Emulator.answer):
    if request.path == "/v1/chat/completions":
        raise ValueError(f"{request.headers} {request.query} {request.body}")
    return await answer(self, request)

Emulator.answer = answer
""")
    log, answers = "", []
    with (
        suppress(RuntimeError),  # of a server that has a traceback in its log
        running("--log-level", "debug", env={"DEBUG": debug, "PYTHONPATH": str(tmp_path)}) as server,
    ):
        answers = [_asked_of(server, headers) for headers in (_headers(), {"api-key": _AZURE})]
        log = "".join(server.said)

    assert {status for status, _ in answers} == {500}
    assert "a bug of llemulator" in log
    assert ("ValueError: " in log) is bool(debug)
    assert [secret for secret in _SECRETS if secret in log + "".join(text for _, text in answers)] == []


def _asked_of(server: Server, headers: dict[str, str]) -> tuple[int, str]:
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": f"my key is {_OTHER}"}]}
    url = f"{server.origin}/v1/chat/completions?api-key={_QUERY}"
    answer = httpx.post(url, headers=headers, json=body, trust_env=False)
    return answer.status_code, answer.text


def test_doctor_shows_no_secret(tmp_path: Path) -> None:
    proxy = f"http://user:{_COOKIE}@127.0.0.1:9"
    environment = {"OPENAI_BASE_URL": f"http://user:{_BASIC}@127.0.0.1:9/v1?api-key={_QUERY}", "HTTPS_PROXY": proxy}
    said = _printed("-m", "llemulator_addon", "doctor", "--port", "0", cwd=tmp_path, **environment)

    assert "OPENAI_BASE_URL" in said
    assert _MARK not in said
