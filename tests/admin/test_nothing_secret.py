"""Whatever secret stands wherever in a request: nothing that is shown afterwards has it."""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llemulator_addon.adapters.run.summary import Seen, judge, summarize
from llemulator_addon.adapters.verdict_files import REPORTS
from llemulator_addon.admin.exchange_json import show_in_brief, size_in_brief
from llemulator_addon.core.egress import HostEgress
from llemulator_addon.core.outcome import Closed, Ending
from llemulator_addon.core.prompt import Message, Prompt
from llemulator_addon.core.request import Request
from llemulator_addon.emulator import Emulator
from llemulator_addon.engine.journal import Exchange
from llemulator_addon.wire.credentials import key_of
from llemulator_addon.wire.prices import Prices
from llemulator_addon.wire.redaction import Token
from tests.playing import body_of, chat, emulator, play, played, post, request, sessions
from tests.wire.secrets import ANY, FORMS, NAMES, core

_TOKEN = "sk-short1-of-a-test"
_MESSAGES = [{"role": "user", "content": "Hi"}]
_BODIES: Mapping[str, dict[str, object]] = {
    "/v1/chat/completions": {"model": "gpt-4o", "messages": _MESSAGES},
    "/v1/responses": {"model": "gpt-4o", "input": "Hi"},
    "/v1/completions": {"model": "gpt-3.5-turbo-instruct", "prompt": "Hi"},
    "/v1/embeddings": {"model": "text-embedding-3-small", "input": "Hi"},
    "/v1/moderations": {"input": "Hi"},
    "/v1/conversations": {"metadata": {"a": "b"}},
    "/v1/nothing": {"a": "b"},
}
_ROUTES = (
    "/_emulator/requests",
    "/_emulator/requests?format=full",
    "/_emulator/requests?format=har",
    "/_emulator/requests?format=script",
    "/_emulator/requests/live?since=0",
    "/_emulator/unclaimed",
    "/_emulator/egress",
    "/_emulator/script",
    "/_emulator/state",
    "/_emulator/resources",
    *(f"/_emulator/resources/{number}" for number in range(4)),
    "/_emulator/waiting",
)
_SCRIPT = {"rules": [{"match": {"user_text": "nobody says this", "header": {"x-any": "a"}}, "reply": "b"}]}


def _saying(path: str, text: str) -> Request:
    body = _BODIES[path]
    return post(
        path, body | ({"messages": [{"role": "user", "content": text}]} if "messages" in body else {"input": text})
    )


def _with_more(path: str, more: dict[str, object]) -> Request:
    return post(path, _BODIES[path] | more)


def _mcp(secret: str) -> dict[str, object]:
    return {
        "type": "mcp",
        "server_label": "a",
        "server_url": "https://x.example",
        "authorization": secret,
        "headers": {"X-Any": secret},
    }


def _url(name: str, secret: str) -> str:
    return f"https://x.example/?{urlencode({name: secret})}"


_PLACES: dict[str, Callable[[str, str, str], Request]] = {
    "path": lambda path, secret, _: post(f"{path}/{quote(secret, safe='')}", _BODIES[path]),
    "user text": lambda path, secret, _: _saying(path, f"my secret is {secret} now"),
    "header by form": lambda path, secret, _: post(path, _BODIES[path], headers={"x-any": secret.replace("\n", "")}),
    "header by name": lambda path, secret, name: post(path, _BODIES[path], headers={name.lower(): secret}),
    "query": lambda path, secret, name: replace(
        post(path, _BODIES[path]), query=((name, secret), ("next", _url(name, secret)))
    ),
    "referer": lambda path, secret, name: post(path, _BODIES[path], headers={"referer": _url(name, secret)}),
    "mcp": lambda path, secret, _: _with_more(path, {"tools": [_mcp(secret)]}),
    "member": lambda path, secret, name: _with_more(path, {"metadata": {name: secret}}),
    "arguments": lambda path, secret, name: _with_more(
        path, {"x": json.dumps({name: secret, "b": json.dumps({name: secret})})}
    ),
    "no JSON": lambda path, secret, name: request(
        "POST", path, body=f'{{"{name}": {json.dumps(secret)}, "x": '.encode()
    ),
    "form": lambda path, secret, name: request("POST", path, body=urlencode({name: secret}).encode()),
    "bytes": lambda path, secret, name: request("POST", path, body=b"\xff " + json.dumps({name: secret}).encode()),
}
"""A request with a secret somewhere: by its form, or by the name before it."""


_BY_NAME = ("header by name", "member", "arguments", "no JSON", "form", "bytes", "query", "mcp", "referer")
_BY_FORM = tuple(_PLACES)


def _shown(server: Emulator, *asked: Request) -> str:
    steps = play(server, *asked, *(request("GET", path) for path in _ROUTES), post("/_emulator/verify", {}))
    admin = b"".join(map(body_of, steps[len(asked) :])).decode()
    seen = Seen(
        sessions=sessions(server), hosts=[HostEgress(host=each.host, passed=1) for each in asked], token="sk-test-1234"
    )
    all_told = judge(seen)
    reports = "".join(report(all_told) for report in REPORTS.values())
    return admin + reports + "\n".join(summarize(seen, all_told, strict=True))


def _standing(secret: str, shown: str) -> list[str]:
    spellings = (secret, quote(secret, safe=""), json.dumps(secret)[1:-1], secret.encode().hex())
    return [spelled for spelled in spellings if spelled in shown]


_SERVER_URLS = (
    "https://user:SECRET@mcp.example/mcp",
    "https://SECRET@mcp.example/mcp",
    *(
        f"https://mcp.example/mcp?{name}=SECRET"
        for name in ("key", "token", "api_key", "exaApiKey", "code", "t", "k%65y")
    ),
    "https://mcp.example/api/mcp/s/SECRET/mcp",
    "https://mcp.example/mcp#SECRET",
    "https://mcp.example/mcp;token=SECRET",
)


@pytest.mark.parametrize("url", _SERVER_URLS)
@pytest.mark.parametrize("stream", [False, True])
def test_the_key_in_the_url_of_an_mcp_server_is_echoed_to_its_client_and_shown_nowhere_else(
    url: str, *, stream: bool
) -> None:
    server, url = emulator({"rules": [{"reply": "Hi"}]}, debug=True), url.replace("SECRET", ANY)
    tool = {"type": "mcp", "server_label": "a", "server_url": url, "require_approval": "never"}
    asked = _with_more("/v1/responses", {"tools": [tool], "stream": stream})
    broken = request("POST", "/v1/responses", body=json.dumps({"x": json.dumps(tool), "tools": [tool]})[:-1].encode())
    (echoed,) = play(server, asked)
    shown = _shown(server, broken)

    assert url.encode() in body_of(echoed)
    assert _standing(ANY, shown) == []
    assert "https://" in shown
    assert "mcp.example" in shown


@pytest.mark.parametrize("url", ["https://mcp.example", "https://mcp.example/mcp", "http://127.0.0.1:9000/sse"])
def test_the_url_of_an_mcp_server_without_a_secret_is_shown(url: str) -> None:
    tool = {"type": "mcp", "server_label": "a", "server_url": url, "require_approval": "never"}

    assert f'"server_url": "{url}"' in _shown(emulator(_SCRIPT), _with_more("/v1/responses", {"tools": [tool]}))


@given(
    st.sampled_from(sorted(_BODIES)), st.sampled_from(_BY_FORM), st.sampled_from(sorted(FORMS)), st.sampled_from(NAMES)
)
@settings(max_examples=150, deadline=None)
def test_a_secret_of_any_form_at_any_place_is_not_shown(path: str, place: str, form: str, name: str) -> None:
    secret = FORMS[form]
    shown = _shown(emulator(_SCRIPT, debug=True), _PLACES[place](path, secret, name))

    assert [found for part in core(secret) for found in _standing(part.replace("\n", ""), shown)] == []


@given(st.sampled_from(sorted(_BODIES)), st.sampled_from(_BY_NAME), st.sampled_from(NAMES))
@settings(max_examples=100, deadline=None)
def test_a_secret_without_a_form_is_known_by_its_name(path: str, place: str, name: str) -> None:
    assert _standing(ANY, _shown(emulator(_SCRIPT, debug=True), _PLACES[place](path, ANY, name))) == []


@pytest.mark.parametrize("token", ["token-of-mine", "a token/with=signs&more", "sk-short1"])
def test_the_token_itself_is_shown_nowhere(token: str) -> None:
    server = emulator(debug=True)
    asked = [
        post(f"/v1/{quote(token, safe='')}/{token}", {"a": token}, token=token),
        chat(f"it is {token}", token=token),
        replace(chat("x", token=token), query=(("a", token), (token, "b"))),
    ]
    steps = play(server, *asked, *(request("GET", path, token=token) for path in _ROUTES))
    shown = b"".join(map(body_of, steps[len(asked) :])).decode()

    assert _standing(token, shown) == []


def test_what_waits_for_a_person_shows_no_secret() -> None:
    async def waiting() -> str:
        server = emulator(on_unmatched="manual")
        task = asyncio.create_task(server.answer(chat(f"it is {FORMS['GitHub']}")))
        await asyncio.sleep(0)
        shown = body_of(played(await server.answer(request("GET", "/_emulator/waiting"))).steps).decode()
        task.cancel()
        return shown

    assert FORMS["GitHub"] not in asyncio.run(waiting())


def test_what_a_client_is_told_of_the_closest_rule_quotes_no_secret() -> None:
    rule = {"match": {"header": {"x-any": "wanted", "x-jwt": "b"}}, "reply": "a"}
    asked = [
        post("/v1/chat/completions", _BODIES["/v1/chat/completions"], headers={"x-any": FORMS["GitHub"], "x-jwt": ANY})
    ]
    (steps,) = play(emulator({"rules": [rule]}), *asked)

    assert b"closest" in body_of(steps)
    assert [secret for secret in (FORMS["GitHub"], ANY) if secret.encode() in body_of(steps)] == []


def _brief_texts(shown: object) -> list[str]:
    if isinstance(shown, dict):
        return [text for part in shown.values() for text in _brief_texts(part)]
    return [shown] if isinstance(shown, str) else []


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("token", [_TOKEN, key_of(_TOKEN)])
def test_no_text_of_a_list_of_exchanges_shows_a_secret(form: str, token: Token) -> None:
    secret = FORMS[form]
    text = f"{secret} and {_TOKEN}"
    closed = Closed(code=1000, reason=text, by_client=True)
    prompt = Prompt(endpoint="responses", model=text, messages=(Message(role="user", text=text),))
    exchange = Exchange(
        number=1,
        at=0.0,
        method=text,
        host=text,
        path=text,
        endpoint="responses",
        prompt=prompt,
        rule=text,
        unmatched=text,
        upstream=text,
        ending=Ending(how="whole", bytes_sent=0, sends=0, seconds=0.0, closed=closed),
    )
    texts = _brief_texts(show_in_brief(exchange, token, Prices()))

    # `endpoint`, `how` of the ending and who closed are words of ours; all others are as above.
    assert [shown for shown in texts if "***" not in shown] == ["responses", "whole", "client"]
    assert not [shown for shown in texts for part in (*core(secret), _TOKEN) if part in shown]


@pytest.mark.parametrize("place", ["method", "host", "path", "model", "user_text", "rule", "unmatched", "upstream"])
def test_a_long_text_anywhere_counts_so_that_no_other_client_waits_while_its_secrets_are_looked_for(place: str) -> None:
    long = "a" * 10_000
    texts: Mapping[str, Any] = {"method": "POST", "host": "a.example", "path": "/v1/responses", place: long}
    in_prompt = {"model", "user_text"}
    messages = (Message(role="user", text=texts.get("user_text", "Hi")),)
    prompt = Prompt(endpoint="responses", model=texts.get("model", "gpt-4o"), messages=messages)
    given = {name: text for name, text in texts.items() if name not in in_prompt}
    exchange = Exchange(number=1, at=0.0, prompt=prompt, **given)

    assert size_in_brief(exchange) >= len(long)
