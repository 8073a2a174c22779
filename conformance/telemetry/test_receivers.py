"""A receiver of OTLP and a real server, over both protocols; and receivers that are down, slow, or refuse."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import connect

from benchmarks.servers import free_port
from conformance.server import Server, running
from conformance.venvs import ROOT
from tests.otlp import Receiver, receiving_grpc, receiving_http

_TOKEN = "sk-proj-abcdefghijklmnopqrstuvwxyz0123456789"
_TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
_SOON = {"OTEL_BSP_SCHEDULE_DELAY": "100", "OTEL_BLRP_SCHEDULE_DELAY": "100", "OTEL_METRIC_EXPORT_INTERVAL": "300"}
_RECEIVERS: Mapping[str, Callable[[], AbstractContextManager[Receiver]]] = {
    "grpc": receiving_grpc,
    "http/protobuf": receiving_http,
}


@contextmanager
def _serving(endpoint: str, *options: str, **variables: str) -> Iterator[Server]:
    protocol = {"OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}
    environment = {**_SOON, **protocol, "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, **variables}
    with running("--on-unmatched", "echo", *options, env=environment) as server:
        yield server


def _ask(server: Server, text: str = "Hello", **body: object) -> tuple[int, bytes]:
    asked = {"model": "gpt-4o", "messages": [{"role": "user", "content": text}], **body}
    headers = {"authorization": f"Bearer {_TOKEN}", "content-type": "application/json", "traceparent": _TRACEPARENT}
    connection = HTTPConnection(server.host, server.port, timeout=30)
    try:
        connection.request("POST", "/v1/chat/completions", json.dumps(asked), headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


@pytest.mark.parametrize("protocol", _RECEIVERS)
def test_a_receiver_gets_spans_metrics_and_lines(protocol: str) -> None:
    variables = {
        "OTEL_EXPORTER_OTLP_PROTOCOL": protocol,
        "OTEL_EXPORTER_OTLP_HEADERS": "api-key=of-the-receiver",
        "OTEL_SERVICE_NAME": "openai",
        "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment.name=test",
    }
    with _RECEIVERS[protocol]() as receiver:
        with _serving(receiver.endpoint, **variables) as server:
            assert _ask(server, f"My key is {_TOKEN}")[0] == 200
            assert _ask(server, stream=True)[0] == 200
            assert _ask(server, model="no-such-model")[0] == 404
            spans = receiver.wait_for_spans(3)
            lines = receiver.wait_for_lines("404")
            metrics = receiver.wait_for_metrics("gen_ai.server.request.duration", "gen_ai.server.time_to_first_token")
        whole, stream, refused = spans
        (line,) = [each for each in lines if "404" in each.body.string_value]

        assert {span.trace_id for span in spans} == {"0af7651916cd43dd8448eb211c80319c"}
        assert {span.parent_id for span in spans} == {"b7ad6b7169203331"}
        assert [span.kind for span in spans] == [2, 2, 2]  # SERVER
        assert whole.attributes["gen_ai.response.finish_reasons"] == ["stop"]
        assert whole.resource["service.name"] == "openai"
        assert whole.resource["deployment.environment.name"] == "test"
        assert len(whole.resource["service.instance.id"]) == 36
        assert {name for name, _ in stream.events} == {"llemulator.near_miss", "llemulator.first_token"}
        assert refused.attributes["error.type"] == "model_not_found"
        assert line.span_id.hex() == refused.span_id
        assert metrics["gen_ai.server.request.duration"].histogram.data_points
        assert {headers["api-key"] for headers in receiver.headers} == {"of-the-receiver"}
        assert [signal for signal, message in receiver.requests if _TOKEN in str(message)] == []
        assert "My key" not in str(receiver.requests)


def test_each_worker_has_an_instance_of_its_own(tmp_path: Path) -> None:
    with receiving_http() as receiver:
        store = f"sqlite:///{tmp_path / 'sessions'}"
        variables = {"OTEL_RESOURCE_ATTRIBUTES": "service.instance.id=pod-7"}
        with _serving(receiver.endpoint, "--workers", "2", "--store", store, **variables) as server:
            instances = set[str]()
            while instances != {"pod-7-1", "pod-7-2"}:
                assert _ask(server)[0] == 200
                spans = receiver.wait_for_spans(1)
                instances = {str(span.resource["service.instance.id"]) for span in spans}


def test_the_end_of_the_server_sends_what_waits() -> None:
    with receiving_http() as receiver:
        with _serving(receiver.endpoint, OTEL_BSP_SCHEDULE_DELAY="600000") as server:
            for _ in range(5):
                assert _ask(server)[0] == 200
            assert receiver.spans() == []
        # On a machine that has much else to do, the sender may end after the server.
        assert len(receiver.wait_for_spans(5)) == 5


def test_a_server_that_is_killed_sends_what_waits_all_the_same() -> None:
    with receiving_http() as receiver:
        try:
            with _serving(receiver.endpoint, OTEL_BSP_SCHEDULE_DELAY="600000") as server:
                assert _ask(server)[0] == 200
                receiver.wait_for_metrics("http.server.request.duration")
                os.kill(server.pid, signal.SIGKILL)
        except RuntimeError:
            pass  # it did not end well
        assert len(receiver.wait_for_spans(1)) == 1


@pytest.mark.parametrize("protocol", _RECEIVERS)
@pytest.mark.parametrize("listens", [False, True], ids=["nobody listens", "nobody answers"])
def test_a_receiver_that_takes_nothing_holds_neither_answers_nor_the_end(protocol: str, *, listens: bool) -> None:
    port = free_port()
    with socket.socket() as listener:
        if listens:
            listener.bind(("127.0.0.1", port))
            listener.listen()
        # A server that waited for all of this would not end in good order, which is an error here.
        variables = {"OTEL_EXPORTER_OTLP_PROTOCOL": protocol, "OTEL_EXPORTER_OTLP_TIMEOUT": "600"}
        with _serving(f"http://127.0.0.1:{port}", **variables) as server:
            for _ in range(50):
                assert _ask(server)[0] == 200


def test_a_receiver_that_refuses_is_named_once_and_its_key_never() -> None:
    with receiving_http(status=401) as receiver:
        endpoint = receiver.endpoint.replace("http://", "http://user:of-the-receiver@")
        variables = {"OTEL_EXPORTER_OTLP_HEADERS": "authorization=Bearer%20of-the-receiver"}
        with _serving(endpoint, **variables) as server:
            for number in range(3):
                assert _ask(server)[0] == 200
                receiver.wait_for_spans(number + 1)
            receiver.wait_for_metrics("http.server.request.duration")
        said = [line for line in server.said if "[telemetry]" in line]

        assert 1 <= len([line for line in said if "401" in line]) <= 3  # one for each signal
        assert "of-the-receiver" not in "".join(server.said)


@pytest.mark.parametrize(
    ("variable", "text"),
    [("OTEL_PROPAGATORS", "no-such-one"), ("OTEL_EXPORTER_OTLP_CERTIFICATE", "/no/such/file")],
)
def test_what_the_sdk_cannot_do_is_said_and_the_server_serves(variable: str, text: str) -> None:
    with _serving("https://127.0.0.1:9", OTEL_EXPORTER_OTLP_PROTOCOL="grpc", **{variable: text}) as server:
        for _ in range(3):
            assert _ask(server)[0] == 200
    said = [line for line in server.said if "[telemetry]" in line]

    assert said
    assert "no-such-one" in said[0] or "/no/such/file" in said[0]


def test_a_message_of_websocket_is_a_child_of_its_connection() -> None:
    with receiving_http() as receiver, _serving(receiver.endpoint) as server:
        headers = {"Authorization": f"Bearer {_TOKEN}", "traceparent": _TRACEPARENT}
        url = f"ws://{server.host}:{server.port}/v1/responses"
        with connect(url, additional_headers=headers, proxy=None) as socket:
            socket.send(json.dumps({"type": "response.create", "model": "gpt-4o", "input": "Hello"}))
            while json.loads(socket.recv())["type"] != "response.completed":
                pass
        url = f"ws://{server.host}:{server.port}/v1/realtime?model=gpt-realtime"
        with connect(url, additional_headers=headers, proxy=None) as socket:
            content = [{"type": "input_text", "text": "Hello"}]
            item = {"type": "message", "role": "user", "content": content}
            socket.send(json.dumps({"type": "conversation.item.create", "item": item}))
            socket.send(json.dumps({"type": "response.create", "response": {"output_modalities": ["text"]}}))
            while json.loads(socket.recv())["type"] != "response.done":
                pass
        spans = {span.name: span for span in receiver.wait_for_spans(4)}

    assert set(spans) == {"GET /v1/responses", "chat gpt-4o", "GET /v1/realtime", "chat gpt-realtime"}
    for connection, message in (("GET /v1/responses", "chat gpt-4o"), ("GET /v1/realtime", "chat gpt-realtime")):
        assert spans[connection].parent_id == "b7ad6b7169203331"
        assert spans[connection].attributes["http.response.status_code"] == 101
        assert spans[connection].attributes["llemulator.messages"] > 2
        assert spans[message].parent_id == spans[connection].span_id
        assert spans[message].attributes["gen_ai.response.finish_reasons"] == ["stop"]
        assert spans[message].attributes["gen_ai.response.id"].startswith("resp_")


def test_with_run_the_variables_are_the_commands_and_the_service_is_llemulator() -> None:
    program = (
        "import os, urllib.request as u; print(os.environ['OTEL_SERVICE_NAME']); "
        "u.urlopen(u.Request('https://api.openai.com/v1/models', headers={'authorization': 'Bearer x'}))"
    )
    with receiving_grpc() as receiver:
        environment = {**os.environ, "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.endpoint, "OTEL_SERVICE_NAME": "shop"}
        line = [sys.executable, "-m", "llemulator_addon", "run", "--", sys.executable, "-c", program]
        ran = subprocess.run(line, env=environment, check=True, capture_output=True, text=True, cwd=ROOT)
        (span,) = receiver.wait_for_spans(1)

    assert "shop" in ran.stdout
    assert span.resource["service.name"] == "llemulator"
    assert span.name == "GET /v1/models"


@pytest.mark.skipif(sys.platform != "linux", reason="only there a thread has a priority of its own")
def test_the_sender_starts_and_ends_at_the_servers_priority_and_works_at_a_lower_one() -> None:
    own = os.getpriority(os.PRIO_PROCESS, 0)
    with receiving_http() as receiver, _serving(receiver.endpoint) as server:
        assert _ask(server)[0] == 200
        receiver.wait_for_spans(1)
        (sender,) = _children(server.pid)
        threads = {int(each.name) for each in Path(f"/proc/{sender}/task").iterdir()} - {sender}
        nices = [os.getpriority(os.PRIO_PROCESS, thread) for thread in threads]

        assert os.getpriority(os.PRIO_PROCESS, sender) == own  # its main thread
        assert nices == [min(19, own + 15)] * 4  # one takes records, and the SDK has one for each signal


def test_without_the_variables_the_server_imports_nothing_of_it_and_starts_no_process() -> None:
    with running("--on-unmatched", "echo") as server:
        assert _ask(server)[0] == 200
        assert _children(server.pid) == []
        assert _mapped(server.pid) == []


def test_with_the_variables_the_server_itself_imports_nothing_of_it() -> None:
    with receiving_grpc() as receiver, _serving(receiver.endpoint, OTEL_EXPORTER_OTLP_PROTOCOL="grpc") as server:
        assert _ask(server)[0] == 200
        receiver.wait_for_spans(1)
        (sender,) = _children(server.pid)

        assert _mapped(server.pid) == []
        assert _mapped(sender) != []


def _children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return [int(child) for task in tasks for child in (task / "children").read_text().split()]


def _mapped(pid: int) -> list[Any]:
    """Return the lines of a process's map that name gRPC's or protobuf's library."""
    lines = Path(f"/proc/{pid}/maps").read_text().splitlines()
    return [line for line in lines if "cygrpc" in line or "google/_upb" in line]
