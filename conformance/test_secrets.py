"""Secrets that a client sends are in no output of the program: journal, HAR, verdict, reports, pages, metrics, logs."""

import base64
import json
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from conformance.server import Server, plain_environment, running
from llemulator_addon.admin import ROUTES, live

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
                *(path.replace("{number}", "1") for path, route in ROUTES.items() if route.get and path != live.PATH),
                "/_emulator/requests?format=full",
                "/_emulator/requests?format=har",
                "/metrics",
            ):
                yield f"{path} {token[-4:]}", http.get(path, headers=_headers(token)).text
            verdict = http.post("/_emulator/verify", headers=_headers(token), content=json.dumps({"egress": True}))
            yield f"verify {token[-4:]}", verdict.text
        # Answered only where there is something to tell, as there is under this token.
        yield live.PATH, http.get(f"{live.PATH}?since=0", headers=_headers()).text
    for ending in (".xml", ".json", ".html"):
        file = folder / f"report{ending}"
        yield f"printed with {ending}", _verified(server, file)
        yield f"report{ending}", file.read_text("utf-8")
    yield "log", "".join(server.said)


def _verified(server: Server, report: Path) -> str:
    command = [sys.executable, "-m", "llemulator_addon", "verify", "--url", server.origin, "--report", str(report)]
    env = {**plain_environment(), "OPENAI_API_KEY": _TOKEN}
    return subprocess.run(command, env=env, check=False, capture_output=True, text=True).stdout
