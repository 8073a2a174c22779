"""One of Python's HTTP clients, named by the argument, as its own documentation uses it."""

import asyncio
import http.client
import json
import os
import sys
import urllib.request
from collections.abc import Callable

URL = "https://api.openai.com/v1/chat/completions"
BODY = json.dumps({"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}]}).encode()
HEADERS = {"Authorization": f"Bearer {os.environ['OPENAI_API_KEY']}", "Content-Type": "application/json"}


def by_requests() -> bytes:
    """Ask."""
    import requests

    return requests.post(URL, BODY, headers=HEADERS, timeout=30).content


def by_httpx() -> bytes:
    """Ask."""
    import httpx

    return httpx.post(URL, content=BODY, headers=HEADERS).content


def by_requests_without_variables() -> bytes:
    """Ask; without `trust_env` it reads no variable, and trusts its own roots."""
    import requests

    with requests.Session() as session:
        session.trust_env = False
        return session.post(URL, BODY, headers=HEADERS, timeout=30).content


def by_httpx_with_own_roots() -> bytes:
    """Ask; it trusts the roots that it is given, and those only."""
    import ssl

    import certifi
    import httpx

    roots = ssl.create_default_context(cafile=certifi.where())
    return httpx.post(URL, content=BODY, headers=HEADERS, verify=roots).content


def by_httpx2() -> bytes:
    """Ask."""
    import httpx2

    return httpx2.post(URL, content=BODY, headers=HEADERS).content


def by_urllib3() -> bytes:
    """Ask; it knows no proxy variable."""
    import urllib3

    return urllib3.PoolManager().request("POST", URL, body=BODY, headers=HEADERS).data


def by_aiohttp(*, trust_env: bool = False) -> bytes:
    """Ask; without `trust_env` it knows no proxy variable."""
    import aiohttp

    async def ask() -> bytes:
        async with (
            aiohttp.ClientSession(trust_env=trust_env) as session,
            session.post(URL, data=BODY, headers=HEADERS) as answer,
        ):
            return await answer.read()

    return asyncio.run(ask())


def by_aiohttp_with_proxy() -> bytes:
    """Ask; with `trust_env` it knows HTTPS_PROXY."""
    return by_aiohttp(trust_env=True)


def by_urllib() -> bytes:
    """Ask."""
    with urllib.request.urlopen(urllib.request.Request(URL, BODY, HEADERS)) as answer:
        return bytes(answer.read())


def by_http_client() -> bytes:
    """Ask; it knows no proxy variable."""
    connection = http.client.HTTPSConnection("api.openai.com")
    connection.request("POST", "/v1/chat/completions", BODY, HEADERS)
    return connection.getresponse().read()


def by_litellm() -> bytes:
    """Ask."""
    import litellm

    return litellm.completion(model="gpt-4o", messages=json.loads(BODY)["messages"]).model_dump_json().encode()


def by_litellm_async() -> bytes:
    """Ask."""
    import litellm

    answer = asyncio.run(litellm.acompletion(model="gpt-4o", messages=json.loads(BODY)["messages"]))
    return answer.model_dump_json().encode()


CLIENTS: dict[str, Callable[[], bytes]] = {
    "requests": by_requests,
    "httpx": by_httpx,
    "httpx2": by_httpx2,
    "requests, no variables": by_requests_without_variables,
    "httpx, own roots": by_httpx_with_own_roots,
    "urllib3": by_urllib3,
    "aiohttp": by_aiohttp,
    "aiohttp, trust_env": by_aiohttp_with_proxy,
    "urllib": by_urllib,
    "http.client": by_http_client,
    "litellm": by_litellm,
    "litellm, async": by_litellm_async,
}
print(json.loads(CLIENTS[sys.argv[1]]())["choices"][0]["message"]["content"])
