"""What a page in a browser can do to a server on its user's machine: ask models, and nothing else."""

import json

import pytest

from tests.wire_real.clients import Proxy, ask

_ADMIN = ["/_emulator/requests", "/_emulator/unclaimed", "/_emulator/egress", "/_emulator/script", "/"]
_TOKEN = (("Authorization", "Bearer sk-llemulator"),)
_PAGE = (("Origin", "https://evil.example"), ("Sec-Fetch-Site", "cross-site"))


def _codes(body: bytes) -> str | None:
    code: str | None = json.loads(body)["error"]["code"]
    return code


@pytest.mark.parametrize("path", _ADMIN)
async def test_under_a_name_of_a_site_that_leads_here_nothing_is_told(proxy: Proxy, path: str) -> None:
    for host in (f"evil.example:{proxy.port}", "evil.example"):
        answer = await ask(proxy, "origin", method="GET", path=path, host=host, headers=_TOKEN)

        assert (answer.status, _codes(answer.body)) == (403, "admin_host_refused")


@pytest.mark.parametrize("path", _ADMIN)
async def test_a_rebound_name_in_tls_is_refused_too(proxy: Proxy, path: str) -> None:
    answer = await ask(proxy, "tls", method="GET", path=path, host="evil.example", sni="evil.example", headers=_TOKEN)

    assert (answer.status, _codes(answer.body)) == (403, "admin_host_refused")


async def test_in_an_absolute_url_the_name_counts_that_host_says(proxy: Proxy) -> None:
    headers = (*_TOKEN, ("Host", f"evil.example:{proxy.port}"))
    path = f"http://127.0.0.1:{proxy.port}/_emulator/requests"
    answer = await ask(proxy, "origin", method="GET", path=path, host=f"127.0.0.1:{proxy.port}", headers=headers[:1])
    rebound = await ask(proxy, "origin", method="GET", path=path, host=f"evil.example:{proxy.port}", headers=_TOKEN)

    assert (answer.status, rebound.status) == (200, 403)


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded"])
@pytest.mark.parametrize("path", ["/_emulator/script", "/_emulator/reset", "/_emulator/clock", "/_emulator/verify"])
async def test_what_a_page_sends_without_asking_first_does_nothing(proxy: Proxy, path: str, content_type: str) -> None:
    headers = (*_TOKEN, *_PAGE, ("Content-Type", content_type))
    answer = await ask(proxy, "origin", path=path, host=f"127.0.0.1:{proxy.port}", headers=headers, body=b"{}")

    assert (answer.status, _codes(answer.body)) == (403, "page_refused")
    assert not [name for name, _ in answer.headers if name.lower().startswith("access-control")]


async def test_a_program_is_answered_under_the_names_of_this_machine(proxy: Proxy) -> None:
    for host in (f"127.0.0.1:{proxy.port}", f"localhost:{proxy.port}", f"[::1]:{proxy.port}", "llemulator"):
        answer = await ask(proxy, "origin", method="GET", path="/_emulator/requests", host=host, headers=_TOKEN)

        assert answer.status == 200


async def test_a_page_may_ask_a_model_and_read_its_answer(proxy: Proxy) -> None:
    question = json.dumps({"model": "gpt-4o", "messages": [{"role": "user", "content": "Hi"}]}).encode()
    headers = (("Authorization", "Bearer sk-of-a-page"), *_PAGE, ("Content-Type", "application/json"))
    answer = await ask(proxy, "origin", host=f"127.0.0.1:{proxy.port}", headers=headers, body=question)

    assert (answer.status, dict(answer.headers)["access-control-allow-origin"]) == (200, "*")
