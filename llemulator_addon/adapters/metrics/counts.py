"""The counts of a process, and what it is doing, as values that can be added and written as JSON."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from llemulator_addon.adapters.metrics.durations import Histogram, add_histograms
from llemulator_addon.core.gauges import Gauges, ModelServerGauges, SessionGauges


class RequestLabels(NamedTuple):
    """The labels of a request: those with the same are counted together."""

    endpoint: str
    model_name: str
    status: int
    answered_by: str
    ended: str


class ModelCounts(NamedTuple):
    """The counts of one model."""

    prompt: int
    generated: int
    """Tokens, these two."""
    to_first_token: Histogram
    between_tokens: Histogram
    whole: Histogram


class Counts(NamedTuple):
    """All that was counted since the start. It only grows."""

    requests: Mapping[RequestLabels, int]
    unmatched: Mapping[tuple[str, str], int]
    """By endpoint and model."""
    admin: Mapping[str, int]
    """By status; so are the next."""
    unrecorded: Mapping[str, int]
    models: Mapping[str, ModelCounts]
    """By the name that stands for it in a label."""
    egress: Mapping[str, int]
    """By fate."""


class SystemSample(NamedTuple):
    """One metric of a process, as prometheus_client finds it."""

    name: str
    kind: str
    meaning: str
    value: float


class MetricsReport(NamedTuple):
    """One process, or several together."""

    counts: Counts
    running: int
    """Answers that are under way."""
    gauges: Gauges
    processes: Mapping[str, Sequence[SystemSample]]
    """By the number of the worker; empty for a process that is none."""


def add_counts(counts: Sequence[Counts]) -> Counts:
    """Add counts of several processes."""
    return Counts(
        requests=_add(each.requests for each in counts),
        unmatched=_add(each.unmatched for each in counts),
        admin=_add(each.admin for each in counts),
        unrecorded=_add(each.unrecorded for each in counts),
        models={
            name: _add_models([each.models[name] for each in counts if name in each.models])
            for name in dict.fromkeys(name for each in counts for name in each.models)
        },
        egress=_add(each.egress for each in counts),
    )


def add_reports(
    own: MetricsReport, others: Sequence[MetricsReport], ended: Sequence[Counts], *, is_shared: bool
) -> MetricsReport:
    """Add what several processes report, and the counts of those that report nothing.

    `is_shared`: they have the same sessions, which are then those of the first.
    """
    reports = (own, *others)
    gauges = [each.gauges for each in reports]
    return MetricsReport(
        counts=add_counts([*(each.counts for each in reports), *ended]),
        running=sum(each.running for each in reports),
        gauges=own.gauges._replace(
            sessions=own.gauges.sessions if is_shared else _add_sessions([each.sessions for each in gauges]),
            waiting_for_person=sum(each.waiting_for_person for each in gauges),
            waiting_size=sum(each.waiting_size for each in gauges),
            model_servers=_add_model_servers([of for each in gauges for of in each.model_servers]),
        ),
        processes={worker: samples for each in reports for worker, samples in each.processes.items()},
    )


def _add[K](counts: Iterable[Mapping[K, int]]) -> Mapping[K, int]:
    added: Counter[K] = Counter()
    for each in counts:
        added.update(each)
    return added


def _add_models(counts: Sequence[ModelCounts]) -> ModelCounts:
    prompt, generated, *times = zip(*counts, strict=True)
    return ModelCounts(sum(prompt), sum(generated), *map(add_histograms, times))


def _add_sessions(gauges: Sequence[SessionGauges | None]) -> SessionGauges | None:
    """Add the sessions of processes that each have their own."""
    found = [each for each in gauges if each is not None]
    return SessionGauges(*(sum(each or 0 for each in sizes) for sizes in zip(*found, strict=True))) if found else None


def _add_model_servers(gauges: Sequence[ModelServerGauges]) -> tuple[ModelServerGauges, ...]:
    """Add the model servers of each model."""
    added: dict[str, ModelServerGauges] = {}
    for each in gauges:
        before = added.get(each.model, ModelServerGauges(each.model, 0, 0, 0.0))
        added[each.model] = ModelServerGauges(
            each.model,
            running=before.running + each.running,
            waiting=before.waiting + each.waiting,
            kv_cache_usage=max(before.kv_cache_usage, each.kv_cache_usage),
        )
    return tuple(added.values())


# JSON -----------------------------------------------------------------------------------------------------------------


def write_counts(counts: Counts) -> Any:  # noqa: ANN401 - JSON
    """Write counts."""
    return {
        "requests": [[*labels, number] for labels, number in counts.requests.items()],
        "unmatched": [[*pair, number] for pair, number in counts.unmatched.items()],
        "admin": counts.admin,
        "unrecorded": counts.unrecorded,
        "models": counts.models,
        "egress": counts.egress,
    }


def read_counts(written: Any) -> Counts:  # noqa: ANN401 - JSON
    """Read what `write_counts` wrote."""
    return Counts(
        requests={RequestLabels(*labels): number for *labels, number in written["requests"]},
        unmatched={(endpoint, model): number for endpoint, model, number in written["unmatched"]},
        admin=written["admin"],
        unrecorded=written["unrecorded"],
        models={name: _read_model(*each) for name, each in written["models"].items()},
        egress=written["egress"],
    )


def _read_model(prompt: int, generated: int, *times: tuple[list[int], float]) -> ModelCounts:
    return ModelCounts(prompt, generated, *(Histogram(tuple(counts), total) for counts, total in times))


def write_report(report: MetricsReport) -> bytes:
    """Write a report as JSON."""
    return json.dumps(report._replace(counts=write_counts(report.counts))).encode()


def read_report(text: bytes) -> MetricsReport:
    """Read what `write_report` wrote."""
    counts, running, gauges, processes = json.loads(text)
    sessions, waiting_for_person, waiting_size, version, model_servers = gauges
    return MetricsReport(
        counts=read_counts(counts),
        running=running,
        gauges=Gauges(
            None if sessions is None else SessionGauges(*sessions),
            waiting_for_person,
            waiting_size,
            version,
            tuple(ModelServerGauges(*each) for each in model_servers),
        ),
        processes={worker: [SystemSample(*each) for each in samples] for worker, samples in processes.items()},
    )
