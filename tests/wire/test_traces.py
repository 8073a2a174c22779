from llemulator_addon.core.steps import Head, Send
from tests.playing import chat, emulator, play, post, texts

TRACES = post("/v1/traces/ingest", {"data": [{"object": "trace", "id": "trace_1"}]})


def test_traces_are_answered_with_204_and_nothing_else() -> None:
    (steps,) = play(emulator(), TRACES)

    assert [type(step) for step in steps] == [Head]
    (head,) = steps
    assert isinstance(head, Head)
    assert head.status == 204
    assert not {"content-type", "content-length"} & {name for name, _ in head.headers}
    assert "x-request-id" in dict(head.headers)


def test_traces_use_up_no_rule_and_are_not_unmatched() -> None:
    server = emulator(["first", "second"])

    assert texts(server, chat()) == ["first"]
    play(server, TRACES)
    assert texts(server, chat()) == ["second"]


def test_a_rule_that_names_traces_answers_them() -> None:
    server = emulator({"rules": [{"match": {"endpoint": "traces.ingest"}, "reply": {"raw": {"status": 202}}}]})

    (steps,) = play(server, TRACES)

    assert isinstance(steps[0], Head)
    assert steps[0].status == 202
    assert [step.piece for step in steps[1:] if isinstance(step, Send)] in ([], [b""])


def test_when_traces_come_changes_no_other_answer() -> None:
    quiet, traced = emulator({"responses": "hi"}), emulator({"responses": "hi"})
    play(traced, TRACES)

    assert play(quiet, chat()) == play(traced, chat())
