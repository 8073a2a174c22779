"""Makes spans, metrics and lines of the log from records."""

import os
from collections.abc import Mapping
from hashlib import blake2b

from opentelemetry import trace
from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.context import Context
from opentelemetry.metrics import Histogram, Meter
from opentelemetry.sdk.trace.sampling import Decision
from opentelemetry.trace import Link, NonRecordingSpan, SpanContext, SpanKind, Status, StatusCode, TraceFlags

from llemulator_addon.adapters.telemetry.asking import Captures
from llemulator_addon.adapters.telemetry.content import read_content
from llemulator_addon.adapters.telemetry.exporting import Pipelines, open_pipelines
from llemulator_addon.adapters.telemetry.facts import Attributes, SpanFacts, key_of, read_facts
from llemulator_addon.adapters.telemetry.record import Ended, Line, TelemetryRecord
from llemulator_addon.verification.talk_messages import OVER_WEBSOCKET, SWITCHED
from llemulator_addon.wire.redaction import redact_text

__all__ = ["MOST_MODELS", "OTHER", "SCOPE", "Recorder", "open_pipelines"]

SCOPE = "llemulator"
OTHER = "_OTHER"
MOST_MODELS = 100
"""Names of models that metrics know; those beyond are `_OTHER`."""
_NANO = 10**9
_TRACEPARENT = {"ws_request_header_traceparent": "traceparent", "ws_request_header_tracestate": "tracestate"}
"""Members of `client_metadata` with which a client of Responses sends headers in a message of WebSocket."""


class Recorder:
    """Takes records. An object, because it knows names that it has seen, and the ids of connections."""

    def __init__(self, pipelines: Pipelines, captures: Captures, version: str = "") -> None:
        self._pipelines = pipelines
        self._captures = captures
        self._tracer = None if pipelines.tracers is None else pipelines.tracers.get_tracer(SCOPE, version)
        self._metrics = None if pipelines.meters is None else _Histograms(pipelines.meters.get_meter(SCOPE, version))
        self._logger = None if pipelines.loggers is None else pipelines.loggers.get_logger(SCOPE, version)
        self._secret = os.urandom(16)
        """So that no two processes give the same ids."""

    def flush(self, seconds: float) -> None:
        """Send what waits to be sent, for this long at most."""
        self._pipelines.flush(seconds)

    def take(self, record: TelemetryRecord) -> None:
        """Make what is to be sent of a record."""
        match record:
            case Ended():
                self._take_end(record)
            case Line():
                self._write_line(record, Context())

    def _take_end(self, ended: Ended) -> None:
        facts = read_facts(ended)
        wanted = facts.operation is not None and self._captures != "nothing"
        content = read_content(ended, facts) if wanted else {}
        parent, links = self._find_parent(ended, facts)
        context = parent
        if self._tracer is not None:
            in_span = content if self._captures in {"spans", "both"} else {}
            context = self._make_span(ended, facts, parent, links, in_span)
        if self._metrics is not None:
            self._metrics.count(ended, facts)
        if self._logger is not None:
            if ended.line:
                level = SeverityNumber.INFO
                shown = redact_text(ended.line, key_of(ended))
                self._write_line(Line(ended.ended, level.value, "INFO", _REQUEST_LOG, shown), context)
            if content and self._captures in {"events", "both"}:
                self._logger.emit(
                    LogRecord(
                        timestamp=_nanoseconds(ended.ended),
                        context=context,
                        severity_number=SeverityNumber.INFO,
                        event_name="gen_ai.client.inference.operation.details",
                        attributes={**facts.attributes, **content},
                    )
                )

    def _make_span(
        self, ended: Ended, facts: SpanFacts, parent: Context, links: tuple[Link, ...], content: Mapping[str, str]
    ) -> Context:
        assert self._tracer is not None  # noqa: S101 - asked before
        if ended.status == SWITCHED:
            ids = self._pipelines.ids
            ids.next_trace, ids.next_span = self._ids_of(ended.connection)
        span = self._tracer.start_span(
            facts.name,
            context=parent,
            kind=SpanKind.SERVER,
            attributes={**facts.attributes, **content},
            links=links,
            start_time=_nanoseconds(ended.at),
        )
        for event in facts.events:
            span.add_event(event.name, event.attributes, timestamp=_nanoseconds(event.at))
        if facts.failed:
            span.set_status(Status(StatusCode.ERROR, facts.error))
        span.end(_nanoseconds(ended.ended))
        return trace.set_span_in_context(span, parent)

    # Parents ----------------------------------------------------------------------------------------------------------

    def _find_parent(self, ended: Ended, facts: SpanFacts) -> tuple[Context, tuple[Link, ...]]:
        """Return the context of the application's span, or of the connection's; the other is a link."""
        asked = self._pipelines.propagator.extract(ended.headers, Context())
        if ended.http_version != OVER_WEBSOCKET:
            return asked, ()
        connection = self._find_connection(ended.connection, asked)
        own = self._pipelines.propagator.extract(_read_headers(facts.body), Context())
        if not _span_in(own).is_valid:
            return connection, ()
        return own, (Link(_span_in(connection)),)

    def _find_connection(self, connection: str, asked: Context) -> Context:
        """Return the context of the span that a WebSocket connection will have at its end: its ids are known before."""
        trace_id, span_id = self._ids_of(connection)
        parent = _span_in(asked)
        if parent.is_valid:
            trace_id = parent.trace_id
        sampled = self._pipelines.tracers is not None and (
            self._pipelines.tracers.sampler.should_sample(asked, trace_id, "", SpanKind.SERVER).decision
            is Decision.RECORD_AND_SAMPLE
        )
        flags = TraceFlags(TraceFlags.SAMPLED if sampled else TraceFlags.DEFAULT)
        own = SpanContext(trace_id, span_id, is_remote=False, trace_flags=flags, trace_state=parent.trace_state)
        return trace.set_span_in_context(NonRecordingSpan(own), asked)

    def _ids_of(self, connection: str) -> tuple[int, int]:
        digest = blake2b(connection.encode("utf-8", "replace"), key=self._secret, digest_size=24).digest()
        return int.from_bytes(digest[:16]) or 1, int.from_bytes(digest[16:]) or 1

    # Lines ------------------------------------------------------------------------------------------------------------

    def _write_line(self, line: Line, context: Context) -> None:
        if self._logger is None:
            return
        self._logger.emit(
            LogRecord(
                timestamp=_nanoseconds(line.at),
                context=context,
                severity_number=_SEVERITIES.get(line.level_name, SeverityNumber.INFO),
                severity_text=line.level_name,
                body=redact_text(line.text, "").encode("utf-8", "replace").decode(),
                attributes={"llemulator.logger": line.logger},
            )
        )


_REQUEST_LOG = "llemulator_addon.adapters.request_log"
_SEVERITIES = {
    "DEBUG": SeverityNumber.DEBUG,
    "INFO": SeverityNumber.INFO,
    "WARNING": SeverityNumber.WARN,
    "ERROR": SeverityNumber.ERROR,
    "CRITICAL": SeverityNumber.FATAL,
}


def _nanoseconds(seconds: float) -> int:
    return int(seconds * _NANO)


def _span_in(context: Context) -> SpanContext:
    return trace.get_current_span(context).get_span_context()


def _read_headers(body: Mapping[str, object]) -> dict[str, str]:
    metadata = body.get("client_metadata")
    if not isinstance(metadata, Mapping):
        return {}
    return {name: text for key, name in _TRACEPARENT.items() if isinstance(text := metadata.get(key), str)}


# Metrics --------------------------------------------------------------------------------------------------------------

_DURATIONS = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
_TO_FIRST = (0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
_PER_TOKEN = (0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 2.5)
_TOKENS = (1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864)
_OF_HTTP = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
"""Bounds that the conventions ask for."""


class _Histograms:
    def __init__(self, meter: Meter) -> None:
        self._duration = _histogram(
            meter, "gen_ai.server.request.duration", "s", "Of requests in which a model answers.", _DURATIONS
        )
        self._to_first = _histogram(meter, "gen_ai.server.time_to_first_token", "s", "Of streams.", _TO_FIRST)
        self._per_token = _histogram(meter, "gen_ai.server.time_per_output_token", "s", "After the first.", _PER_TOKEN)
        self._tokens = _histogram(meter, "gen_ai.client.token.usage", "{token}", "As answers say.", _TOKENS)
        self._http = _histogram(meter, "http.server.request.duration", "s", "Of all requests to the API.", _OF_HTTP)
        self._models: set[str] = set()

    def count(self, ended: Ended, facts: SpanFacts) -> None:
        """Count an exchange. Names from clients make no new label beyond a number."""
        attributes = facts.attributes
        duration = max(0.0, ended.ended - ended.at)
        self._http.record(duration, _some(attributes, _LABELS_OF_HTTP))
        if facts.operation is None:
            return
        labels = _some(attributes, _LABELS)
        for name in ("gen_ai.request.model", "gen_ai.response.model"):
            if name in labels:
                labels[name] = self._limit_name(str(labels[name]), is_new_allowed=facts.error is None)
        self._duration.record(duration, labels)
        if facts.error is not None:
            return
        if facts.to_first_token is not None:
            self._to_first.record(facts.to_first_token, labels)
        if facts.per_token is not None:
            self._per_token.record(facts.per_token, labels)
        for kind, count in (("input", facts.answer.prompt_tokens), ("output", facts.answer.answer_tokens)):
            if count is not None:
                self._tokens.record(count, {**labels, "gen_ai.token.type": kind})

    def _limit_name(self, model: str, *, is_new_allowed: bool) -> str:
        if model in self._models:
            return model
        if not is_new_allowed or len(self._models) >= MOST_MODELS:
            return OTHER
        self._models.add(model)
        return model


_LABELS = (
    "gen_ai.operation.name",
    "gen_ai.provider.name",
    "gen_ai.request.model",
    "gen_ai.response.model",
    "error.type",
)
_LABELS_OF_HTTP = ("http.request.method", "url.scheme", "http.route", "http.response.status_code")


def _some(attributes: Attributes, names: tuple[str, ...]) -> Attributes:
    return {name: attributes[name] for name in names if name in attributes}


def _histogram(meter: Meter, name: str, unit: str, description: str, bounds: tuple[float, ...]) -> Histogram:
    return meter.create_histogram(name, unit, description, explicit_bucket_boundaries_advisory=bounds)
