"""Responses over WebSocket: a talk is a value; its messages are requests, and answers are messages."""

import json
from collections.abc import Iterable
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.responses import ResponsesClientEvent

from llemulator_addon.core.request import Request
from llemulator_addon.core.steps import Cut, Head, Send, SendMessage, Step, TalkStep, Wait
from llemulator_addon.wire.responses.talk import MOST_WAITING, ResponsesTalk, finish, hear
from llemulator_addon.wire.retelling import Retelling
from llemulator_addon.wire.talks import Begin, Doing, Say, read_event

_HANDSHAKE = Request(
    method="GET",
    path="/v1/responses",
    query=(("beta", "true"),),
    headers={
        "upgrade": "websocket",
        "connection": "Upgrade",
        "sec-websocket-protocol": "openai-insecure-api-key.sk-browser",
        "accept-encoding": "br",
        "user-agent": "an app",
    },
    connection="c1",
)
_TALK = ResponsesTalk(name="c1/1", handshake=_HANDSHAKE, most_bytes=10_000)
_STREAM = Head(200, (("content-type", "text/event-stream; charset=utf-8"),))
_EVENT = b'event: response.created\ndata: {"type":"response.created"}\n\n'


def _hear(talk: ResponsesTalk, event: object) -> tuple[ResponsesTalk, tuple[Doing, ...]]:
    message = json.dumps(event).encode()
    return hear(talk, message, read_event(message), 5.0)


def _create(text: str = "Hi", **more: object) -> dict[str, object]:
    return {"type": "response.create", "model": "gpt-4.1", "input": text, **more}


def _retell(*steps: Step, stream_id: str | None = None) -> list[TalkStep]:
    retelling = Retelling(_TALK, stream_id)
    return [each for step in steps for each in retelling.retell(step)] + list(retelling.end())


def _error(doings: Iterable[Doing]) -> dict[str, object]:
    (said,) = doings
    assert isinstance(said, Say)
    told = json.loads(said.text)
    assert (told["type"], told["status"]) == ("error", 400)
    return {name: told["error"][name] for name in ("param", "code")}


def test_a_message_is_the_request_that_its_body_would_be_over_http() -> None:
    event = _create(store=False, background=True, stream=False, stream_id="lane")

    _, (begun,) = _hear(_TALK, event)

    assert isinstance(begun, Begin)
    assert begun.lane == "lane"
    assert begun.request == Request(
        method="POST",
        path="/v1/responses",
        query=(("beta", "true"),),
        headers={
            "user-agent": "an app",
            "authorization": "Bearer sk-browser",
            "content-type": "application/json",
        },
        body=json.dumps(event).encode(),
        json={"model": "gpt-4.1", "input": "Hi", "store": False, "stream": True},
        http_version="WebSocket",
        connection="c1",
        talk="c1/1",
        at=5.0,
    )


@pytest.mark.parametrize(("generate", "warms_up"), [(True, False), (None, False), (False, True)])
def test_without_generate_a_request_only_warms_up(generate: object, warms_up: bool) -> None:  # noqa: FBT001
    _, (begun,) = _hear(_TALK, _create(generate=generate))

    assert isinstance(begun, Begin)
    assert begun.request.warms_up is warms_up


def test_requests_of_a_lane_wait_for_each_other_and_those_of_others_do_not() -> None:
    talk, first = _hear(_TALK, _create("one"))
    talk, second = _hear(talk, _create("two"))
    talk, other = _hear(talk, _create("three", stream_id="a"))
    talk, after = finish(talk, None)
    talk, nothing = finish(talk, None)
    talk, none = finish(talk, "a")

    assert [
        each.request.json and each.request.json["input"] for each in (*first, *other, *after) if isinstance(each, Begin)
    ] == [
        "one",
        "three",
        "two",
    ]
    assert (second, nothing, none) == ((), (), ())
    assert talk == _TALK


def test_no_more_than_a_few_requests_wait() -> None:
    talk, _ = _hear(_TALK, _create())
    for _ in range(MOST_WAITING):
        talk, waits = _hear(talk, _create())
        assert waits == ()

    same, (refused,) = _hear(talk, _create())

    assert same == talk
    assert isinstance(refused, Say)
    assert json.loads(refused.text)["status"] == 429


def test_no_more_than_some_bytes_wait() -> None:
    talk, _ = _hear(_TALK, _create("x" * 20_000))
    talk, waits = _hear(talk, _create("x" * 8_000))
    _, (refused,) = _hear(talk, _create("x" * 8_000))

    assert waits == ()
    assert isinstance(refused, Say)


@pytest.mark.parametrize(
    ("event", "error"),
    [
        ([], {"param": None, "code": None}),
        ({}, {"param": "type", "code": "invalid_value"}),
        ({"type": "response.cancel"}, {"param": "type", "code": "invalid_value"}),
        ({"type": 1}, {"param": "type", "code": "invalid_value"}),
        (_create(stream_id=1), {"param": "stream_id", "code": "invalid_value"}),
        (_create(generate="no"), {"param": "generate", "code": "invalid_value"}),
    ],
)
def test_a_message_that_is_no_request_is_refused_by_a_message(event: object, error: dict[str, object]) -> None:
    talk, doings = _hear(_TALK, event)

    assert talk == _TALK
    assert _error(doings) == error


@pytest.mark.parametrize(
    ("event", "code"),
    [
        ({"previous_response_id": "resp_1", "input": "more"}, "response_not_found"),
        ({"previous_response_id": "resp_1", "input": [{"role": "system", "content": "more"}]}, "invalid_input"),
        ({"previous_response_id": "resp_1", "input": []}, "invalid_input"),
        ({"input": "more"}, "invalid_input"),
    ],
)
def test_steering_fails_with_its_own_event_and_the_input(event: dict[str, object], code: str) -> None:
    _, (said,) = _hear(_TALK, {"type": "response.steer", **event})

    assert isinstance(said, Say)
    told = json.loads(said.text)
    assert (told["type"], told["error"]["code"], told["steer"]["input"]) == (
        "response.steer.failed",
        code,
        event["input"],
    )


def test_each_event_is_a_message() -> None:
    assert _retell(_STREAM, Wait(1.0), Send(_EVENT + _EVENT), Send(b": a comment\n\n"), Send(_EVENT)) == [
        Wait(1.0),
        *[SendMessage('{"type":"response.created"}')] * 3,
    ]


def test_a_lane_is_named_in_each_message() -> None:
    assert _retell(_STREAM, Send(_EVENT), stream_id='a"b') == [
        SendMessage('{"type":"response.created","stream_id":"a\\"b"}')
    ]


def test_pieces_of_an_event_are_parts_of_a_message_and_a_cut_leaves_it_open() -> None:
    assert _retell(
        _STREAM,
        Send(_EVENT[:40]),
        Wait(1.0),
        Send(_EVENT[40:45]),
        Cut(),
    )[:4] == [
        Wait(1.0),
        SendMessage('{"type":"r', ends=False),
        SendMessage("espon", ends=False),
        Cut(),
    ]


@given(st.text(), st.integers(min_value=1, max_value=30))
def test_the_parts_are_the_event_wherever_it_is_cut(text: str, size: int) -> None:
    event = json.dumps({"text": text}, ensure_ascii=False)
    framed = b"event: some\ndata: " + event.encode() + b"\n\n"

    told = _retell(_STREAM, *(Send(framed[start : start + size]) for start in range(0, len(framed), size)))

    assert "".join(each.text for each in told if isinstance(each, SendMessage)) == event
    assert [each.ends for each in told if isinstance(each, SendMessage)] == [*[False] * (len(told) - 1), True]


def test_a_refusal_is_one_message_with_status_error_and_headers() -> None:
    body = b'{"error": {"message": "Slow down.", "code": "rate_limit_exceeded"}}'

    (message,) = _retell(
        Head(429, (("retry-after", "2"), ("content-length", "9"))), Send(body[:9]), Send(body[9:]), stream_id="a"
    )

    assert isinstance(message, SendMessage)
    assert json.loads(message.text) == {
        "type": "error",
        "status": 429,
        "error": {"message": "Slow down.", "code": "rate_limit_exceeded", "headers": {"retry-after": "2"}},
        "stream_id": "a",
    }


def test_an_answer_that_is_no_json_is_told_all_the_same() -> None:
    (refused,) = _retell(Head(502), Send(b"<html>"))
    (whole,) = _retell(Head(200, (("content-type", "application/json"),)), Send(b'{"id":'), Send(b"1}"))

    assert isinstance(refused, SendMessage)
    assert json.loads(refused.text)["error"]["message"] == "<html>"
    assert whole == SendMessage('{"id":1}')


def test_each_event_that_the_sdk_sends_is_known() -> None:
    (events, _) = get_args(ResponsesClientEvent)
    kinds = {get_args(event.model_fields["type"].annotation)[0] for event in get_args(events)}

    heard = {kind: str(_hear(_TALK, {"type": kind})) for kind in kinds}
    assert "response.create" in kinds
    assert [kind for kind, doings in heard.items() if "Supported values" in doings] == []


_LINES = st.sampled_from(
    (b'data: {"type":"a"}', b"data:b", b"data: \xc3\xa4", b"data: ", b": data: x", b"event: data: x")
)


@given(st.lists(st.lists(_LINES, max_size=4), max_size=4))
def test_events_are_the_same_messages_in_whole_pieces_and_byte_by_byte(events: list[list[bytes]]) -> None:
    whole = [b"".join(line + b"\n" for line in (*lines, b"")) for lines in events]
    single = [bytes((byte,)) for byte in b"".join(whole)]

    assert _say_messages(whole) == _say_messages(single)


def _say_messages(pieces: list[bytes]) -> list[str]:
    steps = _retell(_STREAM, *map(Send, pieces))
    said = "".join(step.text + "\0" * step.ends for step in steps if isinstance(step, SendMessage))
    return said.split("\0")
