"""What answers when no rule does."""

import json
from typing import Any

import pytest

from llemulator_addon.core.steps import Wait
from tests.playing import body_of, chat, emulator, json_of, play, post, texts

_LATER = [{"role": "assistant", "content": "Yes?"}, {"role": "user", "content": "last"}]
_PARTS = [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}]


def test_without_a_script_the_user_is_echoed() -> None:
    assert texts(emulator(), chat("Is anybody there?")) == ["Is anybody there?"]


def test_a_server_can_simulate_in_place_of_that() -> None:
    first, again = (texts(emulator(on_unmatched="simulate"), chat("How is bread baked?")) for _ in range(2))

    assert first == again
    assert "bread" in first[0]


def test_a_script_can_simulate_what_its_rules_do_not_answer() -> None:
    script = {"responses": {"hello": "Hi!"}, "defaults": {"on_unmatched": "simulate"}}

    said = texts(emulator(script), chat("hello"), chat("How is bread baked?", response_length="short"))

    assert said[0] == "Hi!"
    assert 120 <= len(said[1]) <= 450


def test_another_seed_says_something_else() -> None:
    one, other = (texts(emulator(on_unmatched="simulate", seed=seed), chat("Tell me of the sea")) for seed in (1, 2))

    assert one != other


def test_simulated_streams_have_the_rhythm_that_the_server_gives() -> None:
    server = emulator(on_unmatched="simulate", stream_tokens_per_second=10)

    (steps,) = play(server, chat("Hi", stream=True, response_length="short"))

    assert {step.seconds for step in steps if isinstance(step, Wait)} == {0.1}


def test_a_schema_that_strict_mode_does_not_take_is_refused_with_or_without_a_script() -> None:
    schema = {
        "name": "person",
        "strict": True,
        "schema": {"type": "object", "properties": {"name": {"type": "string"}}},
    }

    (steps,) = play(
        emulator({"responses": "Hi"}), chat("Hi", response_format={"type": "json_schema", "json_schema": schema})
    )

    assert json_of(steps)["error"]["message"].startswith("Invalid schema for response_format 'person'")


_SAID: list[tuple[str, dict[str, Any], str]] = [
    ("/v1/chat/completions", {"messages": [{"role": "user", "content": "first"}, *_LATER]}, "last"),
    ("/v1/chat/completions", {"messages": [{"role": "user", "content": _PARTS}]}, "one\ntwo"),
    ("/v1/responses", {"input": "last"}, "last"),
    ("/v1/responses", {"input": [{"role": "user", "content": "first"}, *_LATER]}, "last"),
    ("/v1/completions", {"model": "gpt-3.5-turbo-instruct", "prompt": "Once upon"}, "Once upon"),
]


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(("path", "body", "wanted"), _SAID)
def test_what_the_user_said_last_is_echoed_on_every_endpoint(
    path: str, body: dict[str, Any], wanted: str, *, stream: bool
) -> None:
    (steps,) = play(emulator(), post(path, {"model": "gpt-4o", "stream": stream, **body}))

    assert _text(body_of(steps), stream=stream) == wanted


def test_each_of_several_prompts_is_echoed_and_simulated_in_its_own_choices() -> None:
    asked = post("/v1/completions", {"model": "gpt-3.5-turbo-instruct", "prompt": ["bread", "the sea"], "n": 2})
    echoed, simulated = (json_of(play(emulator(on_unmatched=how), asked)[0])["choices"] for how in ("echo", "simulate"))

    assert [choice["text"] for choice in echoed] == ["bread", "bread", "the sea", "the sea"]
    assert [("bread" in choice["text"], "sea" in choice["text"]) for choice in simulated] == [
        *[(True, False)] * 2,
        *[(False, True)] * 2,
    ]
    assert len({choice["text"] for choice in simulated}) == 4


def _text(body: bytes, *, stream: bool) -> str:
    """Put together what an answer of any endpoint says."""
    lines = [line.removeprefix(b"data: ") for line in body.split(b"\n") if line.startswith(b"data: {")]
    return "".join(_part(json.loads(line), stream=stream) for line in (lines if stream else [body]))


def _part(value: Any, *, stream: bool) -> str:  # noqa: ANN401 - JSON
    if "choices" in value:
        choice = value["choices"][0]
        return str(choice.get("text") or choice.get("delta", choice.get("message", {})).get("content") or "")
    if stream:
        return str(value["delta"]) if value["type"] == "response.output_text.delta" else ""
    return str(value["output"][0]["content"][0]["text"])
