"""`/metrics`: what is counted, by which labels, and that nothing a client sends makes them many or secret."""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, override

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families

from llemulator_addon.adapters.compose import compose
from llemulator_addon.adapters.metrics.counting import MOST_MODELS, MOST_ROWS, Metrics
from llemulator_addon.adapters.metrics.streamed import brings_token
from llemulator_addon.adapters.settings import settings_from
from llemulator_addon.core.answer_tokens import AnswerTokens
from llemulator_addon.core.gauges import SessionGauges
from llemulator_addon.core.outcome import Ask, Ending
from llemulator_addon.core.prompt import Prompt
from llemulator_addon.core.request import Request
from llemulator_addon.core.session_key import ANONYMOUS, ExchangeId, SessionKey
from llemulator_addon.core.steps import Head, Send
from llemulator_addon.emulator import Emulator, EmulatorSettings
from llemulator_addon.engine.journal import Exchange
from llemulator_addon.engine.session import Session
from llemulator_addon.store.memory import MemoryStore
from llemulator_addon.store.port import Marked, Run, StoreFailed
from tests.playing import TOKEN, body_of, chat, emulator, headers_of, play, played, post, request, status

Samples = Mapping[tuple[str, frozenset[tuple[str, str]]], float]

_ID = ExchangeId(ANONYMOUS, 1, 1)
_WHOLE = Ending(how="whole", bytes_sent=3, sends=1, seconds=0.0)


def _served(script: object = None, **settings: object) -> tuple[Emulator, Metrics]:
    metrics = Metrics(lambda: 0.0)
    server = emulator(script, write_metrics=metrics.write, **settings)
    server.watch_requests(metrics)
    metrics.measure = server.measure
    return server, metrics


async def _ask(server: Emulator, asked: Request) -> None:
    answered = played(await server.answer(asked))
    if answered.exchange is not None:
        await server.note_end(answered.exchange, _WHOLE)


async def _scrape(server: Emulator, accept: str = "") -> tuple[Samples, str]:
    asked = replace(request("GET", "/metrics", token=None, headers={"accept": accept}), host="llemulator")
    answered = played(await server.answer(asked))
    assert status(answered.steps) == 200
    text, kind = body_of(answered.steps).decode(), headers_of(answered.steps)["content-type"]
    read = read_openmetrics if kind.startswith("application/openmetrics") else text_string_to_metric_families
    samples = [sample for family in read(text) for sample in family.samples]
    found = {(each.name, frozenset(each.labels.items())): each.value for each in samples}
    assert len(found) == len(samples)
    return found, text


def _value(samples: Samples, name: str, **labels: str) -> float:
    """Return the sum of all samples of a name with these labels."""
    wanted = set(labels.items())
    return sum(value for (each, its), value in samples.items() if each == name and wanted <= its)


@pytest.mark.parametrize("accept", ["", "text/plain", "application/openmetrics-text; version=1.0.0"])
async def test_requests_are_counted_by_endpoint_model_status_and_what_answered(accept: str) -> None:
    script = {"rules": [{"match": {"user_text": "^rule$"}, "reply": "yes"}], "defaults": {"on_unmatched": "echo"}}
    server, _ = _served(script)
    asked = [
        chat("rule"), chat("rule"), chat("other"), chat("x", model="no-such-model"), post("/v1/no/such/path", {}),
        request("GET", "/v1/models"), chat("x", token=None), chat("x", model="server-error"),
    ]  # fmt: skip
    for each in asked:
        await _ask(server, each)
    samples, _ = await _scrape(server, accept)

    def count(**labels: str) -> float:
        return _value(samples, "llemulator_requests_total", **labels)

    of_chat = {"endpoint": "chat.completions", "model_name": "gpt-4o", "status": "200"}
    assert count(answered_by="rule", **of_chat) == 2
    assert count(answered_by="fallback", **of_chat) == 1
    assert count(answered_by="refusal", status="404") == 1
    assert count(answered_by="refusal", status="401") == 1
    assert count(answered_by="unsupported", endpoint="other", status="404") == 1
    assert count(answered_by="operation", endpoint="models.list", status="200") == 1
    assert count(answered_by="acting_model", model_name="server-error", status="500") == 1
    assert count(ended="whole") == len(asked) == count()
    assert _value(samples, "llemulator_unmatched_requests_total", model_name="gpt-4o") == 1
    assert _value(samples, "llemulator_sessions") == 1
    assert _value(samples, "llemulator_journals_bytes") > 1_000
    assert _value(samples, "llemulator_store_up") == 1


async def test_admin_requests_are_counted_by_status_and_nowhere_else() -> None:
    server, _ = _served()
    await _ask(server, request("GET", "/_emulator/requests"))
    await _ask(server, request("GET", "/_emulator/no-such-route"))
    await _ask(server, replace(request("GET", "/_emulator/sessions"), client="203.0.113.7"))
    samples, _ = await _scrape(server)

    counted = {number: _value(samples, "llemulator_admin_requests_total", status=number) for number in ("200", "404")}
    assert counted == {"200": 1, "404": 1}
    assert _value(samples, "llemulator_admin_requests_total", status="401") == 1
    assert _value(samples, "llemulator_requests_total") == 0


async def test_a_request_that_a_person_answered_is_counted_so() -> None:
    server, metrics = _served(on_unmatched="manual")
    asked = asyncio.create_task(_ask(server, chat("Hi")))
    while True:
        waiting, _ = await _scrape(server)
        if _value(waiting, "llemulator_requests_waiting_for_person"):
            break
    await _ask(server, post("/_emulator/waiting/1", "Hello"))
    await asked
    samples, _ = await _scrape(server)

    assert _value(samples, "llemulator_requests_total", answered_by="person", status="200") == 1
    assert _value(samples, "llemulator_requests_waiting_for_person") == 0
    assert metrics.waiting == 0


def test_a_request_that_waited_in_a_session_that_was_forgotten_is_forgotten_too() -> None:
    metrics = Metrics()
    metrics.waits(Ask(exchange=_ID, request=chat(), prompt=_prompt("gpt-4o"), turn=1, manual_timeout=1.0))
    metrics.note_end(_ID, None, _WHOLE, None)

    assert (metrics.waiting, metrics.read().requests) == (0, {})


async def test_unused_rules_are_those_of_tokens_own_scripts() -> None:
    server, _ = _served({"responses": ["never", "never"]})
    await _ask(server, post("/_emulator/script", {"responses": ["one", "two", "three"]}))
    await _ask(server, chat("Hi"))
    samples, _ = await _scrape(server)

    assert _value(samples, "llemulator_unused_rules") == 2


async def test_a_store_that_cannot_be_read_is_shown_and_its_requests_are_counted() -> None:
    metrics = Metrics()
    server = Emulator(EmulatorSettings(write_metrics=metrics.write), _FailingStore)
    server.watch_requests(metrics)
    metrics.measure = server.measure
    await _ask(server, chat("Hi"))
    samples, _ = await _scrape(server)

    assert _value(samples, "llemulator_store_up") == 0
    assert not [name for name, _ in samples if name.startswith("llemulator_sessions")]
    assert metrics.read().unrecorded == {"503": 1}


class _FailingStore(MemoryStore):
    @override
    async def change[R](
        self, key: SessionKey, transition: Callable[[Session], tuple[Session, R]], *, unless: Marked | None = None
    ) -> R:
        raise StoreFailed("the disk is full")

    @override
    async def measure(self, run: Run) -> SessionGauges:
        raise StoreFailed("the disk is full")


async def test_without_metrics_nothing_watches_requests_and_the_page_is_not_there() -> None:
    server = emulator()
    answered = played(await server.answer(replace(request("GET", "/metrics", token=None), host="llemulator")))

    assert status(answered.steps) == 404


@pytest.mark.long
@pytest.mark.parametrize(("no_metrics", "counts"), [("true", False), ("false", True)])
def test_no_metrics_is_a_setting(tmp_path: Path, no_metrics: str, *, counts: bool) -> None:
    settings = settings_from(command_line={"no_metrics": no_metrics, "certs": str(tmp_path)})
    with compose(settings, environment={}) as program:
        page = replace(request("GET", "/metrics", token=None), host="127.0.0.1")
        (steps,) = play(program.emulator, page)

    assert status(steps) == (200 if counts else 404)
    assert (program.metrics is not None) is counts


async def test_a_preflight_of_a_browser_is_counted_apart() -> None:
    server, metrics = _served()
    headers = {"origin": "https://a.example", "access-control-request-method": "POST"}
    await _ask(server, request("OPTIONS", "/v1/chat/completions", token=None, headers=headers))

    assert (sum(metrics.read().unrecorded.values()), metrics.read().requests) == (1, {})


# Times and tokens -----------------------------------------------------------------------------------------------------


def _prompt(model: str, *, stream: bool = False) -> Prompt:
    return Prompt(endpoint="chat.completions", model=model, stream=stream)


def _exchange(model: str = "gpt-4o", *, stream: bool = False, **fields: Any) -> Exchange:  # noqa: ANN401 - any field
    asked = Exchange(
        number=1,
        at=100.0,
        method="POST",
        host="h",
        path="/v1/chat/completions",
        endpoint="chat.completions",
        prompt=_prompt(model, stream=stream),
        rule="a",
        steps=(Head(200), Send(b"{}")),
        ending=_WHOLE,
    )
    return asked._replace(**fields)


def _end(metrics: Metrics, exchange: Exchange, tokens: AnswerTokens | None = None) -> None:
    assert exchange.ending is not None
    metrics.note_end(_ID, exchange, exchange.ending, tokens)


def _chunk(**delta: object) -> bytes:
    return b"data: " + json.dumps({"choices": [{"delta": delta}], "usage": None}).encode() + b"\n\n"


def _write(metrics: Metrics) -> Samples:
    server = emulator(write_metrics=metrics.write)
    return asyncio.run(_scrape(server))[0]


def test_a_stream_counts_its_first_token_and_each_gap_behind_it() -> None:
    pieces = (
        _chunk(role="assistant", content=""),
        *(_chunk(content=text) for text in "abc"),
        _chunk(),
        b"data: [DONE]",
    )
    metrics = Metrics(lambda: 104.0)  # two seconds until the head, and two of the stream
    ending = Ending("whole", 99, len(pieces), 2.0, left=(0.0, 0.5, 0.75, 1.75, 1.75, 2.0))
    _end(metrics, _exchange(stream=True, steps=(Head(200), *map(Send, pieces)), ending=ending))
    samples = _write(metrics)

    def numbers(name: str) -> tuple[float, float]:
        return _value(samples, f"vllm:{name}_count"), _value(samples, f"vllm:{name}_sum")

    assert numbers("time_to_first_token_seconds") == (1, 2.5)
    assert numbers("inter_token_latency_seconds") == (2, 0.25 + 1.0)
    assert numbers("e2e_request_latency_seconds") == (1, 4.0)
    between = "vllm:inter_token_latency_seconds_bucket"
    assert [_value(samples, between, le=bound) for bound in ("0.2", "0.3", "0.75", "1.0", "+Inf")] == [0, 1, 1, 2, 2]


def test_an_answer_that_was_cut_has_no_whole_duration() -> None:
    metrics = Metrics(lambda: 101.0)
    _end(metrics, _exchange(ending=_WHOLE._replace(how="cut")))
    samples = _write(metrics)

    assert _value(samples, "vllm:e2e_request_latency_seconds_count") == 0
    assert _value(samples, "llemulator_requests_total", ended="cut") == 1


@pytest.mark.parametrize(
    ("piece", "brings"),
    [
        (b'event: response.output_text.delta\ndata: {"type":"response.output_text.delta","delta":"a"}', True),
        (b'event: response.completed\ndata: {"type":"response.completed","response":{"role":"assistant"}}', False),
        (b'data: {"choices":[{"delta":{"role":"assistant","content":null,"tool_calls":[{"index":0}]}}]}', True),
        (b'data: {"choices":[{"delta":{"role":"assistant","content":"all at once"}}]}', True),
        (b'data: {"object":"text_completion","choices":[{"text":" a"}]}', True),
        (b'data: {"object":"text_completion","choices":[{"text":""}]}', False),
        (b"data: [DONE]", False),
        (b": keepalive", False),
    ],
)
def test_a_token_is_told_from_what_begins_and_ends_a_stream(piece: bytes, *, brings: bool) -> None:
    assert brings_token(piece) is brings


# Bounds ---------------------------------------------------------------------------------------------------------------


def test_models_beyond_a_number_are_counted_together() -> None:
    metrics = Metrics(lambda: 100.0)
    for number in range(MOST_MODELS + 50):
        _end(metrics, _exchange(f"model-{number}"))
    _end(metrics, _exchange("x" * 1_000))

    counts = metrics.read()
    assert len({labels.model_name for labels in counts.requests}) == MOST_MODELS + 1
    assert sum(number for labels, number in counts.requests.items() if labels.model_name == "other") == 51
    assert len(counts.models) == MOST_MODELS + 1


def test_rows_beyond_a_number_are_counted_together() -> None:
    metrics = Metrics(lambda: 100.0)
    for number in range(MOST_ROWS + 50):
        _end(metrics, _exchange(endpoint=f"operation-{number}"))

    assert len(metrics.read().requests) == MOST_ROWS + 1
    assert sum(metrics.read().requests.values()) == MOST_ROWS + 50


async def test_no_token_no_path_and_no_refused_model_is_in_a_label() -> None:
    secret = "sk-proj-abcdefghijklmnopqrstuvwxyz0123456789"
    server, _ = _served(lenient=True)
    await _ask(server, chat("Hi", token=secret, model=secret))
    await _ask(server, request("GET", f"/v1/files/{secret}", token=secret))
    await _ask(server, request("GET", f"/no/{secret}", token=TOKEN))
    strict, _ = _served()
    await _ask(strict, chat("Hi", model="made-up"))
    _, text = await _scrape(server)
    _, of_strict = await _scrape(strict)

    assert secret not in text
    assert "made-up" not in of_strict


def test_a_model_that_is_no_text_for_the_wire_is_shown_all_the_same() -> None:
    metrics = Metrics(lambda: 100.0)
    _end(metrics, _exchange('a\ud800"\n'))

    assert _value(_write(metrics), "llemulator_requests_total", model_name='a?"\n') == 1
