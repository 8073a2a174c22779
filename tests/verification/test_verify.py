from typing import Any

import pytest

from llemulator_addon.engine.session import Session, load
from llemulator_addon.script.reader import read_script
from tests.playing import chat, emulator, json_of, play, post, status

_WEATHER = {
    "name": "weather",
    "match": {"user_text": "weather in (Oslo|Rome)"},
    "reply": {"text": "Sunny."},
    "times": 2,
}


def _verified(script: object, *texts: str, **body: object) -> Any:  # noqa: ANN401
    server = emulator()
    play(server, post("/_emulator/script", script), *(chat(text) for text in texts))
    return json_of(play(server, post("/_emulator/verify", body))[0])


def _sentences(script: object, *texts: str, **body: object) -> list[str]:
    return [finding["sentence"] for finding in _verified(script, *texts, **body)["findings"]]


def test_a_session_that_went_as_its_script_wants_it_passes() -> None:
    assert _verified({"rules": [_WEATHER]}, "weather in Oslo", "weather in Rome") == {
        "object": "verdict",
        "session": "1234",
        "passed": True,
        "findings": [],
        "counts": {"requests": 2, "answered": 2, "unmatched": 0},
        "cost": {"usd": 0.0, "unpriced": 0},
    }


def test_a_request_that_no_rule_answered_is_told_with_the_closest_rule_and_the_difference() -> None:
    verdict = _verified({"rules": [{**_WEATHER, "optional": True}]}, "weather in Berlin")

    assert (verdict["passed"], verdict["counts"]) == (False, {"requests": 1, "answered": 0, "unmatched": 1})
    (finding,) = verdict["findings"]
    assert (finding["name"], finding["requests"]) == ("unmatched", [1])
    assert finding["sentence"].startswith(
        'Request 1 (POST /v1/chat/completions, gpt-4o, "weather in Berlin") was not answered by a rule. '
        'No rule matches. The closest is "weather": '
    )


def test_a_rule_that_never_answered_is_told_with_the_request_that_came_closest() -> None:
    (unmatched, unused) = _sentences({"rules": [_WEATHER]}, "weather in Berlin")

    assert unmatched.startswith("Request 1 ")
    assert unused.startswith(
        'Rule "weather" never answered. The nearest is request 1 (POST /v1/chat/completions, gpt-4o, "weather in '
        'Berlin"): '
    )


def test_a_rule_that_another_one_stands_before_is_told_so() -> None:
    script = {"rules": [{"name": "all", "reply": {"text": "x"}}, _WEATHER]}

    (sentence,) = _sentences(script, "weather in Oslo")
    assert sentence == (
        'Rule "weather" never answered. Request 1 (POST /v1/chat/completions, gpt-4o, "weather in Oslo") matches it, '
        'but it was answered by "all".'
    )


def test_a_rule_that_is_not_used_up_is_told_with_how_often_it_answered() -> None:
    assert _sentences({"rules": [_WEATHER]}, "weather in Oslo") == ['Rule "weather" answered once only, of 2 times.']


def test_a_rule_for_ever_needs_to_answer_once() -> None:
    assert _sentences({"responses": "Hi"}, "a", "b", "c") == []
    assert _sentences({"responses": "Hi"}) == ['Rule "responses" never answered.']


def test_what_is_optional_may_stay_unused() -> None:
    assert _sentences({"rules": [{**_WEATHER, "optional": True}]}) == []


def test_a_fallback_that_the_script_chose_answers_what_no_rule_does() -> None:
    assert _sentences({"responses": {"hello": "Hi"}, "defaults": {"on_unmatched": "echo"}}, "hello", "bye") == []


@pytest.mark.parametrize(
    ("expectation", "sentence"),
    [
        ({"match": "Oslo"}, None),
        ({"match": "Oslo", "count": 1}, None),
        ({"match": {"model": "gpt-4o"}, "at_least": 2, "at_most": 3}, None),
        ({"match": {"stream": True}, "at_most": 0}, None),
        (
            {"match": "Oslo", "count": 2},
            'A request that matches {"user_text":"Oslo"} was asked once, expected exactly 2.',
        ),
        ({"name": "Oslo", "match": "Oslo", "at_most": 0}, "Oslo was asked once, expected never."),
        ({"name": "all", "at_least": 3}, "all was asked twice, expected at least 3."),
        ({"name": "all", "at_least": 3, "at_most": 4}, "all was asked twice, expected 3 to 4 times."),
        ({"name": "all", "at_most": 1}, "all was asked twice, expected at most 1."),
    ],
)
def test_expectations(expectation: dict[str, object], sentence: str | None) -> None:
    found = _sentences({"responses": "Hi"}, "Oslo", "Rome", expectations=[expectation])

    assert found == ([] if sentence is None else [sentence])


def test_an_expectation_that_nothing_meets_names_the_nearest_request() -> None:
    (sentence,) = _sentences({"responses": "Hi"}, "Oslo", expectations=[{"name": "Rome", "match": "Rome"}])

    assert sentence.startswith("Rome was asked never, expected at least 1. The nearest is request 1 (POST ")


@pytest.mark.parametrize(
    ("order", "sentence"),
    [
        (["Oslo", "Rome"], None),
        (["Oslo", "Bern"], None),
        (
            ["Rome", "Oslo"],
            (
                'A request that matches {"user_text":"Oslo"} was not asked after a request that matches '
                '{"user_text":"Rome"} (request 2), but before it, as request 1.'
            ),
        ),
        (["Paris"], 'A request that matches {"user_text":"Paris"} was not asked.'),
    ],
)
def test_order(order: list[str], sentence: str | None) -> None:
    found = _sentences({"responses": "Hi"}, "Oslo", "Rome", "Bern", order=order)

    assert found == ([] if sentence is None else [sentence])


def test_kinds_of_findings_can_be_switched_off() -> None:
    assert _sentences({"rules": [_WEATHER]}, "weather in Berlin", ignore=["unused", "unmatched"]) == []


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"ignore": ["colour"]}, "ignore[0]"),
        ({"expectations": [{"cuont": 1}]}, "expectations[0].cuont"),
        ({"expectations": [{"count": 1, "at_most": 2}]}, "expectations[0]"),
        ({"expectations": [{"match": {"user_text": "("}}]}, "expectations[0].match.user_text"),
        ({"order": [1]}, "order[0]"),
    ],
)
def test_what_is_not_understood_is_refused_with_its_place(body: object, place: str) -> None:
    (answer,) = play(emulator(), post("/_emulator/verify", body))

    assert (status(answer), json_of(answer)["error"]["param"]) == (400, place)


def test_a_session_without_rules_has_nothing_to_be_verified() -> None:
    session = load(Session(), read_script({}), fresh=Session(), bare=Session())

    assert (session.script.owner, _sentences({}, "Hi")) == ("nobody", [])
