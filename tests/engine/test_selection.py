"""Which rule answers, why none does, and that it costs the same with ten rules and with ten thousand."""

from collections.abc import Callable

import pytest

from llemulator_addon.core.prompt import Message, Prompt
from llemulator_addon.core.request import Request
from llemulator_addon.engine.index import Index
from llemulator_addon.engine.near_miss import NearMiss, near_miss
from llemulator_addon.engine.session import Session, load
from llemulator_addon.script.pattern import Candidate
from llemulator_addon.script.reader import read_script
from tests.playing import chat, emulator, json_of, play, texts

_MANY = 10_000
_FEWER = 2_000


def _asked(text: str, **body: object) -> Candidate:
    prompt = Prompt(endpoint="chat.completions", model="gpt-4o", messages=(Message(role="user", text=text),), body=body)
    return Candidate(prompt, Request(method="POST", path="/v1/chat/completions", headers={"x-test": "5"}))


def _missed(script: object, asked: Candidate) -> NearMiss:
    session = load(Session(), read_script(script), fresh=Session(), bare=Session())
    return near_miss(session, asked)


@pytest.mark.long
@pytest.mark.parametrize(
    "match",
    [
        lambda number: {"user_text": f"order {number}$"},
        lambda number: {"user_text": f"(?i)ORDER.*\\b{number}\\b", "model": "gpt-4o"},
        lambda number: {"any_text": f"order {number}$", "endpoint": "chat.completions"},
        lambda number: {"json": {"number": number}, "stream": False},
        lambda number: {"header": {"x-test": str(number)}},
        lambda number: {"all_of": [{"stream": False}, {"user_text": f"order {number}$"}]},
        lambda number: {"any_of": [{"user_text": f"order {number}$"}, {"header": {"x-other": str(number)}}]},
        lambda number: {"json_path": {"$.number": number}, "user_text": f"order {number}$"},
    ],
)
def test_of_two_thousand_rules_only_those_are_looked_at_that_may_hold(match: Callable[[int], object]) -> None:
    rules = [{"match": match(number), "reply": str(number)} for number in range(_FEWER)]
    index = Index(read_script({"rules": rules}).rules)

    groups = list(index.candidates(_asked("order 5", number=5)))

    assert [index.rules[group.rules[0]].name for group in groups] == ["rules[5]"]


@pytest.mark.long
def test_ten_thousand_rules_answer_as_one() -> None:
    server = emulator({"responses": {f"^order {number}$": f"for {number}" for number in range(_MANY)}})

    assert texts(server, chat("order 9999"), chat("order 0")) == ["for 9999", "for 0"]


@pytest.mark.long
def test_patterns_too_large_for_one_automaton_are_searched_too() -> None:
    responses = {f"^(?s).*order.{{0,50}}x{number}y.*$": str(number) for number in range(2_000)}

    assert texts(emulator({"responses": responses}), chat("an order for x1999y, please")) == ["1999"]


@pytest.mark.long
def test_a_list_of_ten_thousand_answers_is_played_in_order() -> None:
    server = emulator({"responses": [str(number) for number in range(_MANY)]})

    assert texts(server, *[chat()] * 3) == ["0", "1", "2"]


def test_rules_that_match_the_same_wait_for_each_other_across_others() -> None:
    responses = [
        {"pattern": "a", "response": "a1"},
        {"pattern": "b", "response": "b1", "times": 2},
        {"pattern": "a", "response": "a2"},
    ]

    assert texts(emulator({"responses": responses}), chat("a"), chat("b"), chat("a"), chat("ab"), chat("a")) == [
        "a1",
        "b1",
        "a2",
        "b1",
        "400 script_exhausted",
    ]


def test_a_request_that_no_rule_answers_is_told_the_closest_and_what_differed() -> None:
    rules = [
        {"name": "weather", "match": {"user_text": "weather in Oslo"}, "reply": "a"},
        {"name": "news", "match": {"user_text": "news of today"}, "reply": "b"},
    ]
    (steps,) = play(emulator({"rules": rules}), chat("What is the weather in Bergen?"))

    assert json_of(steps)["error"] == {
        "message": 'No rule matches. The closest is "weather": user_text "weather in Oslo" is not found in the last '
        'user message, "What is the weather in Bergen?".',
        "type": "invalid_request_error",
        "param": None,
        "code": "no_matching_rule",
    }
    assert ("x-should-retry", "false") in next(step.headers for step in steps if hasattr(step, "headers"))


def test_the_rule_with_the_fewest_differences_is_closest() -> None:
    rules = [
        {"name": "both", "match": {"user_text": "weather", "turn": 7}, "reply": "a"},
        {"name": "one", "match": {"user_text": "hello", "model": "o3"}, "reply": "b"},
    ]

    assert _missed({"rules": rules}, _asked("hello")).rule == "one"


@pytest.mark.long
def test_the_closest_of_thousands_is_found_by_its_words() -> None:
    rules = [
        {"match": {"user_text": f"part number {number} of the catalogue"}, "reply": "a"} for number in range(5_000)
    ]
    rules.append({"name": "invoice", "match": {"user_text": "invoice for (?i)march 2024"}, "reply": "b"})

    assert _missed({"rules": rules}, _asked("please send the invoice for April")).rule == "invoice"


def test_a_used_up_rule_is_named() -> None:
    (_, steps) = play(emulator({"responses": ["only"]}), chat(), chat())

    assert json_of(steps)["error"]["message"] == (
        'Every rule that matches is used up: "responses[0]" answered once already.'
    )


def test_states_carry_a_conversation() -> None:
    rules = [
        {"state": {"requires": "started", "becomes": "asked"}, "reply": "Which city?"},
        {"state": {"requires": "asked", "becomes": "done"}, "match": {"user_text": "Oslo"}, "reply": "It rains."},
        {"state": {"requires": "done"}, "reply": "Bye."},
    ]
    server = emulator({"rules": rules})

    assert texts(
        server, chat("weather?"), chat("what?"), chat("Oslo"), chat("thanks"), chat("weather?", token="two")
    ) == [
        "Which city?",
        "400 no_matching_rule",
        "It rains.",
        "Bye.",
        "Which city?",
    ]


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("credit-error", "402 insufficient_quota"),
        ("rate-limit-error", "429 rate_limit_exceeded"),
        ("server-error", "500 None"),
        ("overloaded-error", "503 server_is_overloaded"),
        ("auth-error", "401 invalid_api_key"),
    ],
)
def test_some_models_act_and_use_up_no_rule(model: str, said: str) -> None:
    server = emulator({"responses": ["only"], "models": ["mine"]})

    assert texts(server, chat(model=model), chat(model=model, stream=True), chat(model="mine")) == [said, said, "only"]
