"""A catalogue of clients, well-behaved and not, each with the verdict that it must get and none that it must not."""

import json
from collections.abc import Sequence
from typing import Literal

import pytest

from llemulator_addon.core.outcome import Closed, Ending
from llemulator_addon.core.prompt import CalledTool, Message, Prompt
from llemulator_addon.core.request import Request
from llemulator_addon.core.steps import Cut, Head, Send, Steps, Wait
from llemulator_addon.engine.journal import Basis, Journal
from llemulator_addon.verification.verdicts import VERDICTS, ClientHistory, verdicts

Asked = tuple[Request, Steps, Ending, Prompt | None]

_SDK = {"x-stainless-lang": "python", "x-stainless-read-timeout": "600"}


def _names(*asked: Asked, now: float = 1e6) -> list[str]:
    journal = Journal()
    for request, steps, _, prompt in asked:
        journal = journal.record(request, steps, Basis("chat.completions", prompt))
    for number, (_, _, ending, _) in enumerate(asked, 1):
        journal = journal.note_end(number, ending)
    return [finding.name for finding in verdicts(ClientHistory(tuple(journal), now))]


def _ask(  # noqa: PLR0913 - what a client may do
    at: float,
    steps: Steps,
    *,
    text: str = "Hi",
    retry: int | None = None,
    connection: str = "one",
    ending: Ending | None = None,
    messages: Sequence[Message] = (),
    http: str = "HTTP/1.1",
    headers: dict[str, str] | None = None,
) -> Asked:
    sent = {"user-agent": "app/1", **(headers or {})}
    if retry is not None:
        sent |= {**_SDK, "x-stainless-retry-count": str(retry)}
    asked = [{"role": message.role, "content": message.text} for message in messages] or text
    request = Request(
        method="POST",
        path="/v1/chat/completions",
        headers=sent,
        body=json.dumps(asked).encode(),
        connection=connection,
        http_version=http,
        at=at,
    )
    prompt = Prompt(endpoint="chat.completions", model="m", messages=(*messages, Message(role="user", text=text)))
    return request, steps, ending or _played(steps), prompt


def _played(steps: Steps, how: Literal["whole", "client_left"] = "whole") -> Ending:
    cut = any(isinstance(step, Cut) for step in steps)
    sends = [step for step in steps if isinstance(step, Send)]
    headed = next((at for at, step in enumerate(steps) if isinstance(step, Head)), len(steps))
    seconds, left = 0.0, []
    for step in steps[headed:]:
        match step:
            case Wait():
                seconds += step.seconds
            case Send():
                left.append(seconds)
            case _:
                pass
    size = sum(len(step.piece) for step in sends)
    return Ending(how="cut" if cut else how, bytes_sent=size, sends=len(sends), seconds=seconds, left=tuple(left))


def _error(status: int, code: str = "x", **headers: str) -> Steps:
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return (Head(status, named), Send(json.dumps({"error": {"code": code}}).encode()))


_OK: Steps = (Head(200, (("content-type", "application/json"),)), Send(b"{}"))
_EVENTS = Head(200, (("content-type", "text/event-stream"),))
_DONE = Send(b"data: [DONE]\n\n")


def _delta(**delta: object) -> Send:
    return Send(b"data: " + json.dumps({"choices": [{"index": 0, "delta": delta}]}).encode() + b"\n\n")


_HELLO = _delta(content="Hello there")
_CALL = _delta(tool_calls=[{"index": 0, "id": "call_1", "function": {"name": "f", "arguments": "{"}}])
_FAILED = Send(b'data: {"error":{"message":"failed","type":"server_error"}}\n\n')


def _connect(at: float, *, connection: str, code: int = 0, by_client: bool = False, cut: bool = False) -> Asked:
    """Open a WebSocket connection that ends after a second, with a close code or without."""
    closed = Closed(code, "", by_client) if code else None
    ending = Ending(how="cut" if cut else "whole", bytes_sent=0, sends=0, seconds=1.0, closed=closed)
    request = Request(method="GET", path="/v1/responses", headers={"user-agent": "app/1"}, connection=connection, at=at)
    return request, (Head(101),), ending, None


def _lose(*times: float) -> list[Asked]:
    """Connect at these times; each connection is lost after a second."""
    return [_connect(at, connection=str(at), cut=True) for at in times]


_HEARD = (Message(role="user", text="Hi"), Message(role="assistant", text="Hello there"))
_CALLED = (
    Message(role="user", text="Hi"),
    Message(role="assistant", called=(CalledTool(id="call_1", name="f", arguments="{}"),)),
    Message(role="tool", text="1", answers="call_1"),
)

_WELL_BEHAVED = {
    "asks once": [_ask(0, _OK)],
    "asks twice the same": [_ask(0, _OK), _ask(1, _OK)],
    "the SDK's backoff": [
        _ask(0, _error(500), retry=0),
        _ask(0.4, _error(500), retry=1),
        _ask(1.3, _error(500), retry=2),
    ],
    "the SDK's backoff, five times": [
        _ask(at, _error(500), retry=count) for count, at in enumerate((0, 0.38, 1.13, 2.63, 5.63, 11.63))
    ],
    "a test that makes a failing call three times": [_ask(at, _error(404), retry=0) for at in (0, 0.1, 0.2)],
    "a test that makes a call twice that the SDK retries": [
        _ask(0, _error(429), retry=0),
        _ask(0.5, _error(429), retry=1),
        _ask(1.5, _error(429), retry=2),
        _ask(1.51, _error(429), retry=0),
        _ask(2.1, _error(429), retry=1),
        _ask(3.1, _error(429), retry=2),
    ],
    "waits for retry-after": [_ask(0, _error(429, retry_after="2"), retry=0), _ask(2.01, _OK, retry=1)],
    "waits for retry-after-ms": [_ask(0, _error(429, retry_after_ms="300"), retry=0), _ask(0.3, _OK, retry=1)],
    "comes at once where it was told to": [_ask(0.002 * n, _error(429, retry_after_ms="1"), retry=n) for n in range(10)]
    + [_ask(0.02, _OK, retry=10)],
    "does not wait for minutes": [_ask(0, _error(429, retry_after="300"), retry=0)],
    "retries because it was told": [_ask(0, _error(400, x_should_retry="true"), retry=0), _ask(0.5, _OK, retry=1)],
    "does not retry because it was told": [_ask(0, _error(429, x_should_retry="false"), retry=0)],
    "calls again what it was told not to retry": [
        _ask(0, _error(429, x_should_retry="false"), retry=0),
        _ask(0.1, _error(429, x_should_retry="false"), retry=0),
    ],
    "gives up for want of money": [_ask(0, _error(429, "insufficient_quota"), retry=0)],
    "sends again what a closed connection lost": [
        _ask(0, _OK, text="before"),
        _ask(1, (Cut(),)),
        _ask(1.01, _OK, connection="two"),
    ],
    "throws away a cut stream": [_ask(0, (_EVENTS, _HELLO, Cut())), _ask(1, _OK, text="another", connection="two")],
    "goes on with a whole stream": [_ask(0, (_EVENTS, _HELLO, _DONE)), _ask(1, _OK, messages=_HEARD)],
    "leaves at an error event": [
        _ask(0, (_EVENTS, _HELLO, _FAILED), ending=_played((_EVENTS, _HELLO, _FAILED), "client_left"))
    ],
    "an SDK with its own patience": [_ask(0, (_EVENTS, _HELLO, Wait(300), _DONE), retry=0)],
    "leaves a stalled stream": [
        _ask(
            0,
            (_EVENTS, _HELLO, Wait(86_400), Cut()),
            ending=Ending(how="client_left", bytes_sent=9, sends=1, seconds=10.0, left=(0.0,)),
        )
    ],
    "several at once, each on its connection": [
        _ask(0.1 * n, (Head(200), Wait(5), Send(b"{}")), text=str(n), connection=str(n)) for n in range(10)
    ],
    "one connection for all": [_ask(n, _OK, text=str(n)) for n in range(20)],
    "now and then, on new connections": [_ask(10.0 * n, _OK, text=str(n), connection=str(n)) for n in range(20)],
    "connects again at once, once": _lose(0, 1.01),
    "connects again with longer pauses": _lose(0, 1.01, 3, 6, 11),
    "connects again at once whenever a connection that was of use is lost": [
        each
        for at in (0, 1.01, 2.02, 3.03)
        for each in (
            _connect(at, connection=str(at), cut=True),
            _ask(at + 0.1, (_EVENTS, _HELLO, _DONE), text=str(at), connection=str(at), http="WebSocket"),
        )
    ],
    "opens and closes connections by itself": [
        _connect(at, connection=str(at), code=1000, by_client=True) for at in (0, 1.01, 2.02, 3.03)
    ],
    "connects again at once after a connection that was too old": [
        _connect(0, connection="a", code=1001),
        _connect(1.01, connection="b", code=1000, by_client=True),
    ],
    "waits after a close": [
        _connect(0, connection="a", code=1013),
        _connect(4, connection="b", code=1000, by_client=True),
    ],
    "a lane goes on after an error event on another": [
        _ask(0, (_EVENTS, _HELLO, _FAILED, Wait(2), _DONE), http="WebSocket"),
    ],
    "streams of one HTTP/2 connection, one of them reset": [
        _ask(0, (_EVENTS, _HELLO, Cut()), http="HTTP/2.0"),
        _ask(1, _OK, text="another", http="HTTP/2.0"),
    ],
}


@pytest.mark.parametrize("client", _WELL_BEHAVED)
def test_a_well_behaved_client_gets_no_verdict(client: str) -> None:
    assert _names(*_WELL_BEHAVED[client]) == []


_MISBEHAVING = {
    "retries a bad request": (["retried_in_vain"], [_ask(0, _error(400)), _ask(1, _OK)]),
    "retries what was answered": (["retried_in_vain"], [_ask(0, _OK, retry=0), _ask(1, _OK, retry=1)]),
    "a loop around an SDK that does not retry": (
        ["retried_in_vain"] * 3,
        [_ask(at, _error(404), retry=0) for at in (0, 1, 3, 7)],
    ),
    "does not wait for retry-after": (
        ["early_retry"],
        [_ask(0, _error(429, retry_after="2")), _ask(0.5, _OK)],
    ),
    "takes milliseconds for nothing": (
        ["early_retry"],
        [_ask(0, _error(429, retry_after_ms="900")), _ask(0.5, _OK)],
    ),
    "does not wait for a date": (
        ["early_retry"],
        [_ask(1_700_000_000, _error(503, retry_after="Tue, 14 Nov 2023 22:13:30 GMT")), _ask(1_700_000_001, _OK)],
    ),
    "retries although it was told not to": (
        ["ignored_should_retry"],
        [_ask(0, _error(429, x_should_retry="false")), _ask(1, _OK)],
    ),
    "does not retry although it was told to": (
        ["ignored_should_retry"],
        [_ask(0, _error(409, x_should_retry="true"))],
    ),
    "storms": (["retry_storm"], [_ask(at, _error(500)) for at in (0, 0.3, 0.8, 1.6, 3, 6)]),
    "retries at once": (["no_backoff"], [_ask(0, _error(500)), _ask(0.01, _OK)]),
    "always waits as long": (["no_backoff"], [_ask(at, _error(500)) for at in (0, 1, 2, 3)]),
    "retries at once what a new connection lost": (
        ["no_backoff"],
        [_ask(0, (Wait(0.5), Cut())), _ask(0.51, _OK, connection="two")],
    ),
    "gives up at the first overload": (["gave_up_early"], [_ask(0, _error(503))]),
    "gives up at the first rate limit, with a short wait": (["gave_up_early"], [_ask(0, _error(429, retry_after="1"))]),
    "gives up when a connection is lost": (["gave_up_early"], [_ask(0, (Cut(),))]),
    "goes on with a cut stream": (
        ["accepted_cut_stream"],
        [_ask(0, (_EVENTS, _HELLO, Cut())), _ask(1, _OK, messages=_HEARD, connection="two")],
    ),
    "goes on with a stream without its last event": (
        ["accepted_cut_stream"],
        [_ask(0, (_EVENTS, _HELLO)), _ask(1, _OK, messages=_HEARD)],
    ),
    "makes the tool call of a cut stream": (
        ["accepted_cut_stream"],
        [_ask(0, (_EVENTS, _CALL, Cut())), _ask(1, _OK, messages=_CALLED, connection="two")],
    ),
    "goes on after an error event": (
        ["ignored_error_event"],
        [_ask(0, (_EVENTS, _HELLO, _FAILED)), _ask(1, _OK, messages=_HEARD)],
    ),
    "reads on after an error event": (
        ["ignored_error_event"],
        [_ask(0, (_EVENTS, _HELLO, _FAILED, Wait(2), _DONE))],
    ),
    "sits through a stall": (["no_read_timeout"], [_ask(0, (_EVENTS, _HELLO, Wait(90), _DONE))]),
    "announces a time-out and keeps none": (
        ["no_read_timeout"],
        [_ask(0, (_EVENTS, _HELLO, Wait(90), _DONE), headers={"x-stainless-read-timeout": "5"})],
    ),
    "waits for a head that does not come": (["no_read_timeout"], [_ask(0, (Wait(90), *_OK))]),
    "opens a connection for each request": (
        ["new_connections"],
        [_ask(0.5 * n, _OK, text=str(n), connection=str(n)) for n in range(6)],
    ),
    "writes to a connection that was cut": (
        ["dead_connection"],
        [_ask(0, (_EVENTS, _HELLO, Cut())), _ask(1, _OK, text="another")],
    ),
    "writes to a connection that was announced to close": (
        ["dead_connection"],
        [_ask(0, (Head(200, (("Connection", "close"),)), Send(b"{}"))), _ask(1, _OK, text="another")],
    ),
    "connects again and again at once": (["no_reconnect_backoff"], _lose(0, 1.01, 2.02)),
    "connects again and again after the same pause": (["no_reconnect_backoff"], _lose(0, 2, 4, 6)),
    **{
        f"connects again at once after {code}": (
            ["ignored_close_code"],
            [_connect(0, connection="a", code=code), _connect(1.1, connection="b", code=1000, by_client=True)],
        )
        for code in (1008, 1012, 1013)
    },
    "goes on after an error event in a message": (
        ["ignored_error_event"],
        [
            _ask(0, (_EVENTS, _HELLO, _FAILED), http="WebSocket"),
            _ask(1, _OK, messages=_HEARD, http="WebSocket"),
        ],
    ),
    "writes after GOAWAY": (
        ["dead_connection"],
        [
            _ask(0, (_EVENTS, _HELLO, Cut("goaway")), http="HTTP/2.0"),
            _ask(1, _OK, text="another", http="HTTP/2.0"),
        ],
    ),
}


@pytest.mark.parametrize("client", _MISBEHAVING)
def test_a_misbehaving_client_gets_its_verdict_and_no_other(client: str) -> None:
    expected, asked = _MISBEHAVING[client]

    assert _names(*asked) == expected


def test_every_verdict_is_in_the_catalogue() -> None:
    assert {name for names, _ in _MISBEHAVING.values() for name in names} == set(VERDICTS)


def test_a_request_that_still_waits_is_judged_by_now() -> None:
    request, steps, _, prompt = _ask(0, (_EVENTS, _HELLO, Wait(86_400), Cut()))
    journal = Journal().record(request, steps, Basis("chat.completions", prompt))

    judged = [[each.name for each in verdicts(ClientHistory(tuple(journal), now))] for now in (30.0, 90.0)]
    assert judged == [[], ["no_read_timeout"]]


def test_a_finding_tells_its_evidence() -> None:
    journal = Journal()
    for at in (0.0, 0.5):
        request, steps, _, prompt = _ask(at, _error(429, retry_after="2"))
        journal = journal.record(request, steps, Basis("chat.completions", prompt))
    journal = journal.note_end(1, _played(_error(429)))

    (finding,) = [each for each in verdicts(ClientHistory(tuple(journal), 1.0)) if each.name == "early_retry"]
    assert finding.sentence == (
        'Request 1 (POST /v1/chat/completions, m, "Hi") was told by retry-after to wait 2 s, and came again as '
        "request 2 after 0.50 s."
    )
    assert (finding.exchanges, finding.evidence) == ((1, 2), {"told": 2.0, "waited": 0.5})
