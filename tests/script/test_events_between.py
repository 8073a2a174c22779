"""Events that are not part of an answer, bytes cut anywhere, and events that fill silences."""

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.responses import ResponseCompletedEvent

from llemulator_addon.core.stamp import Stamp
from llemulator_addon.core.steps import Cut, Head, Send, Steps, Wait
from llemulator_addon.emulator import Emulator
from llemulator_addon.script.fault import Scene
from llemulator_addon.script.reader import read_script
from llemulator_addon.script.script_error import ScriptError
from tests.playing import body_of, chat, emulator, kinds, play, post
from tests.wire.answering import client
from tests.wire.shapes import events

TEXT = "你好, wörld 🌍!"
PATHS = {"/v1/chat/completions": "messages", "/v1/responses": "input", "/v1/completions": "prompt"}


def _server(*faults: object, reply: object = TEXT, **rule: object) -> Emulator:
    return emulator({"rules": [{"reply": reply, "faults": list(faults), **rule}]})


def _stream(server: Emulator, path: str = "/v1/responses", **asked: Any) -> Steps:  # noqa: ANN401
    given = [{"role": "user", "content": "Hi"}] if path.endswith("chat/completions") else "Hi"
    model = "gpt-3.5-turbo-instruct" if path == "/v1/completions" else "gpt-4o"
    (steps,) = play(server, post(path, {"model": model, PATHS[path]: given, "stream": True, **asked}))
    return steps


def _pieces(steps: Steps) -> list[bytes]:
    return [step.piece for step in steps if isinstance(step, Send)]


@pytest.mark.parametrize("path", PATHS)
def test_an_extra_event_takes_the_place_that_it_names(path: str) -> None:
    extra = {"extra_event": {"at": 3, "event": "new.kind", "data": "x", "comment": "ping", "id": "7", "retry": 5}}
    plain, with_it = _pieces(_stream(_server(), path)), _pieces(_stream(_server(extra), path))

    assert with_it == [*plain[:2], b": ping\nevent: new.kind\nid: 7\nretry: 5\ndata: x\n\n", *plain[2:]]


def test_a_comment_alone_is_a_line_of_its_own() -> None:
    assert _pieces(_stream(_server({"extra_event": {"at": 1, "comment": "ping"}})))[0] == b": ping\n\n"


def test_an_event_in_a_stream_of_responses_is_numbered_and_later_events_count_on() -> None:
    extra = {"extra_event": {"at": 3, "event": "keepalive", "data": {"type": "keepalive"}}}
    told = events(body_of(_stream(_server(extra))))

    assert told[2] == {"type": "keepalive", "sequence_number": 2}
    assert [event["sequence_number"] for event in told] == list(range(len(told)))


def test_an_event_that_has_a_number_leaves_the_others_as_they_are() -> None:
    extra = {"extra_event": {"at": 3, "data": {"type": "keepalive", "sequence_number": 99}}}
    told = events(body_of(_stream(_server(extra))))

    assert [event["sequence_number"] for event in told[:4]] == [0, 1, 99, 2]


def test_several_extra_events_are_counted_with_those_before() -> None:
    several = [{"extra_event": {"at": at, "data": {"type": f"at.{at}"}}} for at in (1, 3)]
    told = events(body_of(_stream(_server(*several))))

    assert [event["type"] for event in told[:4]] == ["at.1", "response.created", "at.3", "response.in_progress"]
    assert [event["sequence_number"] for event in told] == list(range(len(told)))


def test_numbers_that_stand_in_texts_are_left_as_they_are() -> None:
    text = 'She wrote "sequence_number":5 there.'
    extra = {"extra_event": {"at": 1, "data": {"type": "keepalive"}}}
    metadata = {"sequence_number": "7"}
    told = events(body_of(_stream(_server(extra, reply=text), metadata=metadata)))

    assert [event["sequence_number"] for event in told] == list(range(len(told)))
    assert told[-1]["response"]["output"][0]["content"][0]["text"] == text
    assert told[-1]["response"]["metadata"] == metadata


def test_an_extra_event_may_end_a_stream_and_is_left_out_behind_its_end() -> None:
    plain = _pieces(_stream(_server(), "/v1/chat/completions"))
    last, behind = (
        _pieces(_stream(_server({"extra_event": {"at": len(plain) + more, "data": "x"}}), "/v1/chat/completions"))
        for more in (1, 2)
    )

    assert last == [*plain, b"data: x\n\n"]
    assert behind == plain


def test_an_answer_in_one_piece_has_no_extra_event() -> None:
    one, other = (play(_server(*faults), chat()) for faults in ((), ({"extra_event": {"at": 1, "comment": "x"}},)))

    assert one == other


def test_an_extra_event_says_something() -> None:
    with pytest.raises(ScriptError, match="give an event"):
        read_script({"rules": [{"reply": "x", "faults": [{"extra_event": {"at": 1}}]}]})


def test_the_sdk_reads_past_a_keepalive() -> None:
    extra = {"extra_event": {"at": 3, "event": "keepalive", "data": {"type": "keepalive"}}}
    official = client(_server(extra), strict=False)

    told = list(official.responses.create(model="gpt-4o", input="Hi", stream=True))
    assert isinstance(told[-1], ResponseCompletedEvent)


# Bytes ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("size", [1, 7, 4096])
def test_each_write_has_so_many_bytes_and_together_they_are_the_stream(path: str, size: int) -> None:
    plain, cut = body_of(_stream(_server(), path)), _stream(_server({"split_bytes": size}), path)
    pieces = _pieces(cut)

    assert b"".join(pieces) == plain
    assert {len(piece) for piece in pieces[:-1]} <= {size}
    between = [pair for pair in pairwise(kinds(cut)) if pair == (Send, Send)]
    assert between == []


def test_a_write_may_end_within_a_character_and_within_an_event() -> None:
    pieces = _pieces(_stream(_server({"split_bytes": 1})))

    with pytest.raises(UnicodeDecodeError):
        [piece.decode() for piece in pieces]


def test_sizes_are_drawn_from_the_seed() -> None:
    one, again, other = (
        _pieces(_stream(emulator({"seed": seed, "rules": [{"reply": TEXT, "faults": [{"split_bytes": "random"}]}]})))
        for seed in (1, 1, 2)
    )

    assert one == again
    assert [len(piece) for piece in one] != [len(piece) for piece in other]
    assert {len(piece) for piece in one[:-1]} <= set(range(1, 33))


def test_a_body_in_one_piece_is_cut_too() -> None:
    (plain,), (cut,) = (play(_server(*faults), chat()) for faults in ((), ({"split_bytes": {"size": 100}},)))

    assert body_of(cut) == body_of(plain)
    assert len(_pieces(cut)) > 1


def test_pacing_and_silences_stay_where_they_are() -> None:
    steps: Steps = (Head(200), Send(b"abc"), Wait(5), Send(b"de"), Send(b"fgh"), Cut())

    assert _split(steps, {"size": 2, "wait_ms": 10}) == (
        *(Head(200), Send(b"ab", alone=True), Wait(0.01), Send(b"c", alone=True), Wait(5)),
        *(Send(b"de", alone=True), Wait(0.01), Send(b"fg", alone=True), Wait(0.01), Send(b"h", alone=True), Cut()),
    )


def _split(steps: Steps, wanted: object) -> Steps:
    (rule,) = read_script({"rules": [{"reply": "x", "faults": [{"split_bytes": wanted}]}]}).rules
    (fault,) = rule.faults or ()
    assert tuple(fault.rewrite_made(iter(steps), _SCENE)) == fault.rewrite(steps, _SCENE)
    return fault.rewrite(steps, _SCENE)


_SCENE = Scene(events=True, stamp=Stamp(1, 2))


@given(
    pieces=st.lists(st.binary(max_size=60), max_size=6),
    size=st.integers(1, 40) | st.just("random"),
)
def test_no_byte_is_lost_or_changed(pieces: list[bytes], size: int | str) -> None:
    steps: Steps = (Head(200), *map(Send, pieces))

    assert b"".join(_pieces(_split(steps, size))) == b"".join(pieces)


@pytest.mark.parametrize("wanted", [0, True, "often", {"size": 0}, {"size": 1, "wait_ms": -1}, None])
def test_other_sizes_are_refused(wanted: object) -> None:
    with pytest.raises(ScriptError):
        read_script({"rules": [{"reply": "x", "faults": [{"split_bytes": wanted}]}]})


# Silences ------------------------------------------------------------------------------------------------------------


def test_keepalives_fill_a_long_silence_before_the_first_token() -> None:
    steps = _stream(_server(stream={"ttft_ms": 40_000}))
    told = events(body_of(steps))

    assert [event["type"] for event in told[:5]] == [
        "response.created",
        "response.in_progress",
        "keepalive",
        "keepalive",
        "response.output_item.added",
    ]
    assert [event["sequence_number"] for event in told] == list(range(len(told)))
    assert [step.seconds for step in steps if isinstance(step, Wait)] == [15.0, 15.0, 10.0]


def test_keepalives_come_between_slow_tokens() -> None:
    told = events(body_of(_stream(_server(stream={"tokens_per_second": 0.05}))))

    assert "keepalive" in {event["type"] for event in told}
    assert [event["sequence_number"] for event in told] == list(range(len(told)))


@pytest.mark.parametrize(
    ("path", "asked", "ttft_ms"),
    [
        ("/v1/chat/completions", {}, 40_000),
        ("/v1/responses", {}, 15_000),
        ("/v1/responses", {"background": True}, 40_000),
    ],
)
def test_no_keepalive_comes_elsewhere(path: str, asked: dict[str, Any], ttft_ms: int) -> None:
    assert b"keepalive" not in body_of(_stream(_server(stream={"ttft_ms": ttft_ms}), path, **asked))


def test_a_stall_is_silent_unless_it_is_to_be_filled() -> None:
    silent = _stream(_server({"stall": {"after_sends": 3, "seconds": 40}}))
    filled = _stream(_server({"stall": {"after_sends": 3, "seconds": 40, "keepalive": True}}))
    told = events(body_of(filled))

    assert b"keepalive" not in body_of(silent)
    assert [event["type"] for event in told[3:5]] == ["keepalive", "keepalive"]
    assert [event["sequence_number"] for event in told] == list(range(len(told)))


# Azure ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/openai/deployments/mine/chat/completions", "/openai/v1/chat/completions"])
def test_a_stream_of_azure_begins_with_a_chunk_without_choices(path: str) -> None:
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hi"}], "stream": True}
    (steps,) = play(_server(), post(path, body))
    first, second, *_ = events(body_of(steps))

    assert (first["choices"], first["id"], first["model"]) == ([], "", "")
    assert first["prompt_filter_results"][0]["content_filter_results"]["hate"] == {
        "filtered": False,
        "severity": "safe",
    }
    assert second["choices"][0]["delta"]["role"] == "assistant"


def test_an_answer_of_azure_in_one_piece_tells_of_the_filter() -> None:
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hi"}]}
    (steps,) = play(_server(), post("/openai/deployments/mine/chat/completions", body))
    told = json.loads(body_of(steps))

    assert told["prompt_filter_results"][0]["prompt_index"] == 0
    assert told["choices"][0]["content_filter_results"]["violence"] == {"filtered": False, "severity": "safe"}
