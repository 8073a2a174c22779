"""The admin routes answer programs; of pages in a browser only those that come from here."""

import asyncio
from dataclasses import replace

import pytest

from llemulator_addon.adapters.hosts import Hosts
from llemulator_addon.admin import ROUTES
from llemulator_addon.core.request import Request, Way
from tests.patience import SECONDS
from tests.playing import body_of, chat, emulator, headers_of, json_of, play, played, request, status, texts

_PROBES = {"/health", "/healthz", "/readyz"}


def _called(host: str, method: str = "GET", path: str = "/_emulator/script", **headers: str) -> Request:
    """Ask under a name, as a client does that was given it as the server's."""
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdecimal() else host
    sent = {"host": host, **{word.replace("_", "-"): value for word, value in headers.items()}}
    return replace(request(method, path, headers=sent), host=name.strip("[]"), way="origin")


def _refused_as(asked: Request, **settings: object) -> str | None:
    (steps,) = play(emulator(**settings), asked)
    return json_of(steps)["error"]["code"] if status(steps) == 403 else None


@pytest.mark.parametrize(
    "host",
    [
        "evil.example:8080",
        "evil.example",
        "EVIL.Example.",
        "127.0.0.1.evil.example:8080",
        "localhost.evil.example",
        "api.openai.com.evil.example",
        "my.local",
        "evil.svc.example",
        "127.1.example:80",
    ],
)
def test_a_name_that_a_site_may_let_lead_here_is_refused_with_the_remedy(host: str) -> None:
    (steps,) = play(emulator(), _called(host))

    error = json_of(steps)["error"]
    assert (status(steps), error["code"]) == (403, "admin_host_refused")
    assert "--admin-hosts" in error["message"]
    assert not [name for name in headers_of(steps) if name.startswith("access-control")]


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1:8080",
        "[::1]:8080",
        "192.168.1.7:8080",
        "93.184.216.34",
        "localhost:8080",
        "llemulator:8080",
        "emulator",
        "anything.localhost:8080",
        "host.docker.internal:8080",
        "llemulator.tests.svc:8080",
        "llemulator.tests.svc.cluster.local.",
    ],
)
def test_what_no_site_can_let_lead_elsewhere_is_answered(host: str) -> None:
    assert _refused_as(_called(host)) is None


@pytest.mark.parametrize("host", ["llemulator.tests", "emulator.corp.example:8080"])
def test_names_that_the_user_gave_are_answered(host: str) -> None:
    names = Hosts(("llemulator.tests", "*.corp.example"))

    assert (_refused_as(_called(host)), _refused_as(_called(host), names=names)) == ("admin_host_refused", None)


@pytest.mark.parametrize("way", ["connect", "absolute", "tls"])
def test_at_the_hosts_that_are_taken_the_admin_routes_are_where_they_were(way: Way) -> None:
    asked = replace(request("GET", "/_emulator/script"), host="api.openai.com", way=way)

    assert _refused_as(asked) is None


@pytest.mark.parametrize("path", sorted(set(ROUTES) - _PROBES))
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "OPTIONS", "HEAD"])
def test_every_route_with_every_method_refuses_both_kinds_of_pages(method: str, path: str) -> None:
    rebound = _called("evil.example:8080", method, path)
    foreign = _called("127.0.0.1:8080", method, path, origin="https://evil.example")

    assert [_refused_as(asked) for asked in (rebound, foreign)] == ["admin_host_refused", "page_refused"]


@pytest.mark.parametrize("path", sorted(_PROBES))
def test_probes_are_answered_under_any_name(path: str) -> None:
    assert _refused_as(_called("lb.example", path=path)) is None


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://localhost:3000"},
        {"origin": "https://127.0.0.1"},
        {"origin": "http://127.0.0.1:8080, http://evil.example"},
        {"origin": "http://127.0.0.1:99999"},
        {"origin": ""},
        {"origin": "chrome-extension://abcdef"},
        {"sec_fetch_site": "cross-site", "sec_fetch_mode": "no-cors", "sec_fetch_dest": "script"},
        {"sec_fetch_site": "same-site", "sec_fetch_mode": "cors"},
        {"sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate", "sec_fetch_dest": "iframe"},
    ],
)
def test_a_page_of_another_site_is_refused(headers: dict[str, str]) -> None:
    assert _refused_as(_called("127.0.0.1:8080", **headers)) == "page_refused"


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://127.0.0.1:8080", "sec_fetch_site": "same-origin"},
        {"sec_fetch_site": "none", "sec_fetch_mode": "navigate", "sec_fetch_dest": "document"},
        {"sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate", "sec_fetch_dest": "document"},
        {},
    ],
)
def test_a_page_from_here_and_who_follows_a_link_are_answered(headers: dict[str, str]) -> None:
    assert _refused_as(_called("127.0.0.1:8080", **headers)) is None


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_what_a_page_may_send_without_asking_first_changes_nothing(content_type: str) -> None:
    server = emulator(["before"])
    sent = _called("127.0.0.1:8080", "POST", origin="https://evil.example", content_type=content_type)
    (steps,) = play(server, replace(sent, body=b'{"reset": true, "responses": ["after"]}'))

    assert status(steps) == 403
    assert texts(server, replace(chat(), headers={**sent.headers, "content-type": "application/json"})) == ["before"]


def test_a_page_does_not_wait_for_what_comes() -> None:
    asked = _called("evil.example", path="/_emulator/requests/live")

    async def answered() -> bytes:
        async with asyncio.timeout(SECONDS):
            return body_of(played(await emulator().answer(asked)).steps)

    assert b"admin_host_refused" in asyncio.run(answered())
