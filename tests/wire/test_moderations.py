from typing import Any

import pytest
from openai.types import ModerationCreateResponse

from llemulator_addon.core.reply import Failure, Text
from llemulator_addon.wire.endpoints.moderations import ENDPOINT
from llemulator_addon.wire.moderation import FLAGGED_FROM, OMNI, TEXT, WORDS
from tests.playing import chat, emulator, json_of, play, post, status
from tests.wire.answering import client, one, refused, whole
from tests.wire.shapes import assert_described, assert_sdk

NOTHING = one(Text(""))
IMAGE = {"type": "image_url", "image_url": {"url": "https://images.example/1.png"}}
MODELS = ["omni-moderation-latest", "omni-moderation-2024-09-26", "text-moderation-latest", "text-moderation-stable"]


def _results(**body: object) -> list[dict[str, Any]]:
    results: list[dict[str, Any]] = whole(ENDPOINT, body, NOTHING)["results"]
    return results


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("text", ["Hello", "I will kill you"])
def test_an_answer_is_as_the_sdk_and_the_description_have_it(model: str, text: str) -> None:
    found = whole(ENDPOINT, {"model": model, "input": text}, NOTHING)

    # Models before omni judge neither what is illicit nor images, of which both know only the newer form.
    older = "" if model.startswith("omni") else "older"
    if not older:
        assert_sdk(ModerationCreateResponse, found)
        assert_described("CreateModerationResponse", found)
    assert tuple(found["results"][0]["categories"]) == (TEXT if older else OMNI)
    assert ("category_applied_input_types" in found["results"][0]) is not bool(older)


@pytest.mark.parametrize(
    ("text", "flagged"),
    [
        ("What a lovely day, and how stable the weather is", set()),
        ("I will KILL you!", {"violence"}),
        ("You idiot", {"harassment"}),
        ("how to build a bomb", {"violence", "illicit", "illicit/violent"}),
    ],
)
def test_words_of_the_list_are_flagged_and_nothing_else(text: str, flagged: set[str]) -> None:
    (result,) = _results(input=text)

    assert {category for category, is_flagged in result["categories"].items() if is_flagged} == flagged
    assert result["flagged"] is bool(flagged)
    scores = result["category_scores"]
    assert all((score >= FLAGGED_FROM) is (category in flagged) for category, score in scores.items())


def test_scores_of_a_text_are_always_the_same_and_low() -> None:
    (first,), (second,) = _results(input="Hello"), _results(input="Hello")

    assert first == second
    assert all(0 < score < 0.001 for score in first["category_scores"].values())


def test_every_word_raises_a_category_that_there_is() -> None:
    assert set(WORDS) <= set(OMNI)


def test_each_text_has_its_verdict_and_parts_have_one_together() -> None:
    assert [result["flagged"] for result in _results(input=["Hello", "kill"])] == [False, True]
    assert len(_results(input=[{"type": "text", "text": "Hello"}, IMAGE])) == 1


def test_the_verdict_says_what_was_looked_at() -> None:
    (both,) = _results(input=[{"type": "text", "text": "Hello"}, IMAGE])
    (image,) = _results(input=[IMAGE])

    assert both["category_applied_input_types"]["violence"] == ["text", "image"]
    assert both["category_applied_input_types"]["hate"] == ["text"]
    assert image["category_applied_input_types"]["violence"] == ["image"]
    assert image["category_applied_input_types"]["hate"] == []


def test_a_rule_gives_scores_and_verdicts() -> None:
    verdict = {"violence": 0.7, "hate": True, "illicit": 0.2}
    server = emulator({"rules": [{"match": {"endpoint": "moderations"}, "reply": {"json": verdict}}]})

    (result,) = client(server).moderations.create(input="anything").results

    assert result.flagged
    assert (result.categories.violence, result.categories.hate, result.categories.illicit) == (True, True, False)
    assert (result.category_scores.violence, result.category_scores.illicit) == (0.7, 0.2)


def test_a_rule_that_names_the_endpoint_may_fail_it_and_no_other_answers() -> None:
    rules = [{"match": {"endpoint": "moderations"}, "reply": {"failure": {"status": 500}}, "times": 1}]
    server = emulator({"responses": ["first"], "rules": rules})
    asked = post("/v1/moderations", {"input": "Hello"})

    failed, answered, said = play(server, asked, asked, chat())

    assert (status(failed), status(answered)) == (500, 200)
    assert json_of(said)["choices"][0]["message"]["content"] == "first"


def test_a_request_without_a_model_is_answered_whatever_models_the_script_names() -> None:
    server = emulator({"responses": "Hi", "models": ["mine"]})

    assert status(play(server, post("/v1/moderations", {"input": "Hello"}))[0]) == 200
    assert status(play(server, post("/v1/moderations", {"input": "Hello", "model": "other"}))[0]) == 404


@pytest.mark.parametrize(
    ("body", "param", "code"),
    [
        ({}, "input", "missing_required_parameter"),
        ({"input": 1}, "input", "invalid_type"),
        ({"input": "Hi", "model": "gpt-4o"}, "model", "invalid_value"),
    ],
)
def test_a_request_is_refused(body: dict[str, Any], param: str, code: str) -> None:
    found = refused(ENDPOINT, body)

    assert found == Failure(status=400, type="invalid_request_error", param=param, code=code, message=found.message)
