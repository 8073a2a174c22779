"""Vectors and verdicts that a script gives."""

from math import isclose, sumprod
from typing import Any

import pytest

from llemulator_addon.emulator import Emulator
from llemulator_addon.script.reader import read_script
from llemulator_addon.script.script_error import ScriptError
from tests.playing import body_of, chat, emulator, json_of, play, post, texts
from tests.wire.answering import client
from tests.wire.shapes import events


def _server(*replies: object, **match: object) -> Emulator:
    return emulator({"rules": [{"match": match, "reply": reply} for reply in replies]})


def _vectors(server: Emulator, *inputs: str, **asked: object) -> list[list[float]]:
    body = {"model": "text-embedding-3-small", "input": list(inputs), "encoding_format": "float", **asked}
    (steps,) = play(server, post("/v1/embeddings", body))
    return [each["embedding"] for each in json_of(steps)["data"]]


def test_a_vector_is_that_of_the_script_for_every_input() -> None:
    assert _vectors(_server({"embedding": [0.5, 0.25]}), "a", "b") == [[0.5, 0.25], [0.5, 0.25]]


def test_each_input_has_its_vector_and_the_last_repeats() -> None:
    assert _vectors(_server({"embedding": [[1, 0], [0, 1]]}), "a", "b", "c") == [[1, 0], [0, 1], [0, 1]]


@pytest.mark.parametrize("similarity", [0.9, 0.0, -0.5, 1.0])
@pytest.mark.parametrize("dimensions", [{}, {"dimensions": 64}])
@pytest.mark.parametrize("text", ["refund", "money back"])
def test_a_vector_is_as_near_to_that_of_a_text_as_the_script_says(
    text: str, similarity: float, dimensions: dict[str, int]
) -> None:
    server = _server({"embedding": {"near": "money back", "similarity": similarity}}, user_text="^(refund|money back)$")
    (found,) = _vectors(server, text, **dimensions)
    (wanted,) = _vectors(emulator(), "money back", **dimensions)

    assert isclose(sumprod(found, wanted), similarity, abs_tol=1e-5)
    assert isclose(sumprod(found, found), 1, abs_tol=1e-5)


def test_texts_near_to_the_same_text_differ() -> None:
    server = _server({"embedding": [{"near": "a text"}, {"near": "a text"}]})

    one, other = _vectors(server, "first", "second")
    assert one != other


def test_a_rule_with_vectors_or_verdicts_alone_answers_no_chat() -> None:
    server = _server({"embedding": [1]}, {"moderation": {"violence": 1}}, "Hi")

    assert texts(server, chat()) == ["Hi"]
    assert _vectors(server, "a") == [[1]]


def test_the_sdk_reads_scripted_vectors_in_base64() -> None:
    official = client(_server({"embedding": [0.5, 0.25]}), strict=False)

    made = official.embeddings.create(model="text-embedding-3-small", input="a")
    assert made.data[0].embedding == [0.5, 0.25]


def _verdicts(server: Emulator, *inputs: str) -> list[dict[str, Any]]:
    (steps,) = play(server, post("/v1/moderations", {"input": list(inputs)}))
    results: list[dict[str, Any]] = json_of(steps)["results"]
    return results


def test_verdicts_are_those_of_the_script() -> None:
    one, other = _verdicts(_server({"moderation": [{"violence": 0.97, "hate": True}, {"sexual": 0.6}]}), "a", "b")

    assert (one["category_scores"]["violence"], one["categories"]["hate"]) == (0.97, True)
    assert (other["categories"]["violence"], other["categories"]["sexual"]) == (False, True)
    assert one["flagged"] is other["flagged"] is True


def test_a_recorded_verdict_is_sent_as_it_was() -> None:
    recorded = {"flagged": True, "categories": {"violence": False}, "category_scores": {"violence": 0.7}}
    (found,) = _verdicts(_server({"moderation": recorded}), "a")

    assert (found["flagged"], found["categories"]["violence"], found["category_scores"]["violence"]) == (
        True,
        False,
        0.7,
    )


def test_moderated_answers_carry_the_verdicts_of_the_script() -> None:
    moderation = {"input": {"violence": 0.9}, "output": {"violence": False}}
    server = _server({"text": "No.", "moderation": moderation})
    asked: dict[str, Any] = {"moderation": {"model": "omni-moderation-latest"}}
    whole, streamed, unasked = play(
        server, chat(model="gpt-5", **asked), chat(model="gpt-5", stream=True, **asked), chat()
    )
    response, told, other = play(
        server,
        post("/v1/responses", {"model": "gpt-5", "input": "Hi", **asked}),
        post("/v1/responses", {"model": "gpt-5", "input": "Hi", "stream": True, **asked}),
        post("/v1/responses", {"model": "gpt-5", "input": "Hi"}),
    )

    found = json_of(whole)["moderation"]
    assert [found[side]["results"][0]["categories"]["violence"] for side in ("input", "output")] == [True, False]
    assert events(body_of(streamed))[-1]["moderation"] == found
    assert "moderation" not in json_of(unasked)
    beside = json_of(response)["moderation"]
    assert [beside[side]["type"] for side in ("input", "output")] == ["moderation_result"] * 2
    assert [beside[side]["categories"]["violence"] for side in ("input", "output")] == [True, False]
    first, *_, last = events(body_of(told))
    assert (first["response"]["moderation"], last["response"]["moderation"]) == (None, beside)
    assert json_of(other)["moderation"] is None


@pytest.mark.parametrize(
    "reply",
    [
        {"embedding": []},
        {"embedding": ["a"]},
        {"embedding": {"near": "a", "similarity": 2}},
        {"embedding": [1], "text": "a"},
        {"moderation": 5},
        {"moderation": {"input": {}, "violence": 1}, "text": "a"},
    ],
    ids=str,
)
def test_what_cannot_be_is_refused(reply: dict[str, Any]) -> None:
    with pytest.raises(ScriptError):
        read_script({"rules": [{"reply": reply}]})
