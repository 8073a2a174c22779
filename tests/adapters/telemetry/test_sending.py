"""What ended is handed over beside the server: nobody waits, memory is bounded, and the end has a bound."""

import logging
import os
import sys
import threading
from pathlib import Path

import pytest

from llemulator_addon.adapters.telemetry.__main__ import Seldom
from llemulator_addon.adapters.telemetry.record import Line, TelemetryRecord, read_records, write_record
from llemulator_addon.adapters.telemetry.sending import Channel, EndWatcher, make_environment, sending
from llemulator_addon.core.outcome import Ask, Ending
from llemulator_addon.core.prompt import Prompt
from llemulator_addon.core.session_key import ANONYMOUS, ExchangeId
from tests.patience import SECONDS
from tests.playing import chat

_ID = ExchangeId(ANONYMOUS, 1, 1)
_LINE = Line(1.0, 20, "INFO", "x", "text")


def _copy_to(file: Path) -> tuple[str, ...]:
    return sys.executable, "-SIc", f"import sys; open({str(file)!r}, 'wb').write(sys.stdin.buffer.read())"


def _make() -> TelemetryRecord:
    return _LINE


def test_without_the_variables_nothing_is_started_and_nothing_is_watched(caplog: pytest.LogCaptureFixture) -> None:
    threads = threading.active_count()
    with sending({"OTEL_SERVICE_NAME": "shop"}) as watcher:
        assert watcher is None
        assert threading.active_count() == threads
    assert caplog.records == []


def test_a_missing_library_is_named_with_its_remedy(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    with sending({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}) as watcher:
        assert watcher is None
    (line,) = caplog.messages

    assert "OTEL_EXPORTER_OTLP_" in line
    assert "pip install 'llemulator[otel]'" in line


def test_what_cannot_be_done_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with sending({"OTEL_EXPORTER_OTLP_ENDPOINT": "ftp://a"}) as watcher:
        assert watcher is None

    assert caplog.messages == ["OTEL_EXPORTER_OTLP_ENDPOINT: this is no URL of http or https"]


def test_all_that_was_added_is_handed_over_by_the_end(tmp_path: Path) -> None:
    channel = Channel(_copy_to(tmp_path / "records"), {})
    for _ in range(1_000):
        channel.add(10, _make)
    channel.close(SECONDS)

    with (tmp_path / "records").open("rb") as written:
        assert list(read_records(written)) == [_LINE] * 1_000


def test_a_record_that_cannot_be_written_is_said_and_those_after_it_are_handed_over(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    channel = Channel(_copy_to(tmp_path / "records"), {})
    channel.add(10, lambda: Line(1.0, 20, "INFO", "x", object()))  # type: ignore[arg-type]
    channel.add(10, _make)
    channel.close(SECONDS)

    assert caplog.messages == ["a record of telemetry was left out"]
    with (tmp_path / "records").open("rb") as written:
        assert list(read_records(written)) == [_LINE]


def test_a_process_that_takes_nothing_costs_bounded_memory_and_does_not_hold_the_end(
    caplog: pytest.LogCaptureFixture,
) -> None:
    deaf = (sys.executable, "-SIc", "import signal; signal.pause()")
    channel = Channel(deaf, {}, bytes_at_most=1 << 20)
    large = Line(1.0, 20, "INFO", "x", "x" * 100_000)
    for _ in range(1_000):
        channel.add(100_000, lambda: large)
    waiting = channel.count_waiting()
    channel.close(0.1)

    assert waiting <= 10
    assert caplog.messages[0].startswith("990 spans and lines")


def test_a_process_that_has_all_and_is_slow_is_left_to_end_by_itself(tmp_path: Path) -> None:
    has_all, gate, records = tmp_path / "has_all", tmp_path / "gate", tmp_path / "records"
    for each in (has_all, gate):
        os.mkfifo(each)
    slow = (
        "import sys; all = sys.stdin.buffer.read(); "
        f"open({str(has_all)!r}, 'w').close(); open({str(gate)!r}).close(); open({str(records)!r}, 'wb').write(all)"
    )
    channel = Channel((sys.executable, "-SIc", slow), {})
    channel.add(10, _make)
    closing = threading.Thread(target=channel.close, args=(SECONDS,))
    closing.start()
    has_all.read_bytes()
    # As if the time were over.
    channel.close(0.0)
    opened = os.open(gate, os.O_RDWR)
    closing.join()
    os.close(opened)

    with records.open("rb") as written:
        assert list(read_records(written)) == [_LINE]


def test_what_found_no_room_is_counted_in_one_line(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    channel = Channel(_copy_to(tmp_path / "records"), {}, bytes_at_most=100)
    for _ in range(10):
        channel.add(60, _make)
    channel.close(SECONDS)
    (line,) = caplog.messages

    assert line.startswith("9 spans and lines")


def test_a_process_that_ended_is_named(caplog: pytest.LogCaptureFixture) -> None:
    channel = Channel((sys.executable, "-SIc", "raise SystemExit(3)"), {})
    while not caplog.records:
        channel.add(1, _make)
    channel.close(SECONDS)

    assert caplog.messages == ["the process that sends telemetry ended with 3, and is started again"]
    assert caplog.records[0].levelno == logging.ERROR


def test_what_a_process_that_ended_did_not_take_counts_no_longer(caplog: pytest.LogCaptureFixture) -> None:
    channel = Channel((sys.executable, "-SIc", ""), {}, bytes_at_most=100)
    while not [line for line in caplog.messages if "started again" in line]:
        channel.add(100, _make)
    channel.add(100, _make)
    waiting = channel.count_waiting()
    channel.close(SECONDS)

    assert waiting == 1


def test_a_record_that_was_broken_off_is_left_out(tmp_path: Path) -> None:
    file = tmp_path / "records"
    file.write_bytes(write_record(_LINE) + write_record(_LINE)[:-1])

    with file.open("rb") as source:
        assert list(read_records(source)) == [_LINE]


def test_the_process_uses_no_proxy() -> None:
    kept = make_environment(
        {"HTTPS_PROXY": "http://a", "http_proxy": "b", "no_proxy": "c", "OTEL_SERVICE_NAME": "shop"}
    )

    assert {name for name in kept if name.lower().endswith("proxy")} == set()
    assert kept["OTEL_SERVICE_NAME"] == "shop"


def test_queues_are_shorter_where_spans_have_messages() -> None:
    assert make_environment({}, "spans")["OTEL_BSP_MAX_QUEUE_SIZE"] == "512"
    assert make_environment({"OTEL_BSP_MAX_QUEUE_SIZE": "9"}, "both")["OTEL_BSP_MAX_QUEUE_SIZE"] == "9"
    assert "OTEL_BSP_MAX_QUEUE_SIZE" not in make_environment({})


def test_a_receiver_that_is_down_is_said_once_a_minute() -> None:
    times = iter((0.0, 1.0, 2.0, 61.0))
    seldom = Seldom(lambda: next(times))
    lines = [
        logging.makeLogRecord({"name": "opentelemetry.x", "msg": text}) for text in ("down", "down", "full", "down")
    ]

    assert [bool(seldom.filter(line)) for line in lines] == [True, False, True, True]


def test_a_request_whose_session_was_forgotten_is_not_handed_over() -> None:
    added = list[int]()
    watcher = EndWatcher(lambda size, _: added.append(size))
    prompt = Prompt(endpoint="chat.completions", model="gpt-4o")
    watcher.waits(Ask(exchange=_ID, request=chat(), prompt=prompt, turn=1, manual_timeout=1.0))
    watcher.note_end(_ID, None, Ending("whole", 0, 0, 0.0), None)

    assert added == []
