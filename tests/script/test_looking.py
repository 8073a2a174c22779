"""Looking into a body has a bound, whatever a path asks for."""

import pytest

from llemulator_addon.core.prompt import Prompt
from llemulator_addon.core.request import Request
from llemulator_addon.script.looking import Looking, TooMuchLooking
from llemulator_addon.script.paths import parse
from llemulator_addon.script.pattern import Candidate, differences, hold
from llemulator_addon.script.patterns.json_path import JsonPathPattern
from llemulator_addon.script.patterns.not_ import NotPattern
from tests.playing import chat, emulator, json_of, play, texts

_REQUEST = Request(method="POST", path="/v1/chat/completions", headers={})


def _nested(levels: int) -> object:
    value: object = 1
    for _ in range(levels):
        value = [value]
    return value


def _asked(body: dict[str, object], steps: int) -> Candidate:
    prompt = Prompt(endpoint="chat.completions", model="gpt-4o", body=body)
    return Candidate(prompt, _REQUEST, looking=Looking(steps))


@pytest.mark.parametrize("descents", [1, 2, 4, 8, 16])
def test_each_descent_of_a_path_looks_at_each_place_once(descents: int) -> None:
    levels = 90
    looking = Looking(steps=4 * levels * (descents + 1))

    assert looking.values_at(_nested(levels), f"${'..*' * descents}.zz") == []


def test_places_within_places_come_once_and_in_the_order_written() -> None:
    body = {"a": {"a": {"b": 1}, "b": 2}, "b": 3}

    assert Looking().values_at(body, "$..a..b") == [2, 1]


def test_what_one_rule_looked_for_costs_the_next_nothing() -> None:
    body = {"items": list(range(100))}
    looking = Looking(steps=250)

    first = looking.values_at(body, "$..*")

    assert [looking.values_at(body, "$..*") for _ in range(50)] == [first] * 50


def test_a_pattern_that_would_take_too_much_does_not_hold_and_says_so() -> None:
    asked, pattern = _asked({"items": list(range(100))}, steps=50), JsonPathPattern({"$..*": 5})

    assert not hold((pattern,), asked)
    assert differences((pattern,), asked) == ["to look into the body takes more than the 150000 steps of one request"]


def test_neither_does_its_contrary() -> None:
    asked = _asked({"items": list(range(100))}, steps=50)

    assert not hold((NotPattern((JsonPathPattern({"$..*": "none"}),)),), asked)


def test_comparing_is_counted_too() -> None:
    with pytest.raises(TooMuchLooking):
        Looking(steps=50).contains(list(range(100)), list(range(100)))


@pytest.mark.long
def test_a_rule_that_looks_too_much_leaves_the_request_to_the_others() -> None:
    server = emulator(
        {
            "rules": [
                {"match": {"json_path": {"$..*..*..*.zz": 1}}, "reply": "never"},
                {"match": {"user_text": "Hi"}, "reply": "Hello"},
            ]
        }
    )

    assert texts(server, chat("Hi", extra=[[0] * 1_000] * 200)) == ["Hello"]


@pytest.mark.long
def test_the_error_says_which_rule_was_not_looked_for() -> None:
    server = emulator({"rules": [{"match": {"json_path": {"$..*..*..*.zz": 1}}, "reply": "never"}]})

    message = json_of(play(server, chat("Hi", extra=[[0] * 1_000] * 200))[0])["error"]["message"]

    assert "to look into the body takes more than the 150000 steps of one request" in message


@pytest.mark.parametrize(
    ("path", "problem"),
    [("$" + "..*" * 65, "65 steps; 64 are possible"), ("$." + "a" * 1_000, "1002 characters is too long; 1000")],
)
def test_a_path_that_is_too_long_is_refused_when_it_is_loaded(path: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        parse(path)
