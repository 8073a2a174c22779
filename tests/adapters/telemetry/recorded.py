"""Records exchanges in this process, into the in-memory exporters of OpenTelemetry's SDK."""

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from llemulator_addon.adapters.telemetry.asking import Captures
from llemulator_addon.adapters.telemetry.exporting import Pipelines, SpanIds, find_propagator
from llemulator_addon.adapters.telemetry.record import read_records, write_record
from llemulator_addon.adapters.telemetry.recording import Recorder
from llemulator_addon.adapters.telemetry.sending import EndWatcher, MakeRecord
from llemulator_addon.core.outcome import Ending, Play
from llemulator_addon.core.request import Request
from llemulator_addon.core.steps import Cut, Send
from llemulator_addon.emulator import Emulator
from tests.playing import emulator, played


@dataclass(slots=True)
class Recorded:
    """An emulator, and what is recorded of its exchanges."""

    server: Emulator
    spans_exporter: InMemorySpanExporter = field(default_factory=InMemorySpanExporter)
    logs_exporter: InMemoryLogRecordExporter = field(default_factory=InMemoryLogRecordExporter)
    reader: InMemoryMetricReader = field(default_factory=InMemoryMetricReader)

    @property
    def spans(self) -> tuple[ReadableSpan, ...]:
        """The spans, as they ended."""
        return self.spans_exporter.get_finished_spans()

    @property
    def attributes(self) -> Mapping[str, Any]:
        """The attributes of the only span."""
        (span,) = self.spans
        return dict(span.attributes or {})

    @property
    def events(self) -> dict[str, Mapping[str, Any]]:
        """The events of the only span."""
        (span,) = self.spans
        return {event.name: dict(event.attributes or {}) for event in span.events}

    def points(self, name: str) -> list[Any]:
        """Return the points of a metric."""
        data = self.reader.get_metrics_data()
        return [
            point
            for resource in (data.resource_metrics if data else ())
            for scope in resource.scope_metrics
            for metric in scope.metrics
            if metric.name == name
            for point in metric.data.data_points
        ]

    async def ask(self, *asked: Request, how: Any = None, left: tuple[float, ...] = (), seconds: float = 0.0) -> None:  # noqa: ANN401 - as `Ending.how`
        """Let requests be answered to their end."""
        for each in asked:
            play = played(await self.server.answer(each))
            if play.exchange is not None:
                await self.server.note_end(play.exchange, _end(play, how, left, seconds))


def _end(play: Play, how: Any, left: tuple[float, ...], seconds: float) -> Ending:  # noqa: ANN401 - as `Ending.how`
    sends = [step.piece for step in play.steps if isinstance(step, Send)]
    was_cut = any(isinstance(step, Cut) for step in play.steps)
    return Ending(
        how=how or ("cut" if was_cut else "whole"),
        bytes_sent=sum(map(len, sends)),
        sends=len(sends),
        seconds=seconds,
        left=left,
    )


def record(
    script: object = None,
    *,
    captures: Captures = "nothing",
    at: float = 0.0,
    tracers: TracerProvider | None = None,
    server: Emulator | None = None,
    **settings: object,
) -> Recorded:
    """Start an emulator whose exchanges are recorded; each ends at `at`."""
    recorded = Recorded(server or emulator(script, **settings))
    ids = SpanIds()
    tracers = tracers or TracerProvider(id_generator=ids, shutdown_on_exit=False)
    tracers.add_span_processor(SimpleSpanProcessor(recorded.spans_exporter))
    loggers = LoggerProvider(shutdown_on_exit=False)
    loggers.add_log_record_processor(SimpleLogRecordProcessor(recorded.logs_exporter))
    meters = MeterProvider([recorded.reader], shutdown_on_exit=False)
    pipelines = Pipelines(tracers=tracers, meters=meters, loggers=loggers, ids=ids, propagator=find_propagator())
    recorder = Recorder(pipelines, captures)

    def add(size: int, make: MakeRecord) -> None:
        assert size > 0
        # As it comes to the other process.
        for each in read_records(io.BytesIO(write_record(make()))):
            recorder.take(each)

    recorded.server.watch_requests(EndWatcher(add, has_lines=True, clock=lambda: at))
    return recorded
