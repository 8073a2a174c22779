"""A small receiver of OTLP, over gRPC and over HTTP, which keeps what it gets."""

import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, override

import grpc
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest, ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

from tests.patience import SECONDS

_SIGNALS: Mapping[str, tuple[str, Any, Any]] = {
    "traces": ("trace.v1.TraceService", ExportTraceServiceRequest, ExportTraceServiceResponse),
    "metrics": ("metrics.v1.MetricsService", ExportMetricsServiceRequest, ExportMetricsServiceResponse),
    "logs": ("logs.v1.LogsService", ExportLogsServiceRequest, ExportLogsServiceResponse),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedSpan:
    """A span, in plain values; ids in hexadecimal digits."""

    name: str
    kind: int
    trace_id: str
    span_id: str
    parent_id: str
    trace_state: str
    status: int
    seconds: float
    attributes: Mapping[str, Any]
    events: tuple[tuple[str, Mapping[str, Any]], ...]
    links: tuple[str, ...]
    """The ids of the spans that it is linked to."""
    resource: Mapping[str, Any]


@dataclass(slots=True)
class Receiver:
    """What came."""

    endpoint: str = ""
    requests: list[tuple[str, Any]] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def note(self, signal: str, message: object, headers: Mapping[str, str]) -> None:
        """Keep a request."""
        with self._changed:
            self.requests.append((signal, message))
            self.headers.append(headers)
            self._changed.notify_all()

    def wait_for_spans(self, number: int) -> list[ReceivedSpan]:
        """Wait until as many spans came."""
        self._wait(lambda: len(self.spans()) >= number)
        return self.spans()

    def wait_for_lines(self, text: str) -> list[Any]:
        """Wait until a line of the log with this text came, and return all lines."""
        self._wait(lambda: any(text in line.body.string_value for line in self.lines()))
        return self.lines()

    def wait_for_metrics(self, *names: str) -> Mapping[str, Any]:
        """Wait until these metrics came, and return the newest of each name."""
        self._wait(lambda: set(names) <= self.metrics().keys())
        return self.metrics()

    def _wait(self, is_there: Callable[[], bool]) -> None:
        with self._changed:
            if not self._changed.wait_for(is_there, SECONDS):
                raise TimeoutError([signal for signal, _ in self.requests])

    def _of(self, signal: str) -> list[Any]:
        return [message for each, message in list(self.requests) if each == signal]

    def spans(self) -> list[ReceivedSpan]:
        """Return all spans."""
        return [
            ReceivedSpan(
                name=span.name,
                kind=span.kind,
                trace_id=span.trace_id.hex(),
                span_id=span.span_id.hex(),
                parent_id=span.parent_span_id.hex(),
                trace_state=span.trace_state,
                status=span.status.code,
                seconds=(span.end_time_unix_nano - span.start_time_unix_nano) / 1e9,
                attributes=plain(span.attributes),
                events=tuple((event.name, plain(event.attributes)) for event in span.events),
                links=tuple(link.span_id.hex() for link in span.links),
                resource=plain(resource.resource.attributes),
            )
            for message in self._of("traces")
            for resource in message.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    def lines(self) -> list[Any]:
        """Return all records of logs."""
        return [
            record
            for message in self._of("logs")
            for resource in message.resource_logs
            for scope in resource.scope_logs
            for record in scope.log_records
        ]

    def metrics(self) -> Mapping[str, Any]:
        """Return the newest of each metric."""
        return {
            metric.name: metric
            for message in self._of("metrics")
            for resource in message.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
        }


def plain(attributes: "list[KeyValue]") -> dict[str, Any]:
    """Return attributes as plain values."""
    return {each.key: _plain(each.value) for each in attributes}


def _plain(value: AnyValue) -> Any:  # noqa: ANN401 - whatever it is
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_plain(each) for each in value.array_value.values]
    return None if kind is None else getattr(value, kind)


@contextmanager
def receiving_http(status: int = 200) -> Iterator[Receiver]:
    """Receive over HTTP, and answer with this status."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            signal = self.path.rpartition("/")[2]
            _, request, answer = _SIGNALS[signal]
            body = self.rfile.read(int(self.headers["content-length"]))
            receiver.note(signal, request.FromString(body), {k.lower(): v for k, v in self.headers.items()})
            written = answer().SerializeToString()
            self.send_response(status)
            self.send_header("content-type", "application/x-protobuf")
            self.send_header("content-length", str(len(written)))
            self.end_headers()
            self.wfile.write(written)

        @override
        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        receiver.endpoint = f"http://127.0.0.1:{server.server_address[1]}"
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def receiving_grpc() -> Iterator[Receiver]:
    """Receive over gRPC."""
    receiver = Receiver()
    server = grpc.server(ThreadPoolExecutor(2))

    def handler(signal: str, answer: Any) -> Callable[[Any, grpc.ServicerContext], Any]:  # noqa: ANN401 - made by protobuf
        def take(message: object, context: grpc.ServicerContext) -> object:
            receiver.note(signal, message, {key: str(value) for key, value in context.invocation_metadata()})
            return answer()

        return take

    for signal, (service, request, answer) in _SIGNALS.items():
        export = grpc.unary_unary_rpc_method_handler(
            handler(signal, answer),
            request_deserializer=request.FromString,
            response_serializer=answer.SerializeToString,
        )
        name = f"opentelemetry.proto.collector.{service}"
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(name, {"Export": export}),))
    receiver.endpoint = f"http://127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    try:
        yield receiver
    finally:
        server.stop(None).wait()
