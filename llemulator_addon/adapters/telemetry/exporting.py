"""The providers of OpenTelemetry's SDK, as the variables ask for. Only the sender imports this."""

import logging
import threading
import time
import uuid
from dataclasses import dataclass
from typing import override

from opentelemetry import propagate
from opentelemetry.propagators.textmap import TextMapPropagator
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor, LogRecordExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricExporter, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from requests import Session

from llemulator_addon.adapters.telemetry.asking import OWN_NAME, Target, WantedTelemetry

logger = logging.getLogger(__name__)

_UNNAMED = "unknown_service"


class SpanIds(RandomIdGenerator):
    """Ids by chance, but those that are set for the next span."""

    def __init__(self) -> None:
        self.next_trace: int | None = None
        self.next_span: int | None = None

    @override
    def generate_trace_id(self) -> int:
        chosen, self.next_trace = self.next_trace, None
        return super().generate_trace_id() if chosen is None else chosen

    @override
    def generate_span_id(self) -> int:
        chosen, self.next_span = self.next_span, None
        return super().generate_span_id() if chosen is None else chosen


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipelines:
    """Where spans, metrics and lines of the log go; None: nowhere."""

    tracers: TracerProvider | None = None
    meters: MeterProvider | None = None
    loggers: LoggerProvider | None = None
    ids: SpanIds
    propagator: TextMapPropagator

    def flush(self, seconds: float) -> None:
        """Send what waits to be sent, for this long at most.

        Threads with the caller's priority send it. The SDK's `shutdown` would leave it to threads of a low priority.
        """
        flushing = [
            threading.Thread(target=_flush, args=(provider,), daemon=True)
            for provider in (self.tracers, self.meters, self.loggers)
            if provider is not None
        ]
        for each in flushing:
            each.start()
        deadline = time.monotonic() + seconds
        for each in flushing:
            each.join(max(0.0, deadline - time.monotonic()))


def _flush(provider: TracerProvider | MeterProvider | LoggerProvider) -> None:
    try:
        provider.force_flush()
    except Exception as error:  # noqa: BLE001 - the SDK raises nothing more exact
        logger.error("not all was sent: %s", error)  # noqa: TRY400 - where in the SDK it happened says nothing


def open_pipelines(asked: WantedTelemetry, *, version: str, worker: int | None) -> Pipelines:
    """Make the providers. The SDK reads all other variables itself, from this process's environment."""
    resource, ids = make_resource(version, worker), SpanIds()
    tracers, meters, loggers = None, None, None
    for signal, target in asked.targets.items():
        match signal:
            case "traces":
                tracers = TracerProvider(resource=resource, id_generator=ids, shutdown_on_exit=False)
                tracers.add_span_processor(BatchSpanProcessor(_export_spans(target)))
            case "metrics":
                reader = PeriodicExportingMetricReader(_export_metrics(target))
                meters = MeterProvider([reader], resource=resource, shutdown_on_exit=False)
            case "logs":
                loggers = LoggerProvider(resource=resource, shutdown_on_exit=False)
                loggers.add_log_record_processor(BatchLogRecordProcessor(_export_logs(target)))
    return Pipelines(tracers=tracers, meters=meters, loggers=loggers, ids=ids, propagator=find_propagator())


def make_resource(version: str, worker: int | None) -> Resource:
    """Return what says who sends: the attributes of the variables, and those that they lack."""
    given = Resource.create({})
    name = str(given.attributes.get("service.name", _UNNAMED))
    instance = str(given.attributes.get("service.instance.id") or "")
    own: dict[str, str | int] = {"service.instance.id": instance or str(uuid.uuid4())}
    if name.startswith(_UNNAMED):
        own["service.name"] = OWN_NAME
    if "service.version" not in given.attributes:
        own["service.version"] = version
    if worker is not None:
        own["llemulator.worker"] = worker
        if instance:
            # The variables are the same for all workers.
            own["service.instance.id"] = f"{instance}-{worker}"
    return given.merge(Resource(own))


def find_propagator() -> TextMapPropagator:
    """Return what reads the headers of the application's trace (`OTEL_PROPAGATORS`)."""
    return propagate.get_global_textmap()


def _session() -> Session:
    """Return a client that takes no proxy and no password from elsewhere: what it sends must not come back here."""
    session = Session()
    session.trust_env = False
    return session


def _export_spans(target: Target) -> SpanExporter:
    if target.protocol == "grpc":
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import (  # noqa: PLC0415 - one of the two is used
            OTLPSpanExporter as Grpc,
        )

        return Grpc(endpoint=target.endpoint)
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415
        OTLPSpanExporter as Http,
    )

    return Http(endpoint=target.endpoint, session=_session())


def _export_metrics(target: Target) -> MetricExporter:
    if target.protocol == "grpc":
        from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import (  # noqa: PLC0415
            OTLPMetricExporter as Grpc,
        )

        return Grpc(endpoint=target.endpoint)
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import (  # noqa: PLC0415
        OTLPMetricExporter as Http,
    )

    return Http(endpoint=target.endpoint, session=_session())


def _export_logs(target: Target) -> LogRecordExporter:
    if target.protocol == "grpc":
        from opentelemetry.exporter.otlp.proto.grpc._log_exporter import (  # noqa: PLC0415 - it has no other name
            OTLPLogExporter as Grpc,
        )

        return Grpc(endpoint=target.endpoint)
    from opentelemetry.exporter.otlp.proto.http._log_exporter import (  # noqa: PLC0415
        OTLPLogExporter as Http,
    )

    return Http(endpoint=target.endpoint, session=_session())
