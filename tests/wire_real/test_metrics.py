"""`/metrics` over real connections: what Prometheus reads after an application's requests."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from openai import AsyncOpenAI
from prometheus_client.parser import text_string_to_metric_families

from tests.wire_real.clients import EACH_WAY, Proxy, Version, Way, ask
from tests.wire_real.processes import LLEMULATOR, started

_SCRIPT = {
    "rules": [
        {"match": {"user_text": "^Hi$"}, "reply": "Hello there"},
        {"match": {"user_text": "^Slowly$"}, "reply": "one two three four", "stream": {"tokens_per_second": 20}},
    ]
}
_HEADERS = (("Authorization", "Bearer sk-of-metrics"), ("Content-Type", "application/json"))
_SLOWLY: Any = {"model": "gpt-4o", "input": "Slowly"}
_KEY = "key-of-prometheus"


async def _scrape(proxy: Proxy, key: str | None = None) -> dict[str, float]:
    headers = () if key is None else (("Authorization", f"Bearer {key}"),)
    answer = await ask(proxy, "origin", method="GET", path="/metrics", headers=headers)
    assert answer.status == 200, answer.body
    families = text_string_to_metric_families(answer.body.decode())
    return {
        ",".join([each.name, *(f"{name}={value}" for name, value in sorted(each.labels.items()))]): each.value
        for family in families
        for each in family.samples
    }


def _body(text: str) -> bytes:
    return json.dumps({"model": "gpt-4o", "messages": [{"role": "user", "content": text}]}).encode()


@pytest.mark.slow
@pytest.mark.parametrize(("way", "version"), EACH_WAY)
async def test_requests_are_counted_over_every_way_in(way: Way, version: Version, tmp_path: Path) -> None:
    (tmp_path / "script.json").write_text(json.dumps(_SCRIPT))
    async with started(*LLEMULATOR, "--port", "0", "--script", "script.json", cwd=tmp_path) as server:
        host = {} if way != "origin" else {"host": f"127.0.0.1:{server.proxy.port}"}
        answers = [
            await ask(server.proxy, way, version, headers=_HEADERS, body=_body(text), **host)
            for text in ("Hi", "Hi", "Never heard")
        ]
        samples = await _scrape(server.proxy)

    assert [answer.status for answer in answers] == [200, 200, 400]
    labels = "answered_by={},ended=whole,endpoint=chat.completions,model_name=gpt-4o,status={}"
    assert samples[f"llemulator_requests_total,{labels.format('rule', 200)}"] == 2
    assert samples[f"llemulator_requests_total,{labels.format('fallback', 400)}"] == 1
    assert samples["llemulator_egress_total,fate=answered"] == 3
    used = [json.loads(answer.body)["usage"] for answer in answers[:2]]
    assert samples["vllm:prompt_tokens_total,model_name=gpt-4o"] == sum(each["prompt_tokens"] for each in used)
    assert samples["vllm:generation_tokens_total,model_name=gpt-4o"] == sum(each["completion_tokens"] for each in used)
    assert samples["vllm:e2e_request_latency_seconds_count,model_name=gpt-4o"] == 2


@pytest.mark.parametrize("api", ["chat", "responses", "websocket"])
async def test_a_stream_of_the_sdk_counts_its_first_token_and_its_gaps(api: str, tmp_path: Path) -> None:
    (tmp_path / "script.json").write_text(json.dumps(_SCRIPT))
    async with started(*LLEMULATOR, "--port", "0", "--script", "script.json", cwd=tmp_path) as server:
        url = f"http://127.0.0.1:{server.proxy.port}/v1"
        async with AsyncOpenAI(base_url=url, api_key="sk-of-metrics") as client:
            tokens, generated = await _STREAMS[api](client)
        samples = await _scrape(server.proxy)

    assert tokens == 4
    assert samples["vllm:time_to_first_token_seconds_count,model_name=gpt-4o"] == 1
    assert samples["vllm:inter_token_latency_seconds_count,model_name=gpt-4o"] == tokens - 1
    assert samples["vllm:generation_tokens_total,model_name=gpt-4o"] == generated
    # Three tokens wait a twentieth of a second each.
    assert samples["vllm:e2e_request_latency_seconds_sum,model_name=gpt-4o"] >= 0.14
    assert samples["llemulator_requests_running"] == 0


async def test_a_stream_that_is_under_way_is_running(tmp_path: Path) -> None:
    rule = {"reply": "one two", "stream": {"tokens_per_second": 0.01}}
    (tmp_path / "script.json").write_text(json.dumps({"rules": [rule]}))
    async with started(*LLEMULATOR, "--port", "0", "--script", "script.json", cwd=tmp_path) as server:
        url = f"http://127.0.0.1:{server.proxy.port}/v1"
        async with AsyncOpenAI(base_url=url, api_key="sk-of-metrics") as client:
            stream = await client.chat.completions.create(
                model="gpt-4o", messages=[{"role": "user", "content": "Hi"}], stream=True
            )
            await anext(aiter(stream))
            during = await _scrape(server.proxy)
            await stream.close()
        while (after := await _scrape(server.proxy))["llemulator_requests_running"]:
            pass

    assert during["llemulator_requests_running"] == 1
    assert "ended=client_left" in " ".join(after)


async def _stream_chat(client: AsyncOpenAI) -> tuple[int, int]:
    """Return how many tokens came, and how many the usage says."""
    stream = await client.chat.completions.create(
        model="gpt-4o",
        messages=[{"role": "user", "content": "Slowly"}],
        stream=True,
        stream_options={"include_usage": True},
    )
    chunks = [chunk async for chunk in stream]
    usage = chunks[-1].usage
    assert usage is not None
    return sum(bool(choice.delta.content) for chunk in chunks for choice in chunk.choices), usage.completion_tokens


async def _stream_response(client: AsyncOpenAI) -> tuple[int, int]:
    return _count_events([event async for event in await client.responses.create(**_SLOWLY, stream=True)])


async def _talk(client: AsyncOpenAI) -> tuple[int, int]:
    events = []
    async with client.responses.connect() as connection:
        await connection.response.create(**_SLOWLY)
        async for event in connection:
            events.append(event)
            if event.type == "response.completed":
                break
    return _count_events(events)


def _count_events(events: Sequence[Any]) -> tuple[int, int]:
    ended = events[-1]
    assert ended.type == "response.completed"
    assert ended.response.usage is not None
    return sum(event.type == "response.output_text.delta" for event in events), ended.response.usage.output_tokens


_STREAMS = {"chat": _stream_chat, "responses": _stream_response, "websocket": _talk}


async def test_prometheus_reads_with_the_key_of_a_viewer_and_nobody_without(tmp_path: Path) -> None:
    async with started(*LLEMULATOR, "--port", "0", "--admin-key", f"viewer={_KEY}", cwd=tmp_path) as server:
        refused = await ask(server.proxy, "origin", method="GET", path="/metrics")
        samples = await _scrape(server.proxy, _KEY)

    assert refused.status == 401
    assert samples["llemulator_admin_requests_total,status=401"] == 1


async def test_on_openais_hosts_the_path_is_openais(tmp_path: Path) -> None:
    async with started(*LLEMULATOR, "--port", "0", cwd=tmp_path) as server:
        answer = await ask(server.proxy, "connect", method="GET", path="/metrics", headers=_HEADERS)

    assert answer.status == 404
