"""The sender yields to the server while that runs. What is left at the end waits for no thread of a low priority."""

import os
import sys
import threading
from collections.abc import Iterator, Sequence
from typing import override

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

from llemulator_addon.adapters.telemetry.__main__ import RecordReader, make_nice
from llemulator_addon.adapters.telemetry.exporting import Pipelines, SpanIds, find_propagator
from llemulator_addon.adapters.telemetry.record import Line, TelemetryRecord, write_record
from tests.patience import SECONDS

_OF_THREADS = pytest.mark.skipif(sys.platform != "linux", reason="only there a thread has a priority of its own")
_LINE = Line(1.0, 20, "INFO", "x", "x" * 10_000)
_LATER = 600_000.0
"""Milliseconds until the SDK sends by itself: longer than any test."""


def _nice() -> int:
    return os.getpriority(os.PRIO_PROCESS, 0)


class _Exporter(SpanExporter):
    """Notes the priority of who sends; holds what is sent until `may_end`."""

    def __init__(self) -> None:
        self.seen: list[int] = []
        self.may_end = threading.Event()

    @override
    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self.seen.append(_nice())
        self.may_end.wait()
        return SpanExportResult.SUCCESS


@pytest.fixture
def exporter() -> _Exporter:
    return _Exporter()


@pytest.fixture
def pipelines(exporter: _Exporter) -> Iterator[Pipelines]:
    """One span waits to be sent, and the SDK's own thread has a low priority."""
    before = set(threading.enumerate())
    tracers = TracerProvider(shutdown_on_exit=False)
    tracers.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=_LATER))
    if sys.platform == "linux":
        make_nice(set(threading.enumerate()) - before)
    tracers.get_tracer("x").start_span("x").end()
    yield Pipelines(tracers=tracers, ids=SpanIds(), propagator=find_propagator())
    exporter.may_end.set()
    tracers.shutdown()


@_OF_THREADS
def test_records_are_taken_at_a_low_priority_and_those_left_at_the_end_at_that_of_the_start() -> None:
    own, seen = _nice(), list[int]()

    def take(record: TelemetryRecord) -> None:
        assert record == _LINE
        seen.append(_nice())
        reader.is_finishing.wait()

    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as source, os.fdopen(writing, "wb") as pipe:
        reader = RecordReader(source, take)
        make_nice([reader.thread])
        reader.begin()
        pipe.write(write_record(_LINE) * 3)
        pipe.close()
        reader.wait_for_end()
        reader.finish()

    assert seen == [min(19, own + 15), own, own]


@_OF_THREADS
def test_what_waits_at_the_end_is_sent_at_the_priority_of_the_start(exporter: _Exporter, pipelines: Pipelines) -> None:
    exporter.may_end.set()
    pipelines.flush(SECONDS)

    assert exporter.seen == [_nice()]


def test_the_end_does_not_wait_for_a_receiver_that_takes_nothing(exporter: _Exporter, pipelines: Pipelines) -> None:
    # The receiver's time is without end.
    pipelines.flush(0.0)

    assert not exporter.may_end.is_set()


def test_a_record_that_cannot_be_taken_is_said_and_those_after_it_are_taken(caplog: pytest.LogCaptureFixture) -> None:
    taken = list[TelemetryRecord]()

    def take(record: TelemetryRecord) -> None:
        taken.append(record)
        if len(taken) == 1:
            raise ValueError

    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as source, os.fdopen(writing, "wb") as pipe:
        reader = RecordReader(source, take)
        reader.begin()
        pipe.write(write_record(_LINE) * 3)
        pipe.close()
        reader.finish()

    assert taken == [_LINE] * 3
    assert caplog.messages == ["an exchange was left out"]
