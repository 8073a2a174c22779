"""Verdicts on real clients: OpenAI's SDK as it is gets none; set up badly, or written badly, a client gets its own."""

import asyncio
import json
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import httpx
import openai
import pytest
from openai import AsyncOpenAI, OpenAI

from conformance.server import Server
from llemulator_addon.client import Client

_ABOUT_THE_SCRIPT = ["unmatched", "unused"]
_FOREVER = {"reply": {"text": "Hello there, how are you?"}}

Ask = Callable[[str, str], None]
"""Asks at a base URL with a key."""


def _failing(times: int, **failure: object) -> dict[str, object]:
    return {"reply": {"failure": failure}, "times": times}


def _faulty(**fault: object) -> dict[str, object]:
    return {**_FOREVER, "faults": [fault], "times": 1}


def _ask(client: OpenAI, text: str = "Hi", **more: Any) -> Any:  # noqa: ANN401
    messages = [{"role": "user", "content": text}]
    return client.chat.completions.create(**{"model": "gpt-4o", "messages": messages, **more})


# The SDK as it is -----------------------------------------------------------------------------------------------------


def _once(client: OpenAI) -> None:
    with suppress(openai.APIError):
        _ask(client)


def _thrice(client: OpenAI) -> None:
    for _ in range(3):
        _once(client)


def _many(client: OpenAI) -> None:
    for number in range(12):
        _ask(client, str(number))


def _streamed(client: OpenAI) -> None:
    with suppress(openai.APIError, httpx.HTTPError):
        for _ in _ask(client, stream=True):
            pass


def _left(client: OpenAI) -> None:
    with _ask(client, stream=True) as stream:
        next(iter(stream))


def _conversation(client: OpenAI) -> None:
    said = "".join(chunk.choices[0].delta.content or "" for chunk in _ask(client, stream=True) if chunk.choices)
    heard = [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": said},
        {"role": "user", "content": "And?"},
    ]
    _ask(client, messages=heard)


_AS_IT_IS: dict[str, tuple[Sequence[Mapping[str, object]], Callable[[OpenAI], None]]] = {
    "an answer": ([_FOREVER], _once),
    "many answers": ([_FOREVER], _many),
    "a rate limit with retry-after-ms": ([_failing(2, status=429, headers={"retry-after-ms": "50"}), _FOREVER], _once),
    "a rate limit with retry-after": ([_failing(1, status=429, retry_after=1), _FOREVER], _once),
    "an overload that passes": ([_failing(1, status=503), _FOREVER], _once),
    "an outage": ([_failing(9, status=500)], _once),
    "a bad request, three times": ([_failing(9, status=400)], _thrice),
    "told not to retry, three times": ([_failing(9, status=429, headers={"x-should-retry": "false"})], _thrice),
    "told to retry": ([_failing(1, status=400, headers={"x-should-retry": "true"}), _FOREVER], _once),
    "no rule, three times": ([{**_FOREVER, "match": {"user_text": "never"}}], _thrice),
    "a stream": ([_FOREVER], _streamed),
    "a stream that it leaves": ([{**_FOREVER, "stream": {"tokens_per_second": 5}}], _left),
    "a conversation": ([_FOREVER], _conversation),
    "a stream that is cut": ([_faulty(cut_after={"sends": 3})], _streamed),
    "a stream that is reset": ([_faulty(cut_after={"sends": 3, "how": "reset"})], _streamed),
    "a stream with an error": ([_faulty(error_event={"at": 3})], _streamed),
    "a connection that is lost": ([_faulty(cut_after={"fraction": 0, "how": "reset"}), _FOREVER], _once),
}


@pytest.mark.parametrize("case", _AS_IT_IS)
def test_the_sdk_as_it_is_gets_no_verdict(case: str, server: Server) -> None:
    rules, use = _AS_IT_IS[case]

    def ask(base_url: str, key: str) -> None:
        with OpenAI(base_url=base_url, api_key=key) as client:
            use(client)

    assert _verdicts(server, rules, ask) == []


def test_the_asynchronous_sdk_with_many_requests_at_once_gets_no_verdict(server: Server) -> None:
    async def all_at_once(base_url: str, key: str) -> None:
        async with AsyncOpenAI(base_url=base_url, api_key=key) as client:
            await asyncio.gather(
                *(
                    client.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": str(number)}])
                    for number in range(30)
                )
            )

    slow = {**_FOREVER, "faults": [{"latency_ms": 100}]}
    assert _verdicts(server, [_failing(3, status=503), slow], lambda url, key: asyncio.run(all_at_once(url, key))) == []


# The SDK, set up badly ------------------------------------------------------------------------------------------------


def _without_retries(base_url: str, key: str) -> None:
    with OpenAI(base_url=base_url, api_key=key, max_retries=0) as client:
        _once(client)


def _loop_around_the_sdk(base_url: str, key: str) -> None:
    with OpenAI(base_url=base_url, api_key=key, max_retries=0) as client:
        # Of so many, one comes at once even where the machine is busy; one more would be a storm.
        for _ in range(5):
            _once(client)


def _client_for_each_request(base_url: str, key: str) -> None:
    for number in range(6):
        with OpenAI(base_url=base_url, api_key=key) as client:
            _ask(client, str(number))


# Programs of their own ------------------------------------------------------------------------------------------------


def _posting(base_url: str, key: str) -> tuple[httpx.Client, Callable[..., httpx.Response]]:
    http = httpx.Client(trust_env=False, headers={"authorization": f"Bearer {key}"})

    def post(text: str = "Hi", *before: dict[str, str], **more: object) -> httpx.Response:
        body = {"model": "gpt-4o", "messages": [*before, {"role": "user", "content": text}], **more}
        return http.post(f"{base_url}/chat/completions", json=body)

    return http, post


def _retries(times: int, wait: Callable[[int], float]) -> Ask:
    def ask(base_url: str, key: str) -> None:
        http, post = _posting(base_url, key)
        with http:
            for number in range(times):
                if post().is_success:
                    return
                time.sleep(wait(number))

    return ask


def _takes_what_came(base_url: str, key: str) -> None:
    """Read a stream by hand, whatever it ends with, and go on with its text."""
    http, post = _posting(base_url, key)
    said = ""
    body = {"model": "gpt-4o", "stream": True, "messages": [{"role": "user", "content": "Hi"}]}
    with http, suppress(httpx.HTTPError), http.stream("POST", f"{base_url}/chat/completions", json=body) as answer:
        for line in answer.iter_lines():
            if line.startswith("data: {"):
                choices = json.loads(line.removeprefix("data: ")).get("choices", [])
                said += "".join(choice["delta"].get("content") or "" for choice in choices)
    http, post = _posting(base_url, key)
    with http:
        post("And?", {"role": "user", "content": "Hi"}, {"role": "assistant", "content": said})


_BADLY: dict[str, tuple[str, Sequence[Mapping[str, object]], Ask]] = {
    "no retries": ("gave_up_early", [_failing(1, status=503)], _without_retries),
    "a loop around the SDK without a pause": ("no_backoff", [_failing(9, status=503)], _loop_around_the_sdk),
    "a loop around the SDK over a bad request": ("retried_in_vain", [_failing(9, status=400)], _loop_around_the_sdk),
    "a client for each request": ("new_connections", [_FOREVER], _client_for_each_request),
    "retries a bad request": ("retried_in_vain", [_failing(1, status=400), _FOREVER], _retries(2, lambda _: 0.4)),
    "does not wait": ("early_retry", [_failing(1, status=429, retry_after=50), _FOREVER], _retries(2, lambda _: 0.4)),
    "does not listen": (
        "ignored_should_retry",
        [_failing(1, status=429, headers={"x-should-retry": "false"}), _FOREVER],
        _retries(2, lambda _: 0.4),
    ),
    # The last wait is the longest, also where the first takes seconds.
    "storms": (
        "retry_storm",
        [_failing(9, status=500)],
        _retries(7, lambda number: 0.25 * 1.3**number if number < 5 else 4.0),
    ),
    "takes a cut stream": ("accepted_cut_stream", [_faulty(cut_after={"sends": 5}), _FOREVER], _takes_what_came),
    "takes a stream without its end": (
        "accepted_cut_stream",
        [_faulty(cut_after={"sends": 5, "how": "end"}), _FOREVER],
        _takes_what_came,
    ),
    "takes a stream with an error": (
        "ignored_error_event",
        [_faulty(error_event={"at": 5}), _FOREVER],
        _takes_what_came,
    ),
}


@pytest.mark.parametrize("case", _BADLY)
def test_a_client_that_misbehaves_gets_its_verdict_and_no_other(case: str, server: Server) -> None:
    expected, rules, ask = _BADLY[case]

    assert set(_verdicts(server, rules, ask)) == {expected}


# Asking ---------------------------------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def _nothing_in_between(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def _verdicts(server: Server, rules: Sequence[Mapping[str, object]], ask: Ask) -> list[str]:
    key = f"sk-{secrets.token_hex(8)}"
    with Client(server.origin, key) as admin:
        admin.load({"rules": list(rules)})
        ask(f"{server.origin}/v1", key)
        return [finding.name for finding in admin.verify(ignore=_ABOUT_THE_SCRIPT).findings]
