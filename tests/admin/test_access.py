"""Who may use the admin routes about sessions of others."""

import asyncio
import json
from dataclasses import replace

import pytest

from llemulator_addon.admin import ROUTES
from llemulator_addon.core.admin_keys import admin_keys_in, strongest_key_in
from llemulator_addon.core.choices import ROLES, Role
from llemulator_addon.core.request import Request
from llemulator_addon.core.unclaimed import digest_of
from llemulator_addon.emulator import Emulator
from llemulator_addon.live.admin_access import AdminAccess
from llemulator_addon.wire.credentials import key_of, make_client_secret
from tests.playing import TOKEN, body_of, chat, emulator, headers_of, json_of, play, played, post, request, status

_KEYS = {role: f"key-of-the-{role}" for role in ROLES}
_SPELLED = ",".join(f"{role}={key}" for role, key in _KEYS.items())
_ELSEWHERE = "203.0.113.7"
_SESSION = digest_of(key_of(TOKEN))
_METHODS = [(path, method) for path, route in ROUTES.items() for method in route.methods]
_OF_ONE = [
    (path.replace("/_emulator/", "/_emulator/sessions/{session}/"), method)
    for path, method in _METHODS
    if ROUTES[path].needs_token
]


_OF_ACCESS = {"admin_key_needed", "role_not_allowed"}


def _access(keys: str = _SPELLED) -> AdminAccess:
    return AdminAccess(admin_keys_in(keys) if keys else None, secret=b"secret", code="once")


def _server(keys: str = _SPELLED) -> Emulator:
    server = emulator(access=_access(keys), debug=True)
    play(server, chat(f"hello from {TOKEN}"))
    return server


def _called(
    path: str, method: str = "GET", *, client: str = _ELSEWHERE, token: str | None = None, **headers: str
) -> Request:
    filled = path.replace("{session}", _SESSION).replace("{number}", "1").replace("{address}", "192.0.2.1")
    asked = request(
        method, filled, token=token, headers={name.replace("_", "-"): value for name, value in headers.items()}
    )
    return replace(asked, client=client, host="llemulator", way="origin")


def _code(server: Emulator, asked: Request) -> tuple[int, str | None]:
    """Return the status, and the code of an error."""
    answered = played(asyncio.run(server.answer(asked)))
    if answered.rest is not None:
        answered.rest.leave()
    number = status(answered.steps)
    if number < 400 or asked.path == "/readyz":
        return number, None
    return number, json_of(answered.steps)["error"]["code"]


@pytest.mark.parametrize(("path", "method"), _METHODS, ids=[f"{method} {path}" for path, method in _METHODS])
def test_each_route_answers_the_roles_that_it_names_and_refuses_the_others(path: str, method: str) -> None:
    _check_roles(path, method, ROUTES[path].role_for(method))


@pytest.mark.parametrize(("path", "method"), _OF_ONE, ids=[f"{method} {path}" for path, method in _OF_ONE])
def test_each_route_of_a_session_that_the_path_names_is_seen_by_viewers_and_changed_by_operators(
    path: str, method: str
) -> None:
    _check_roles(path, method, "viewer" if method == "GET" else "operator")


def _check_roles(path: str, method: str, needed: Role | None) -> None:
    server = _server()
    refused = {
        role: _code(server, _called(path, method, token="any", x_llemulator_key=key))[1]
        for role, key in [("nobody", "no key at all"), *_KEYS.items()]
    }

    expected = {}
    if needed is not None:
        expected = {"nobody": "admin_key_needed"}
        expected |= dict.fromkeys(ROLES[: ROLES.index(needed)], "role_not_allowed")
    assert {role: code for role, code in refused.items() if code in _OF_ACCESS} == expected


@pytest.mark.parametrize("client", [_ELSEWHERE, "127.0.0.1"])
def test_an_ephemeral_key_reaches_no_route_about_sessions_not_even_with_an_admin_key(client: str) -> None:
    server = _server("" if client == "127.0.0.1" else _SPELLED)
    secret = make_client_secret(key_of(TOKEN), "drawn")
    about_none = {path for path, route in ROUTES.items() if route.role is None and not route.needs_token}

    for path, method in (*_METHODS, *_OF_ONE):
        asked = _called(path, method, client=client, token=secret, x_llemulator_key=_KEYS["admin"])
        is_refused = _code(server, asked) == (403, "ephemeral_key")
        assert is_refused == (path not in about_none), f"{method} {path}"


def test_every_route_about_other_sessions_needs_a_role() -> None:
    free = {path for path, route in ROUTES.items() if route.role is None and not route.needs_token}

    assert free == {
        "/", "/health", "/healthz", "/readyz", "/_emulator/ca.pem", "/_emulator/console/{file}",
        "/_emulator/openapi.json", "/_emulator/script.schema.json", "/_emulator/script/check", "/_emulator/sign-in",
    }  # fmt: skip


@pytest.mark.parametrize("client", ["127.0.0.1", "::1", "127.3.2.1"])
def test_on_this_machine_no_key_is_needed_if_none_is_set(client: str) -> None:
    assert _code(_server(""), _called("/_emulator/sessions", client=client)) == (200, None)


@pytest.mark.parametrize("client", [_ELSEWHERE, "10.0.0.1", "", "localhost"])
def test_elsewhere_a_key_is_needed_even_if_none_is_set(client: str) -> None:
    assert _code(_server(""), _called("/_emulator/sessions", client=client)) == (401, "admin_key_needed")


@pytest.mark.parametrize("header", ["forwarded", "x_forwarded_for", "x_real_ip"])
def test_who_comes_through_a_proxy_on_this_machine_is_not_taken_for_somebody_on_it(header: str) -> None:
    asked = _called("/_emulator/sessions", client="127.0.0.1", **{header: "203.0.113.7"})

    assert _code(_server(""), asked) == (401, "admin_key_needed")


def test_a_key_that_is_set_is_needed_on_this_machine_too() -> None:
    assert _code(_server(), _called("/_emulator/sessions", client="127.0.0.1")) == (401, "admin_key_needed")


@pytest.mark.parametrize("how", ["x_llemulator_key", "authorization"])
def test_a_key_is_sent_in_either_header(how: str) -> None:
    key = _KEYS["viewer"] if how == "x_llemulator_key" else f"Bearer {_KEYS['viewer']}"

    assert _code(_server(), _called("/_emulator/sessions", **{how: key})) == (200, None)


def _cookie(server: Emulator, asked: Request) -> tuple[int, str]:
    answered = played(asyncio.run(server.answer(asked))).steps
    return status(answered), headers_of(answered).get("set-cookie", "")


def test_the_link_of_the_start_signs_in_once() -> None:
    server = _server("")
    first = _cookie(server, _called("/?key=once"))
    second = _cookie(server, _called("/?key=once"))

    assert (first[0], first[1].partition("; ")[2]) == (303, "Path=/; HttpOnly; SameSite=Strict")
    assert second == (401, "")
    signed_in = _called("/_emulator/sessions", cookie=f"a=b; {first[1].partition(';')[0]}")
    assert _code(server, signed_in) == (200, None)


@pytest.mark.parametrize("code", ["", "onc", "once ", "ünce"])
def test_another_link_signs_nobody_in(code: str) -> None:
    assert _cookie(_server(""), _called(f"/?key={code}"))[0] == 401


@pytest.mark.parametrize("role", ROLES)
def test_a_page_signs_in_with_a_key_and_has_its_role(role: Role) -> None:
    server = _server()
    signing = replace(_called("/_emulator/sign-in", "POST"), body=json.dumps({"key": _KEYS[role]}).encode())
    _, cookie = _cookie(server, signing)
    (shown,) = play(server, _called("/_emulator/sign-in", cookie=cookie.partition(";")[0]))

    assert json_of(shown) == {"object": "access", "role": role}
    assert _KEYS[role] not in cookie


def test_who_has_no_role_learns_that() -> None:
    (shown,) = play(_server(), _called("/_emulator/sign-in"))

    assert json_of(shown) == {"object": "access", "role": None}


@pytest.mark.parametrize("cookie", ["llemulator=admin.", "llemulator=admin.00", "llemulator=", "llemulator=viewer"])
def test_a_cookie_that_was_not_given_gives_no_role(cookie: str) -> None:
    assert _code(_server(), _called("/_emulator/sessions", cookie=cookie)) == (401, "admin_key_needed")


def test_a_cookie_of_one_role_does_not_give_another() -> None:
    forged = _access().sign_in("viewer").replace("viewer", "admin")

    assert _code(_server(), _called("/_emulator/sessions", cookie=f"llemulator={forged}")) == (401, "admin_key_needed")


def test_without_a_secret_no_cookie_can_be_made_up() -> None:
    server = emulator(access=AdminAccess(admin_keys_in(_SPELLED)))
    forged = AdminAccess().sign_in("admin")

    assert _code(server, _called("/_emulator/sessions", cookie=f"llemulator={forged}")) == (401, "admin_key_needed")


def test_ones_own_session_needs_no_key_from_anywhere() -> None:
    assert _code(_server(), _called("/_emulator/requests", token=TOKEN)) == (200, None)


def test_the_session_of_an_address_is_that_of_its_client() -> None:
    server = _server()

    assert _code(server, _called("/_emulator/requests", token=_ELSEWHERE)) == (200, None)
    assert _code(server, _called("/_emulator/requests", token="192.0.2.1")) == (401, "admin_key_needed")
    as_viewer = {"token": "192.0.2.1", "x_llemulator_key": _KEYS["viewer"]}
    assert _code(server, _called("/_emulator/requests", **as_viewer)) == (200, None)
    assert _code(server, _called("/_emulator/script", "DELETE", **as_viewer)) == (403, "role_not_allowed")


def test_a_client_may_fill_its_own_queue_and_no_other() -> None:
    server = _server()
    own = replace(_called(f"/api/preset-queue/{_ELSEWHERE}", "POST"), body=b'{"response": {}}')

    assert _code(server, own) == (200, None)
    assert _code(server, _called("/api/preset-queue/{address}", "POST")) == (401, "admin_key_needed")
    assert _code(server, _called("/api/preset-queue", "DELETE")) == (401, "admin_key_needed")


def test_sessions_are_listed_by_digest_with_their_counts_and_without_their_tokens() -> None:
    server = _server("")
    play(server, post("/_emulator/script", {"responses": [{"pattern": "never", "response": "a"}]}), chat("b"))
    (listed,) = play(server, _called("/_emulator/sessions", client="127.0.0.1"))

    (session,) = json_of(listed)["data"]
    assert (session["session"], session["name"], session["owner"]) == (_SESSION, "1234", "token")
    assert (session["recorded"], session["unmatched"], session["rules"], session["unused_rules"]) == (2, 2, 1, 1)
    assert TOKEN.encode() not in body_of(listed)


@pytest.mark.parametrize(
    "path", ["requests?format=full", "requests/1", "requests?format=har", "requests/1/rules", "script"]
)
def test_a_session_is_seen_by_its_digest_and_its_token_is_hidden(path: str) -> None:
    (shown,) = play(_server(""), _called(f"/_emulator/sessions/{{session}}/{path}", client="127.0.0.1"))

    assert status(shown) == 200
    assert TOKEN.encode() not in body_of(shown)


def test_a_session_is_changed_by_its_digest() -> None:
    server = _server("")
    path = "/_emulator/sessions/{session}/script"
    play(server, replace(_called(path, "POST", client="127.0.0.1"), body=b'{"responses": "a"}'))
    (answer,) = play(server, chat("b"))

    assert json_of(answer)["choices"][0]["message"]["content"] == "a"


def test_a_session_that_is_not_there_is_not_made() -> None:
    server = _server("")
    (shown,) = play(server, _called("/_emulator/sessions/0123456789abcdef/requests", client="127.0.0.1"))

    assert (status(shown), json_of(shown)["error"]["code"]) == (404, "session_not_found")


@pytest.mark.parametrize(
    ("text", "told"),
    [("short", "12 characters"), ("viewer=a", "12 characters"), (f"{'k' * 12},viewer={'k' * 12}", "same key")],
)
def test_keys_that_are_none_are_refused_without_showing_them(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=told) as refused:
        admin_keys_in(text)

    assert text not in str(refused.value)


def test_a_client_takes_the_key_of_the_highest_role() -> None:
    assert strongest_key_in(_SPELLED) == _KEYS["admin"]
    assert strongest_key_in("a-key-alone-1234,viewer=another-key-1") == "a-key-alone-1234"
    assert strongest_key_in("") is None


def test_a_key_is_not_in_the_settings_that_are_shown() -> None:
    assert all(key not in repr(admin_keys_in(_SPELLED)) for key in _KEYS.values())
