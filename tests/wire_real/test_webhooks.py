"""Webhooks reach a receiver that the user named, and the official SDK accepts them."""

import json
import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, NamedTuple, override

import httpx2
import pytest
from openai import InvalidWebhookSignatureError, OpenAI

from conformance.server import Server, running
from tests.patience import SECONDS
from tests.wire_real.sdk import official


class Received(NamedTuple):
    """A delivery as it arrived."""

    path: str
    headers: dict[str, str]
    body: bytes


class Receiver:
    """A server that takes webhooks."""

    def __init__(self) -> None:
        self.received: queue.Queue[Received] = queue.Queue()
        self.statuses: list[int] = []
        """Of the next answers; 200 after them."""
        receiver = self

        class _Answering(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.received.put(Received(self.path, {k.lower(): v for k, v in self.headers.items()}, body))
                self.send_response(receiver.statuses.pop(0) if receiver.statuses else 200)
                self.send_header("content-length", "0")
                self.end_headers()

            @override
            def log_message(self, *_: object) -> None:
                """Print nothing."""

        self._server = HTTPServer(("127.0.0.1", 0), _Answering)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def next(self) -> Received:
        """Wait for a delivery."""
        return self.received.get(timeout=SECONDS)

    @contextmanager
    def serving(self) -> Iterator["Receiver"]:
        """Serve in a thread."""
        thread = threading.Thread(target=self._server.serve_forever)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            thread.join()
            self._server.server_close()


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with Receiver().serving() as receiver:
        yield receiver


@pytest.fixture(scope="module")
def server(receiver: Receiver) -> Iterator[Server]:
    with running("--webhooks", receiver.url, "--batch-duration", "3600", "--fine-tuning-duration", "3600") as started:
        yield started


@pytest.fixture
def client(server: Server, request: pytest.FixtureRequest) -> Iterator[OpenAI]:
    with official(server, f"sk-{request.node.name}") as client:
        yield client


def _admin(client: OpenAI, server: Server, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 - JSON
    headers = {"authorization": f"Bearer {client.api_key}"}
    answer = httpx2.request(method, f"{server.origin}/_emulator/{path}", json=body, headers=headers)
    return answer.raise_for_status().json()


def _subscribe(client: OpenAI, url: str, *kinds: Any) -> Any:  # noqa: ANN401 - the SDK's
    return client.webhooks.create(name="mine", url=url, event_types=list(kinds))


def test_a_background_response_is_told_of_without_polling_and_the_sdk_unwraps_it(
    client: OpenAI, receiver: Receiver
) -> None:
    endpoint = _subscribe(client, f"{receiver.url}/hook", "response.completed")
    response = client.responses.create(model="gpt-4o", input="Hi", background=True)

    got = receiver.next()
    event = client.webhooks.unwrap(got.body.decode(), got.headers, secret=endpoint.signing_secret)

    assert (got.path, event.type) == ("/hook", "response.completed")
    assert json.loads(got.body)["data"] == {"id": response.id}
    assert client.responses.retrieve(response.id).status == "completed"
    with pytest.raises(InvalidWebhookSignatureError):
        client.webhooks.unwrap(got.body.decode() + " ", got.headers, secret=endpoint.signing_secret)


def test_a_call_comes_in_by_a_test_and_is_accepted_and_has_a_connection(
    client: OpenAI, server: Server, receiver: Receiver
) -> None:
    endpoint = _subscribe(client, receiver.url, "realtime.call.incoming")
    client.webhooks.test(endpoint.id, event_type="realtime.call.incoming")
    got = receiver.next()
    event = client.webhooks.unwrap(got.body.decode(), got.headers, secret=endpoint.signing_secret)
    assert event.type == "realtime.call.incoming"

    client.realtime.calls.accept(event.data.call_id, type="realtime", model="gpt-realtime", instructions="Be brief.")

    connecting = client.with_options(websocket_base_url=f"{server.origin}/v1".replace("http", "ws", 1))
    with connecting.realtime.connect(call_id=event.data.call_id) as connection:
        begun = connection.recv()
        assert begun.type == "session.created"
        assert begun.session.to_dict()["instructions"] == "Be brief."
    assert [each.name for each in event.data.sip_headers] == ["From", "To", "Call-ID"]


def test_a_call_that_comes_in_is_told_to_each_endpoint_that_wants_it(
    client: OpenAI, server: Server, receiver: Receiver
) -> None:
    endpoint = _subscribe(client, receiver.url, "realtime.call.incoming")

    caller = {"from": "sip:ann@example.com", "sip_headers": [{"name": "X-Id", "value": "7"}]}
    comes = [_admin(client, server, "POST", "calls", body) for body in (caller, {})]
    events: list[Any] = []
    for _ in comes:
        got = receiver.next()
        events.append(client.webhooks.unwrap(got.body.decode(), got.headers, secret=endpoint.signing_secret))

    assert [event.data.call_id for event in events] == [each["call_id"] for each in comes]
    assert [each["deliveries"] for each in comes] == [[1], [2]]
    headers = [(each.name, each.value) for each in events[0].data.sip_headers]
    assert (headers[0], headers[-1]) == (("From", "sip:ann@example.com"), ("X-Id", "7"))


def test_the_end_of_a_batch_and_of_a_job_is_told_when_the_clock_moves(
    client: OpenAI, server: Server, receiver: Receiver
) -> None:
    _subscribe(client, receiver.url, "batch.completed", "fine_tuning.job.succeeded")
    example = {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]}
    line = {"custom_id": "a", "method": "POST", "url": "/v1/chat/completions", "body": {**example, "model": "gpt-4o"}}
    lines = client.files.create(file=("a.jsonl", json.dumps(line).encode()), purpose="batch")
    batch = client.batches.create(input_file_id=lines.id, endpoint="/v1/chat/completions", completion_window="24h")
    examples = client.files.create(file=("a.jsonl", f"{json.dumps(example)}\n".encode() * 10), purpose="fine-tune")
    job = client.fine_tuning.jobs.create(model="gpt-4o-mini", training_file=examples.id)

    _admin(client, server, "POST", "clock", {"advance_s": 3_600})
    told = [json.loads(receiver.next().body) for _ in range(2)]

    assert {(each["type"], each["data"]["id"]) for each in told} == {
        ("batch.completed", batch.id),
        ("fine_tuning.job.succeeded", job.id),
    }


def test_a_refused_delivery_is_tried_again_by_the_clock_and_again_by_hand(
    client: OpenAI, server: Server, receiver: Receiver
) -> None:
    endpoint = _subscribe(client, receiver.url, "batch.failed")
    receiver.statuses[:] = [500]
    client.webhooks.test(endpoint.id, event_type="batch.failed")
    first = receiver.next()

    _admin(client, server, "POST", "clock", {"advance_s": 5})
    second = receiver.next()
    _admin(client, server, "POST", "webhooks/1")
    third = receiver.next()

    assert {each.headers["webhook-id"] for each in (first, second, third)} == {first.headers["webhook-id"]}
    assert first.body == second.body == third.body
    (delivery,) = _wait_until_taken(client, server, 3)
    assert [each["status"] for each in delivery["attempts"]] == [500, 200, 200]
    assert "whsec_" not in json.dumps(delivery)


def _wait_until_taken(client: OpenAI, server: Server, attempts: int) -> Any:  # noqa: ANN401 - JSON
    """Return the deliveries once the last attempt is noted; each look is a request of its own."""
    looks = (_admin(client, server, "GET", "webhooks")["data"] for _ in range(1_000))
    return next(listed for listed in looks if len(listed[0]["attempts"]) == attempts)


def test_after_rotation_both_secrets_sign_if_that_is_wanted(client: OpenAI, receiver: Receiver) -> None:
    endpoint = _subscribe(client, receiver.url, "batch.failed")
    rotated = client.webhooks.rotate_secret(endpoint.id, keep_old_secret_active_for_24_hours=True)

    client.webhooks.test(endpoint.id, event_type="batch.failed")
    got = receiver.next()

    assert rotated.signing_secret != endpoint.signing_secret
    for each in (rotated, endpoint):
        assert client.webhooks.unwrap(got.body.decode(), got.headers, secret=each.signing_secret).type == "batch.failed"


def test_an_address_that_nobody_named_gets_nothing(client: OpenAI, server: Server) -> None:
    with Receiver().serving() as other:
        endpoint = _subscribe(client, other.url, "batch.failed")
        client.webhooks.test(endpoint.id, event_type="batch.failed")
        (delivery,) = _admin(client, server, "GET", "webhooks")["data"]

        assert (delivery["state"], delivery["next"]) == ("refused", None)
        assert "--webhooks" in delivery["attempts"][0]["error"]
        assert other.received.empty()
