"""Arize Phoenix shows our spans as children of those of an application that OpenTelemetry instruments.

The application is unmodified and in an environment of its own: `opentelemetry-instrument` instruments the SDK and its
HTTP client. It asks through the proxy. Both programs send to Phoenix, each by its own library.
"""

import json
import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import pytest

from benchmarks.servers import free_port
from conformance.server import plain_environment, running
from conformance.venvs import ROOT, programs_of

_SECONDS_TO_START = 180
_SECONDS_TO_SHOW = 60
_SCRIPT = {
    "rules": [
        {"name": "failing", "match": {"user_text": "^Fail"}, "reply": {"failure": {"status": 500}}},
        {"name": "greeting", "reply": "Hello from llemulator"},
    ]
}
_SPANS_OF_THE_APPLICATION = 6
"""Three calls, and a request of HTTP for each."""


@pytest.fixture(scope="module")
def phoenix(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Start Phoenix, and return its port."""
    folder, port = tmp_path_factory.mktemp("phoenix"), free_port()
    environment = {
        **plain_environment(),
        "HOME": str(folder),
        "PHOENIX_WORKING_DIR": str(folder),
        "PHOENIX_HOST": "127.0.0.1",
        "PHOENIX_PORT": str(port),
        "PHOENIX_GRPC_PORT": str(free_port()),
        "PHOENIX_TELEMETRY_ENABLED": "false",
        "PHOENIX_ALLOW_EXTERNAL_RESOURCES": "false",
        "PHOENIX_DISABLE_AGENT_ASSISTANT": "true",
    }
    program = programs_of(ROOT / "requirements/telemetry-phoenix.txt") / "phoenix"
    log = folder / "log"
    with log.open("wb") as written:
        process = subprocess.Popen([program, "serve"], env=environment, stdout=written, stderr=subprocess.STDOUT)
    try:
        deadline = time.monotonic() + _SECONDS_TO_START
        while _get(port, "/healthz") is None:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(log.read_text())
            time.sleep(0.2)
        yield port
    finally:
        process.kill()
        process.wait()


def _get(port: int, path: str) -> bytes | None:
    """Return the body of a page; None if it is not there."""
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
    except (OSError, HTTPException):
        return None
    finally:
        connection.close()
    return body if answer.status == 200 else None


def _spans(port: int, number: int) -> list[dict[str, Any]]:
    """Return the spans that Phoenix shows, once there are as many."""
    deadline = time.monotonic() + _SECONDS_TO_SHOW
    while True:
        shown = json.loads(_get(port, "/v1/projects/default/spans?limit=100") or b'{"data": []}')["data"]
        if len(shown) >= number or time.monotonic() > deadline:
            assert len(shown) == number, [span["name"] for span in shown]
            return list(shown)
        time.sleep(0.2)


@contextmanager
def _asked(phoenix: int, folder: Path) -> Iterator[str]:
    """Run the application, and yield what it printed; the server ends behind it."""
    script = folder / "script.json"
    script.write_text(json.dumps(_SCRIPT))
    traces = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{phoenix}",
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "OTEL_METRICS_EXPORTER": "none",
        "OTEL_LOGS_EXPORTER": "none",
        "OTEL_BSP_SCHEDULE_DELAY": "100",
    }
    programs = programs_of(ROOT / "requirements/telemetry-application.txt")
    with running("--script", str(script), env={**traces, "OTEL_SERVICE_NAME": "openai"}) as server:
        environment = {
            **plain_environment(),
            **server.through_proxy(),
            **traces,
            "OTEL_TRACES_EXPORTER": "otlp",
            "OTEL_SERVICE_NAME": "shop",
            "OPENAI_API_KEY": "sk-shop",
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        }
        application = ROOT / "conformance/telemetry/programs/application.py"
        line = [str(programs / "opentelemetry-instrument"), "python", str(application)]
        ran = subprocess.run(line, env=environment, check=False, capture_output=True, text=True)
        assert ran.returncode == 0, ran.stderr
        yield ran.stdout


def test_phoenix_shows_our_spans_as_children_of_the_applications(phoenix: int, tmp_path: Path) -> None:
    with _asked(phoenix, tmp_path) as printed:
        assert printed.splitlines() == ["Hello from llemulator", "Hello from llemulator", "500"]
        spans = _spans(phoenix, _SPANS_OF_THE_APPLICATION + 3)
    by_id: Mapping[str, dict[str, Any]] = {span["context"]["span_id"]: span for span in spans}
    ours = [span for span in spans if "llemulator" in json.dumps(span["attributes"])]
    of_http = [by_id[span["parent_id"]] for span in ours]
    of_calls = [by_id[span["parent_id"]] for span in of_http]

    assert len(ours) == 3
    assert [span["name"] for span in of_http] == ["POST"] * 3
    assert [span["name"] for span in of_calls] == ["chat gpt-4o"] * 3
    assert {span["parent_id"] for span in of_calls} == {None}
    assert {span["attributes"]["gen_ai.request.model"] for span in ours} == {"gpt-4o"}
    assert sorted(span["status_code"] for span in ours) == ["ERROR", "UNSET", "UNSET"]
    for own, call in zip(ours, of_calls, strict=True):
        assert own["context"]["trace_id"] == call["context"]["trace_id"]
        # The application may read the whole answer before the server has noted that it is sent.
        assert call["start_time"] <= own["start_time"] <= call["end_time"]
