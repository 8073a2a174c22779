"""A response that was taken and then failed: at once, as a stream, and in the background."""

from typing import Any

import pytest
from openai.types.responses import Response, ResponseStreamEvent

from tests.playing import body_of, emulator, headers_of, json_of, load, play, post, status
from tests.wire.asking import Asking
from tests.wire.response_cases import ECHOED, without_nulls
from tests.wire.shapes import assert_described, assert_sdk, events

ERROR = {"code": "server_error", "message": "The model gave up."}


def failing(**failure: Any) -> Asking:  # noqa: ANN401
    """Return a client whose requests are taken, and whose responses fail."""
    client = Asking(emulator())
    load(client.server, {"rules": [{"reply": {"failure": {"taken": True, **ERROR, **failure}}}]})
    return client


def test_a_response_that_failed_says_why_and_has_no_output() -> None:
    body = failing().respond("Hi", model="gpt-5.6")

    assert (body["status"], body["error"], body["output"], body["usage"]) == ("failed", ERROR, [], None)
    assert body["completed_at"] is None
    assert_sdk(Response, body, beyond={"billing", *ECHOED})
    assert_described("Response", without_nulls(body))


def test_it_comes_with_200_whatever_its_status_would_have_been() -> None:
    client = failing(status=429)

    (steps,) = play(client.server, post("/v1/responses", {"model": "gpt-4o", "input": "Hi"}))

    assert status(steps) == 200
    assert headers_of(steps)["content-type"] == "application/json"


def test_a_stream_ends_with_an_error_and_the_failed_response() -> None:
    client = failing()
    (steps,) = play(client.server, post("/v1/responses", {"model": "gpt-4o", "input": "Hi", "stream": True}))

    told = events(body_of(steps))

    assert [event["type"] for event in told] == ["response.created", "response.in_progress", "error", "response.failed"]
    assert told[2] == {"type": "error", "error": {"type": "server_error", **ERROR, "param": None}, "sequence_number": 2}
    assert told[3]["response"]["error"] == ERROR
    assert_sdk(ResponseStreamEvent, told[3], beyond={f"response.{key}" for key in ECHOED})
    assert client.get(f"/v1/responses/{told[0]['response']['id']}")["status"] == "failed"


def test_in_the_background_it_fails_when_it_would_have_been_done() -> None:
    client = failing()
    made = client.respond("Hi", background=True)
    path = f"/v1/responses/{made['id']}"

    polled = [client.get(path) for _ in range(3)]

    assert [each["status"] for each in (made, *polled)] == ["queued", "in_progress", "failed", "failed"]
    assert [each["error"] for each in (made, *polled)] == [None, None, ERROR, ERROR]
    assert client.stream(f"{path}?stream=true")[-1]["type"] == "response.failed"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/chat/completions", {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hi"}]}),
        ("/v1/responses", {"model": "gpt-4o", "prompt": "Hi"}),
    ],
)
def test_what_knows_no_failed_response_fails_as_a_request(path: str, body: dict[str, Any]) -> None:
    (steps,) = play(failing().server, post(path, body))

    assert status(steps) == 500
    assert json_of(steps)["error"]["message"] == ERROR["message"]
