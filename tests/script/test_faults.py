"""The words of `faults`: how each rewrites an answer, or refuses a request."""

from pathlib import Path

import pytest

from llemulator_addon.core.steps import Cut, Head, Send, Steps, Wait
from llemulator_addon.script import faults as package
from llemulator_addon.script.fault import Scene
from llemulator_addon.script.faults import FAULTS
from llemulator_addon.script.reader import read_script
from llemulator_addon.script.script_error import ScriptError
from llemulator_addon.wire.endpoints import ENDPOINTS
from tests.playing import (
    body_of,
    chat,
    connect,
    emulator,
    headers_of,
    json_of,
    kinds,
    load,
    outcome,
    play,
    shake_hands,
    status,
    texts,
)

_HEAD = Head(200, (("content-type", "text/event-stream"),))
_EVENTS: Steps = (_HEAD, Send(b'data: {"a":1}\n\n'), Wait(0.5), Send(b'data: {"b":2}\n\n'), Send(b"data: [DONE]\n\n"))
_BODY: Steps = (Head(200, (("content-type", "application/json"), ("content-length", "10"))), Send(b'{"abc": 1}'))


def _rewritten(
    fault: object, steps: Steps = _EVENTS, *, endpoint: str = "chat.completions", events: bool = True
) -> Steps:
    (rule,) = read_script({"rules": [{"reply": "x", "faults": [fault]}]}).rules
    for each in rule.faults or ():
        steps = each.rewrite(steps, Scene(events=events, break_off=ENDPOINTS[endpoint].break_off))
    return steps


def test_latency_comes_before_the_head() -> None:
    assert _rewritten({"latency_ms": 500}) == (Wait(0.5), *_EVENTS)


@pytest.mark.parametrize(
    ("fault", "steps"),
    [
        ({"sends": 0}, (_HEAD, Cut("close"))),
        ({"sends": 1}, (*_EVENTS[:2], Cut("close"))),
        ({"sends": 2, "how": "reset"}, (*_EVENTS[:4], Cut("reset"))),
        ({"sends": 2, "how": "goaway"}, (*_EVENTS[:4], Cut("goaway"))),
        ({"sends": 2, "how": "end"}, _EVENTS[:4]),
        ({"sends": 9}, _EVENTS),
        ({"fraction": 0.5}, (*_EVENTS[:3], Send(b"data: {"), Cut("close"))),
        ({"fraction": 0}, (_HEAD, Cut("close"))),
    ],
)
def test_an_answer_is_cut(fault: object, steps: Steps) -> None:
    assert _rewritten({"cut_after": fault}) == steps


def test_an_answer_in_one_piece_is_cut_by_its_bytes() -> None:
    assert _rewritten({"cut_after": {"fraction": 0.5}}, _BODY, events=False) == (
        _BODY[0],
        Send(b'{"abc'),
        Cut("close"),
    )


def test_an_answer_that_ends_early_says_how_long_it_is() -> None:
    assert _rewritten({"cut_after": {"fraction": 0.5, "how": "end"}}, _BODY, events=False) == (
        Head(200, (("content-type", "application/json"), ("content-length", "5"))),
        Send(b'{"abc'),
    )


def test_a_stall_goes_on_after_its_seconds_or_never() -> None:
    assert _rewritten({"stall": {"after_sends": 1, "seconds": 3}}) == (*_EVENTS[:2], Wait(3), *_EVENTS[2:])
    assert _rewritten({"stall": {"after_sends": 0}}) == (_HEAD, Wait(86_400), Cut("close"))
    assert _rewritten({"stall": {"after_sends": 9}}) == _EVENTS


def test_an_event_breaks_off() -> None:
    assert _rewritten({"malformed_event": {"at": 2}}) == (*_EVENTS[:3], Send(b'data: {"b\n\n'), _EVENTS[4])


def test_an_event_comes_twice() -> None:
    assert _rewritten({"duplicate_event": {"at": 1}}) == (*_EVENTS[:2], _EVENTS[1], *_EVENTS[2:])


@pytest.mark.parametrize("fault", ["malformed_event", "duplicate_event", "error_event"])
def test_answers_that_have_no_such_event_stay_whole(fault: str) -> None:
    assert _rewritten({fault: {"at": 1}}, _BODY, events=False) == _BODY
    assert _rewritten({fault: {"at": 9}}) == _EVENTS


def test_an_error_in_a_stream_of_chunks_is_a_chunk() -> None:
    error = b'data: {"error":{"message":"Broken.","type":"server_error","param":null,"code":"server_error"}}\n\n'

    assert _rewritten({"error_event": {"at": 2, "message": "Broken."}}) == (*_EVENTS[:3], Send(error))


def test_an_error_in_a_stream_of_responses_is_an_event_and_the_response_fails() -> None:
    created = Send(
        b'event: response.created\ndata: {"type":"response.created","response":{"id":"resp_1","status":"in_progress",'
        b'"error":null,"usage":null},"sequence_number":0}\n\n'
    )
    steps = _rewritten(
        {"error_event": {"at": 2, "message": "Broken."}}, (_HEAD, created, *_EVENTS[1:]), endpoint="responses"
    )

    assert steps == (
        _HEAD,
        created,
        Send(
            b'event: error\ndata: {"type":"error","error":{"type":"server_error","code":"server_error",'
            b'"message":"Broken.","param":null},"sequence_number":1}\n\n'
        ),
        Send(
            b'event: response.failed\ndata: {"type":"response.failed","response":{"id":"resp_1","status":"failed",'
            b'"error":{"code":"server_error","message":"Broken."},"usage":null},"sequence_number":2}\n\n'
        ),
    )


def test_a_stream_of_responses_whose_beginning_is_unreadable_or_missing_ends_with_the_error_alone() -> None:
    steps: Steps = (_HEAD, *(Send(b'event: response.created\ndata: {"type":\n\n') for _ in range(3)))

    for at in (1, 2):
        (*_, last) = _rewritten({"error_event": {"at": at}}, steps, endpoint="responses")
        assert isinstance(last, Send)
        assert b'"type":"error"' in last.piece
        assert last.piece.endswith(b'"sequence_number":%d}\n\n' % (at - 1))


def test_goaway_takes_the_place_of_the_answer() -> None:
    assert _rewritten({"http2": "goaway"}) == (Cut("goaway"),)


def test_faults_act_in_their_order() -> None:
    script = {"rules": [{"reply": "Hello there", "faults": [{"latency_ms": 100}, {"cut_after": {"sends": 2}}]}]}

    (steps,) = play(emulator(script), chat(stream=True))

    assert kinds(steps) == [Wait, Head, Send, Send, Cut]


def test_the_scripts_faults_hold_for_rules_that_name_none() -> None:
    script = {
        "defaults": {"faults": [{"latency_ms": 100}]},
        "responses": ["a", {"response": "b", "faults": []}, {"response": "c", "faults": [{"latency_ms": 200}]}],
    }

    answers = play(emulator(script), chat(), chat(), chat())

    assert [steps[0] for steps in answers if isinstance(steps[0], Wait)] == [Wait(0.1), Wait(0.2)]


def test_a_failure_of_chance_uses_up_no_rule_and_is_drawn_from_the_seed() -> None:
    script = {
        "defaults": {"faults": [{"failure": {"status": 500, "probability": 0.5}}]},
        "responses": [str(number) for number in range(20)],
        "seed": 3,
    }
    asked = [chat()] * 30

    said = texts(emulator(script), *asked)

    assert said == texts(emulator(script), *asked)
    assert [text for text in said if not text.startswith("500")] == [str(number) for number in range(20)][
        : len(said) - said.count("500 None")
    ]
    assert 5 < said.count("500 None") < 25


def test_an_outage_lasts_for_its_seconds_from_the_first_request_on() -> None:
    script = {"responses": [{"response": "up", "faults": [{"failure": {"status": 503, "for_seconds": 60}}]}]}
    server = emulator(script)

    said = texts(server, chat(at=1000), chat(at=1059.9), chat(at=1060))

    assert said == ["503 server_is_overloaded", "503 server_is_overloaded", "up"]


def test_requests_a_minute_are_counted_as_openai_counts_them() -> None:
    limit = {"rate_limit": {"requests_per_minute": 2}}
    server = emulator({"rules": [{"reply": "Hello", "faults": [limit]}]})

    first, second, refused, later = play(server, chat(at=0), chat(at=0), chat(at=1), chat(at=30))

    assert [status(steps) for steps in (first, second, refused, later)] == [200, 200, 429, 200]
    assert _limits(first) == {
        "x-ratelimit-limit-requests": "2",
        "x-ratelimit-remaining-requests": "1",
        "x-ratelimit-reset-requests": "30s",
    }
    assert _limits(refused) == {
        "x-ratelimit-limit-requests": "2",
        "x-ratelimit-remaining-requests": "0",
        "x-ratelimit-reset-requests": "59s",
        "retry-after-ms": "29000",
        "retry-after": "29",
    }
    assert json_of(refused)["error"] == {
        "message": "Rate limit reached for gpt-4o in organization org-llemulator on requests per min (RPM): Limit 2, "
        "Used 2, Requested 1. Please try again in 29s. Visit https://platform.openai.com/account/rate-limits to learn "
        "more.",
        "type": "requests",
        "param": None,
        "code": "rate_limit_exceeded",
    }


def test_retry_after_is_honest() -> None:
    server = emulator(
        {"responses": {"": {"response": "Hello", "faults": [{"rate_limit": {"requests_per_minute": 7}}]}}}
    )
    *_, refused = play(server, *[chat(at=5)] * 8)
    wait = int(headers_of(refused)["retry-after-ms"]) / 1000

    assert texts(server, chat(at=5 + wait - 0.01), chat(at=5 + wait)) == ["429 rate_limit_exceeded", "Hello"]


def test_tokens_a_minute_count_the_prompt_and_the_most_that_is_asked_for() -> None:
    server = emulator({"rules": [{"reply": "Hello", "faults": [{"rate_limit": {"tokens_per_minute": 100}}]}]})

    first, refused, never = play(server, chat(max_tokens=80), chat(max_tokens=80), chat(max_tokens=800))

    # "Hi" is 8 tokens as OpenAI counts a conversation.
    assert _limits(first)["x-ratelimit-remaining-tokens"] == "12"
    assert json_of(refused)["error"]["type"] == "tokens"
    assert "(TPM): Limit 100, Used 88, Requested 88. Please try again in 45.6s." in json_of(refused)["error"]["message"]
    assert "Request too large for gpt-4o" in json_of(never)["error"]["message"]
    assert "retry-after" not in _limits(never)


def test_where_the_clock_goes_back_a_limit_lasts_no_longer_than_it_says() -> None:
    server = emulator({"responses": {"": {"response": "a", "faults": [{"rate_limit": {"requests_per_minute": 1}}]}}})

    said = texts(server, chat(at=5000), chat(at=1000), chat(at=1059), chat(at=1060))

    assert said == ["a", "429 rate_limit_exceeded", "429 rate_limit_exceeded", "a"]


def test_where_the_clock_goes_back_an_outage_lasts_no_longer_than_it_was_to() -> None:
    script = {"responses": [{"response": "up", "faults": [{"failure": {"status": 503, "for_seconds": 60}}]}]}

    said = texts(emulator(script), chat(at=5000), chat(at=1000), chat(at=1059), chat(at=1060))

    assert said[3] == "up"


def test_a_stream_carries_the_limits_too() -> None:
    server = emulator({"rules": [{"reply": "Hello", "faults": [{"rate_limit": {"requests_per_minute": 2}}]}]})

    (steps,) = play(server, chat(stream=True))

    assert _limits(steps)["x-ratelimit-remaining-requests"] == "1"


def test_a_refused_request_uses_up_no_rule() -> None:
    script = {"defaults": {"faults": [{"rate_limit": {"requests_per_minute": 1}}]}, "responses": ["a", "b"]}

    assert texts(emulator(script), chat(at=0), chat(at=1), chat(at=60)) == ["a", "429 rate_limit_exceeded", "b"]


def test_tokens_have_buckets_of_their_own() -> None:
    server = emulator({"rules": [{"reply": "a", "faults": [{"rate_limit": {"requests_per_minute": 1}}]}]})

    assert texts(server, chat(token="one"), chat(token="two"), chat(token="one")) == [
        "a",
        "a",
        "429 rate_limit_exceeded",
    ]


def test_a_tunnel_is_refused_as_often_as_the_rule_says() -> None:
    server = emulator(
        {"rules": [{"faults": [{"connect": {"status": 503, "host": "eu.*"}}], "times": 1}, {"reply": "a"}]}
    )

    assert connect(server) is None
    assert shake_hands(server, "eu.api.openai.com") is None
    fault = connect(server, "eu.api.openai.com")
    assert fault is not None
    assert (fault.at, fault.status) == ("connect", 503)
    assert connect(server, "eu.api.openai.com") is None
    assert texts(server, chat()) == ["a"]


def test_a_handshake_fails_for_whoever_comes() -> None:
    server = emulator()
    load(server, {"rules": [{"faults": [{"tls": "handshake_failure"}], "times": 2}]})

    assert [shake_hands(server) is None for _ in range(3)] == [False, False, True]


def test_forgotten_rules_touch_no_connection() -> None:
    server = emulator()
    load(server, {"rules": [{"faults": [{"tls": "handshake_failure"}]}]})
    load(server, {"reset": True, "responses": "a"})

    assert shake_hands(server) is None


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ({"faults": [{"connect": {}}], "reply": "a"}, "rules[0].reply: a rule with connect or tls acts on connections"),
        ({"faults": [{"connect": {}}, {"latency_ms": 1}]}, "rules[0].faults: connect and tls stand alone"),
        ({"reply": "a", "faults": [{}]}, "rules[0].faults[0]: a fault is one of latency_ms, failure"),
        (
            {"reply": "a", "faults": [{"latency": 5}]},
            'rules[0].faults[0].latency: unknown key; did you mean "latency_ms"?',
        ),
        (
            {"reply": "a", "faults": [{"cut_after": {}}]},
            'rules[0].faults[0].cut_after: give one of "sends" and "fraction"',
        ),
        (
            {"reply": "a", "faults": [{"cut_after": {"sends": 1, "close_code": 1013}}]},
            'rules[0].faults[0].cut_after: "close_code" needs "how: goaway"',
        ),
        (
            {"reply": "a", "faults": [{"cut_after": {"sends": 1, "how": "goaway", "close_code": 1006}}]},
            (
                "rules[0].faults[0].cut_after.close_code: a close frame has one of the codes 1000 to 1003, "
                "1007 to 1014 and 3000 to 4999"
            ),
        ),
        (
            {"reply": "a", "faults": [{"cut_after": {"sends": 1, "how": "gently"}}]},
            "rules[0].faults[0].cut_after.how: expected 'close', 'reset', 'goaway' or 'end', got \"gently\"",
        ),
        ({"reply": "a", "faults": [{"rate_limit": {}}]}, "rules[0].faults[0].rate_limit: give requests_per_minute"),
    ],
)
def test_a_fault_that_cannot_be_is_refused(rule: object, problem: str) -> None:
    with pytest.raises(ScriptError) as caught:
        read_script({"rules": [rule]})

    assert str(caught.value).startswith(problem)


def test_connections_are_no_default() -> None:
    with pytest.raises(ScriptError) as caught:
        read_script({"defaults": {"faults": [{"connect": {}}]}})

    assert str(caught.value).startswith("defaults.faults: connect and tls act on connections")


def test_each_fault_is_in_a_file_of_its_own_that_is_in_the_table() -> None:
    files = {file.stem for file in Path(package.__path__[0]).glob("*.py")}

    assert files - {"__init__", "sends"} == set(FAULTS)


def test_an_answer_that_was_cut_before_its_head_is_in_the_journal() -> None:
    server = emulator({"rules": [{"reply": "a", "faults": [{"http2": "goaway"}]}]})

    assert outcome(server, chat()).steps == (Cut("goaway"),)
    assert body_of(play(server, chat(model="timeout-error"))[0]) == b""


def _limits(steps: Steps) -> dict[str, str]:
    names = ("x-ratelimit-", "retry-after")
    return {name: value for name, value in headers_of(steps).items() if name.startswith(names)}
