"""A request without a key has a session where it comes by base URL, and OpenAI's refusal where it is intercepted."""

import json

import pytest

from conformance.server import running
from tests.wire_real.clients import EACH_WAY, Proxy, Version, Way, ask

_JSON = (("Content-Type", "application/json"),)
_QUESTION = json.dumps({"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello there"}]}).encode()


@pytest.mark.parametrize(("way", "version"), EACH_WAY)
async def test_only_what_is_addressed_to_the_proxy_itself_needs_no_key(
    proxy: Proxy, way: Way, version: Version
) -> None:
    answer = await ask(proxy, way, version, headers=_JSON, body=_QUESTION)

    assert answer.status == (200 if way == "origin" else 401)


async def test_refuse_gives_the_real_refusal_by_base_url_too() -> None:
    with running("--keyless", "refuse") as server:
        answer = await ask(Proxy(port=server.port, ca=server.ca), "origin", headers=_JSON, body=_QUESTION)

    assert answer.status == 401
