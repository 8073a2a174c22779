"""Answers that are made while they are sent: the same as if they were made at once, and never there at once."""

import json
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llemulator_addon.core.outcome import Play
from llemulator_addon.core.reply import Failure, says
from llemulator_addon.core.request import Request
from llemulator_addon.core.steps import Cut, Head, Send, Step, Steps
from llemulator_addon.engine import paced_steps
from llemulator_addon.engine.decide import decide
from llemulator_addon.engine.session import Policy, Session
from llemulator_addon.script.fault import Scene
from llemulator_addon.script.faults.sends import sends
from llemulator_addon.script.reader import read_script
from llemulator_addon.wire.answer import Body, EventStream, LongBody, Manner
from llemulator_addon.wire.endpoints import ENDPOINTS
from tests.playing import body_of, chat, emulator, headers_of, json_of, load, outcome, post, request, status
from tests.playing import play as answers
from tests.wire.answering import STAMP, understood

_WORDS = "The quick brown fox jumps over the lazy dog, 世界 🙂. "
_NEW = Session()
_USER = [{"role": "user", "content": "Hi"}]
_LOGPROBS: dict[str, Any] = {"logprobs": True, "top_logprobs": 3}

_EACH: dict[str, tuple[str, dict[str, Any]]] = {
    "chat": ("chat.completions", {"model": "gpt-4o", "messages": _USER, "n": 3}),
    "chat with probabilities": ("chat.completions", {"model": "gpt-4o", "messages": _USER, "n": 3, **_LOGPROBS}),
    "completions": ("completions", {"model": "gpt-3.5-turbo-instruct", "prompt": ["a", "b"], "n": 2}),
    "completions with probabilities": (
        "completions",
        {"model": "gpt-3.5-turbo-instruct", "prompt": ["a b", ""], "echo": True, "n": 2, "logprobs": 2},
    ),
    "embeddings": ("embeddings", {"model": "text-embedding-3-small", "input": ["a", "b", "c"], "dimensions": 8}),
    "embeddings as text": (
        "embeddings",
        {"model": "text-embedding-3-small", "input": ["a", "b"], "encoding_format": "base64"},
    ),
    "moderations": ("moderations", {"input": ["a", "kill", "c"]}),
    "responses": ("responses", {"model": "gpt-4o", "input": "Hi"}),
    "responses with probabilities": (
        "responses",
        {"model": "gpt-4o", "input": "Hi", "include": ["message.output_text.logprobs"], "top_logprobs": 2},
    ),
}
_STREAMS = [name for name in _EACH if not name.startswith(("embeddings", "moderations"))]


def _written(name: str, text: str, *, in_pieces: bool, **more: object) -> bytes:
    endpoint, body = _EACH[name]
    prompt = understood(ENDPOINTS[endpoint], {**body, **more})
    written = ENDPOINTS[endpoint].write(prompt, says(text), Manner(stamp=STAMP, in_pieces=in_pieces))
    assert not isinstance(written, Failure)
    match written:
        case Body(body=made):
            assert not in_pieces or endpoint == "responses"
            return made
        case LongBody(pieces=pieces):
            assert b"".join(pieces) == b"".join(pieces)
            return b"".join(pieces)
        case EventStream(pieces=pieces):
            assert [each.piece for each in pieces] == [each.piece for each in pieces]
            return b"".join(each.piece for each in pieces)


@given(st.sampled_from(list(_EACH)), st.text(max_size=20))
def test_a_body_made_in_pieces_is_the_same(name: str, text: str) -> None:
    assert _written(name, text, in_pieces=True) == _written(name, text, in_pieces=False)


@given(st.sampled_from(_STREAMS), st.text(max_size=20))
def test_a_stream_made_in_pieces_is_the_same(name: str, text: str) -> None:
    assert _written(name, text, in_pieces=True, stream=True) == _written(name, text, in_pieces=False, stream=True)


@pytest.mark.parametrize("name", list(_EACH))
def test_the_size_of_an_answer_is_estimated_without_making_it(name: str) -> None:
    endpoint, body = _EACH[name]
    prompt = understood(ENDPOINTS[endpoint], body)
    short, long = (ENDPOINTS[endpoint].size(prompt, says(_WORDS * times)) for times in (1, 1_000))

    assert 0 < short <= long
    if endpoint in {"chat.completions", "completions", "responses"}:
        assert long > len(_WORDS) * 1_000


# Decided, and played -------------------------------------------------------------------------------------------------


def _decided(asked: Request, session: Session = _NEW) -> tuple[Session, Play]:
    after, made = decide(session, asked)
    assert isinstance(made, Play)
    return after, made


def _all(made: Play) -> bytes:
    return body_of(tuple(made.whole()) if made.whole else made.steps)


@pytest.mark.long
@pytest.mark.parametrize("stream", [False, True])
def test_a_large_answer_begins_at_once_and_its_rest_is_made_anew_each_time(stream: bool) -> None:  # noqa: FBT001
    asked = chat(_WORDS * 100, n=16, stream=stream, **_LOGPROBS)
    _, made = _decided(asked)
    _, again = _decided(asked)

    assert made.whole is not None
    assert len(body_of(made.steps)) < 2 * paced_steps.MADE_AT_ONCE
    assert "content-length" not in headers_of(made.steps)
    assert _all(made) == _all(made) == _all(again)
    assert (made.steps, status(made.steps)) == (again.steps, 200)


@pytest.mark.long
def test_a_large_body_is_whole_json_and_counts_its_tokens() -> None:
    _, made = _decided(chat(_WORDS * 100, n=16, **_LOGPROBS))

    found = json.loads(_all(made))
    assert [choice["index"] for choice in found["choices"]] == list(range(16))
    tokens = sum(len(choice["logprobs"]["content"]) for choice in found["choices"])
    assert 0 < tokens <= found["usage"]["completion_tokens"]


def test_a_small_answer_says_how_long_it_is() -> None:
    _, made = _decided(chat("Hello", n=16, **_LOGPROBS))

    assert made.whole is None
    assert headers_of(made.steps)["content-length"] == str(len(body_of(made.steps)))


@pytest.mark.long
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("endpoint", ["chat", "responses"])
def test_an_answer_of_gigabytes_takes_some_megabytes(endpoint: str, stream: bool) -> None:  # noqa: FBT001
    text = _WORDS * 400
    asked = {
        "chat": chat(text, n=128, logprobs=True, top_logprobs=20, stream=stream),
        "responses": post(
            "/v1/responses",
            {
                "model": "gpt-4o",
                "input": text,
                "stream": stream,
                "top_logprobs": 20,
                "include": ["message.output_text.logprobs"],
            },
        ),
    }[endpoint]
    _decided(chat("Hello", logprobs=True))

    tracemalloc.start()
    try:
        after, made = _decided(asked)
        assert made.whole is not None
        for _, _ in zip(made.whole(), range(200), strict=False):
            pass
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert most < 24 << 20
    assert after.journal.size < 2 << 20


def test_the_journal_keeps_the_beginning_and_says_that_more_was_sent() -> None:
    server = emulator()
    answers(server, chat(_WORDS * 100, n=16, **_LOGPROBS), chat("Hello"))

    shown = [
        json_of(answers(server, request("GET", f"/_emulator/requests/{number}"))[0])["answer"] for number in (1, 2)
    ]
    assert [each.get("goes_on") for each in shown] == [True, None]


def test_what_is_stored_of_a_large_answer_has_no_probabilities() -> None:
    after, made = _decided(chat(_WORDS * 100, n=16, store=True, **_LOGPROBS))

    assert made.whole is not None
    (stored,) = after.resources.list_kind("chat.completion")
    assert [choice["logprobs"]["content"] for choice in stored["completion"]["choices"]] == [[]] * 16


def test_an_answer_that_would_be_too_large_is_refused_as_too_many_tokens() -> None:
    session = Session(policy=Policy(answer_limit=1 << 20))
    _, made = _decided(chat(_WORDS * 100, n=128, **_LOGPROBS), session)

    error = json_of(made.steps)["error"]
    assert (status(made.steps), error["type"], error["code"]) == (429, "tokens", "rate_limit_exceeded")
    assert error["message"].startswith("Request too large for gpt-4o in organization org-llemulator on tokens per min")
    assert headers_of(made.steps)["x-should-retry"] == "false"


# Faults --------------------------------------------------------------------------------------------------------------

_EVENTS: Steps = (Head(200), *(Send(b'data: {"number":%d}\n\n' % number) for number in range(9)))
_FAULTS: list[object] = [
    {"latency_ms": 500},
    {"cut_after": {"sends": 0}},
    {"cut_after": {"sends": 3}},
    {"cut_after": {"sends": 9}},
    {"cut_after": {"sends": 20}},
    {"cut_after": {"sends": 3, "how": "end"}},
    {"stall": {"after_sends": 2}},
    {"stall": {"after_sends": 2, "seconds": 1}},
    {"error_event": {"at": 3}},
    {"malformed_event": {"at": 3}},
    {"malformed_event": {"at": 9}},
    {"duplicate_event": {"at": 3}},
    {"extra_event": {"at": 3, "comment": "ping"}},
    {"extra_event": {"at": 10, "data": "x"}},
    {"stall": {"after_sends": 2, "seconds": 100, "keepalive": True}},
    {"split_bytes": 7},
    {"http2": "goaway"},
    {"failure": {"status": 500}},
]


def _faults(fault: object) -> Any:  # noqa: ANN401 - faults
    (rule,) = read_script({"rules": [{"reply": "x", "faults": [fault]}]}).rules
    return rule.faults or ()


@pytest.mark.parametrize("fault", _FAULTS)
def test_a_fault_does_the_same_to_steps_that_are_made(fault: object) -> None:
    scene = Scene(events=True)
    (each,) = _faults(fault)

    assert tuple(each.rewrite_made(iter(_EVENTS), scene)) == each.rewrite(_EVENTS, scene)


@pytest.mark.parametrize("size", [100, 1_000])
def test_a_share_of_steps_that_are_made_is_cut_by_their_estimated_size_and_never_nothing(size: int) -> None:
    (each,) = _faults({"cut_after": {"fraction": 0.5}})
    made: list[Step] = list(each.rewrite_made(iter(_EVENTS), Scene(events=True, size=size)))

    assert made[-1] == Cut("close")
    (*_, last) = sends(_EVENTS)
    all_but_a_half = len(body_of(_EVENTS)) - len(last.piece) + len(last.piece) // 2
    assert len(body_of(tuple(made))) == min(size // 2, all_but_a_half)


def test_a_fault_of_a_rule_acts_on_a_large_answer() -> None:
    server = emulator()
    load(server, {"rules": [{"reply": _WORDS * 2_000, "faults": [{"cut_after": {"sends": 3_000}}]}]})
    made = outcome(server, chat(stream=True))

    assert made.whole is not None
    steps = tuple(made.whole())
    assert sum(isinstance(step, Send) for step in steps) == 3_000
    assert steps[-1] == Cut("close")
