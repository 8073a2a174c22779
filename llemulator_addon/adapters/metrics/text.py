"""Writes metrics as text. Where a metric means what one of vLLM's means, it has that name."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import override

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from llemulator_addon.adapters.metrics import durations
from llemulator_addon.adapters.metrics.counting import spell_model
from llemulator_addon.adapters.metrics.counts import Counts, MetricsReport, ModelCounts, RequestLabels, SystemSample
from llemulator_addon.adapters.metrics.durations import Histogram
from llemulator_addon.core.gauges import ModelServerGauges, SessionGauges


def write(report: MetricsReport, accept: str) -> tuple[bytes, str]:
    """Write all metrics in the format that an `Accept` header prefers; returns the body and its media type."""
    registry = CollectorRegistry()
    registry.register(_Everything(report))
    encode, content_type = choose_encoder(accept)
    return encode(registry), content_type


def read_system() -> Sequence[SystemSample]:
    """Return the metrics of this process; none where the system does not say them."""
    return [
        SystemSample(family.name, family.type, family.documentation, sample.value)
        for family in ProcessCollector(registry=None).collect()
        for sample in family.samples
    ]


class _Everything(Collector):
    def __init__(self, report: MetricsReport) -> None:
        self._report = report

    @override
    def collect(self) -> Iterator[Metric]:
        """Yield the counts since the start, and the present."""
        report = self._report
        yield InfoMetricFamily("llemulator", "This program.", {"version": report.gauges.version})
        yield from _tell_requests(report.counts)
        yield from _tell_models(report.counts.models)
        yield from _tell_present(report)
        yield from _tell_model_servers(report.gauges.model_servers)
        yield from _tell_sessions(report.gauges.sessions)
        yield from _tell_processes(report.processes)


def _tell_requests(counts: Counts) -> Iterator[Metric]:
    requests = CounterMetricFamily(
        "llemulator_requests", "Requests to OpenAI's API whose answers have ended.", labels=RequestLabels._fields
    )
    for labels, number in counts.requests.items():
        requests.add_metric(tuple(map(str, labels)), number)
    yield requests
    unmatched = CounterMetricFamily(
        "llemulator_unmatched_requests", "Those that no rule matched.", labels=("endpoint", "model_name")
    )
    for pair, number in counts.unmatched.items():
        unmatched.add_metric(pair, number)
    yield unmatched
    yield _tell_by_status("llemulator_admin_requests", "Requests to admin routes.", counts.admin)
    yield _tell_by_status(
        "llemulator_unrecorded_requests",
        "Other requests that no journal has: preflights, those without room, those while the store failed.",
        counts.unrecorded,
    )


def _tell_by_status(name: str, meaning: str, counted: Mapping[str, int]) -> Metric:
    told = CounterMetricFamily(name, meaning, labels=("status",))
    for status, number in counted.items():
        told.add_metric((status,), number)
    return told


_TOKENS: tuple[tuple[str, str, Callable[[ModelCounts], int]], ...] = (
    ("vllm:prompt_tokens", "Tokens of prompts, as answers say.", lambda counts: counts.prompt),
    ("vllm:generation_tokens", "Tokens of answers, as they say.", lambda counts: counts.generated),
)
_DURATIONS: tuple[tuple[str, str, tuple[float, ...], Callable[[ModelCounts], Histogram]], ...] = (
    (
        "vllm:time_to_first_token_seconds",
        "From the whole request to the first token of a stream.",
        durations.TO_FIRST_TOKEN,
        lambda counts: counts.to_first_token,
    ),
    (
        "vllm:inter_token_latency_seconds",
        "Between two tokens of a stream.",
        durations.BETWEEN_TOKENS,
        lambda counts: counts.between_tokens,
    ),
    (
        "vllm:e2e_request_latency_seconds",
        "From the whole request to the end of its answer.",
        durations.WHOLE,
        lambda counts: counts.whole,
    ),
)


def _tell_models(models: Mapping[str, ModelCounts]) -> Iterator[Metric]:
    for name, meaning, tokens_of in _TOKENS:
        tokens = CounterMetricFamily(name, meaning, labels=("model_name",))
        for model, counts in models.items():
            tokens.add_metric((model,), tokens_of(counts))
        yield tokens
    for name, meaning, bounds, find in _DURATIONS:
        histogram = HistogramMetricFamily(name, meaning, labels=("model_name",))
        for model, counts in models.items():
            found = find(counts)
            buckets = list(zip([*map(str, bounds), "+Inf"], map(float, accumulate(found.counts)), strict=True))
            histogram.add_metric((model,), buckets, found.total)
        yield histogram


def _tell_present(report: MetricsReport) -> Iterator[Metric]:
    now = report.gauges
    yield GaugeMetricFamily("llemulator_processes", "Processes that serve the port and report.", len(report.processes))
    yield GaugeMetricFamily(
        "llemulator_requests_running",
        "Requests whose answers are under way, and WebSocket connections.",
        report.running,
    )
    yield GaugeMetricFamily(
        "llemulator_requests_waiting_for_person", "Requests that a person has to answer.", now.waiting_for_person
    )
    yield GaugeMetricFamily("llemulator_waiting_bytes", "Memory of all requests that wait.", now.waiting_size)
    egress = CounterMetricFamily("llemulator_egress", "The traffic of all hosts, by its fate.", labels=("fate",))
    for fate, number in report.counts.egress.items():
        egress.add_metric((fate,), number)
    yield egress


_SERVERS: tuple[tuple[str, str, Callable[[ModelServerGauges], float]], ...] = (
    ("vllm:num_requests_running", "Requests that run at a model server under load.", lambda server: server.running),
    ("vllm:num_requests_waiting", "Requests that wait for a place there.", lambda server: server.waiting),
    ("vllm:kv_cache_usage_perc", "The share of its KV cache that is taken, from 0 to 1.", lambda s: s.kv_cache_usage),
)


def _tell_model_servers(servers: tuple[ModelServerGauges, ...]) -> Iterator[Metric]:
    for name, meaning, measure in _SERVERS:
        told = GaugeMetricFamily(name, meaning, labels=("model_name",))
        for server in servers:
            told.add_metric((spell_model(server.model),), measure(server))
        yield told


def _tell_sessions(now: SessionGauges | None) -> Iterator[Metric]:
    yield GaugeMetricFamily("llemulator_store_up", "Whether the store of sessions can be read.", now is not None)
    if now is None:
        return
    yield GaugeMetricFamily("llemulator_sessions", "Sessions that are kept.", now.sessions)
    yield GaugeMetricFamily("llemulator_sessions_bytes", "Memory of sessions, without the next two.", now.sessions_size)
    yield GaugeMetricFamily("llemulator_journals_bytes", "Memory of their journals.", now.journals_size)
    yield GaugeMetricFamily("llemulator_stored_bytes", "Memory of their stored resources.", now.stored_size)
    if now.unused_rules is not None:
        yield GaugeMetricFamily(
            "llemulator_unused_rules", "Rules of tokens' own scripts that have not answered.", now.unused_rules
        )


_FAMILIES: Mapping[str, type[CounterMetricFamily | GaugeMetricFamily]] = {
    "counter": CounterMetricFamily,
    "gauge": GaugeMetricFamily,
}


def _tell_processes(processes: Mapping[str, Sequence[SystemSample]]) -> Iterator[Metric]:
    """Yield the metrics of each process; those of workers have their numbers as a label."""
    families: dict[str, CounterMetricFamily | GaugeMetricFamily] = {}
    for worker, samples in processes.items():
        for name, kind, meaning, value in samples:
            family = families.setdefault(name, _FAMILIES[kind](name, meaning, labels=("worker",) if worker else ()))
            family.add_metric((worker,) if worker else (), value)
    yield from families.values()
