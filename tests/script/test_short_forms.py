"""The short forms of `responses`, and the rules that they stand for."""

import pytest

from llemulator_addon.script.reader import read_script, read_text
from tests.playing import TOKEN, chat, emulator, load, texts


def test_a_text_answers_every_request_for_ever() -> None:
    server = emulator({"responses": "Hello"})

    assert texts(server, chat("a"), chat("b"), chat("c")) == ["Hello", "Hello", "Hello"]


def test_a_list_is_played_in_order_each_once() -> None:
    server = emulator({"responses": ["a", "b", {"response": "c", "times": 2}]})

    assert texts(server, *[chat()] * 5) == ["a", "b", "c", "c", "400 script_exhausted"]


def test_an_object_of_patterns_answers_for_ever_by_the_first_that_is_found() -> None:
    server = emulator({"responses": {"(?i)hello": "Hi!", "(?i)(bye|hello)": "See you.", "^$": {"response": "Say it."}}})

    assert texts(server, chat("oh HELLO"), chat("Bye"), chat(""), chat("hello")) == [
        "Hi!",
        "See you.",
        "Say it.",
        "Hi!",
    ]


def test_the_first_rule_in_order_that_matches_and_is_not_used_up_answers() -> None:
    responses = ["first", {"pattern": ".*help.*", "response": "I can help!", "times": 2}, "last"]
    server = emulator({"responses": responses})

    assert texts(server, *[chat("please help")] * 4) == ["first", "I can help!", "I can help!", "last"]


def test_a_rule_that_does_not_match_waits_for_a_request_that_it_matches() -> None:
    responses = ["first", {"pattern": ".*help.*", "response": "I can help!", "times": 2}, "last"]
    server = emulator({"responses": responses})

    assert texts(server, chat("Hi"), chat("Hi"), chat("help"), chat("Hi")) == [
        "first",
        "last",
        "I can help!",
        "400 script_exhausted",
    ]


def test_an_error_has_a_status_and_openais_usual_fields() -> None:
    server = emulator(
        {"responses": [{"error": "Slow down.", "status": 429}, {"error": {"status": 402}}, {"error": "x"}]}
    )

    assert texts(server, chat(), chat(), chat()) == ["429 rate_limit_exceeded", "402 insufficient_quota", "500 None"]


def test_a_list_alone_is_a_script() -> None:
    assert texts(emulator(["only"]), chat(), chat()) == ["only", "400 script_exhausted"]


@pytest.mark.parametrize(
    ("short", "full"),
    [
        ("Hello", [{"reply": {"text": "Hello"}}]),
        (["a"], [{"reply": {"text": "a"}, "times": 1}]),
        ([{"response": "a", "times": 3}], [{"reply": {"text": "a"}, "times": 3}]),
        ([{"pattern": "x", "response": "a"}], [{"match": {"user_text": "x"}, "reply": {"text": "a"}, "times": 1}]),
        ([{"match": "x", "response": "a"}], [{"match": {"user_text": "x"}, "reply": {"text": "a"}, "times": 1}]),
        (
            [{"match": {"user_text": "x"}, "response": {"refusal": "no"}}],
            [{"match": {"user_text": "x"}, "reply": {"refusal": "no"}, "times": 1}],
        ),
        (
            [{"error": "no", "status": 418}],
            [{"reply": {"failure": {"status": 418, "message": "no"}}, "times": 1}],
        ),
        ({"x": "a"}, [{"match": {"user_text": "x"}, "reply": {"text": "a"}}]),
        ({"x": {"response": "a", "times": 1}}, [{"match": {"user_text": "x"}, "reply": {"text": "a"}, "times": 1}]),
        ({"x": {"reply": {"json": [1]}}}, [{"match": {"user_text": "x"}, "reply": {"json": [1]}}]),
        ([{"response": ["a", "b"], "times": 2}], [{"reply": ["a", "b"], "times": 2}]),
    ],
)
def test_a_short_form_stands_for_rules_in_full(short: object, full: object) -> None:
    short_rules = read_script({"responses": short}).rules
    full_rules = read_script({"rules": full}).rules

    assert [(rule.patterns, rule.replies, rule.times) for rule in short_rules] == [
        (rule.patterns, rule.replies, rule.times) for rule in full_rules
    ]


def test_rules_come_after_responses() -> None:
    server = emulator({"rules": [{"reply": {"text": "rule"}}], "responses": ["response"]})

    assert texts(server, chat(), chat(), chat()) == ["response", "rule", "rule"]


def test_yaml_and_json_say_the_same() -> None:
    yaml = 'responses:\n  - first\n  - {pattern: ".*help.*", response: I can help!, times: 2}\n'
    json = '{"responses": ["first", {"pattern": ".*help.*", "response": "I can help!", "times": 2}]}'

    assert read_text(yaml, "yaml") == read_text(json, "json")


def test_a_list_of_replies_gives_one_for_each_match_and_the_last_repeats() -> None:
    server = emulator({"rules": [{"reply": ["a", {"text": "b"}]}]})

    assert texts(server, *[chat()] * 4) == ["a", "b", "b", "b"]


def test_rules_are_appended_and_reset_forgets_those_before() -> None:
    server = emulator()
    load(server, {"responses": ["a"]})
    appended = load(server, {"responses": ["b"]})

    assert (appended["loaded"], appended["rules"]) == (1, 2)
    assert texts(server, chat(), chat(), chat()) == ["a", "b", "400 script_exhausted"]
    assert load(server, {"reset": True, "responses": ["c"]})["rules"] == 1
    assert texts(server, chat(), chat()) == ["c", "400 script_exhausted"]


def test_a_rule_that_is_appended_answers_where_those_like_it_are_used_up() -> None:
    server = emulator()
    load(server, {"responses": ["a"]})

    assert texts(server, chat(), chat()) == ["a", "400 script_exhausted"]
    load(server, {"responses": ["b"]})
    assert texts(server, chat(), chat()) == ["b", "400 script_exhausted"]


def test_a_script_under_one_token_never_shows_under_another() -> None:
    server = emulator()
    load(server, {"responses": ["a", "b"]}, token="sk-one-1111")
    load(server, {"responses": ["c"]}, token="sk-two-2222")

    asked = [chat("Hi", token=token) for token in ("sk-one-1111", "sk-two-2222", "sk-one-1111", "sk-none-3333")]
    assert texts(server, *asked) == ["a", "c", "b", "Hi"]


def test_every_token_plays_the_default_script_with_counters_of_its_own() -> None:
    server = emulator(["a", "b"])

    assert texts(server, chat(token="one"), chat(token="two"), chat(token="one")) == ["a", "a", "b"]


def test_a_token_with_a_script_of_its_own_does_not_play_the_default_script() -> None:
    server = emulator(["default", "default"])
    load(server, {"responses": ["own"]})

    assert texts(server, chat(), chat(), chat(token="other")) == ["own", "400 script_exhausted", "default"]


def test_models_take_the_place_of_the_default_set_and_an_unknown_one_uses_up_nothing() -> None:
    server = emulator({"responses": ["a"], "models": ["mine"]})

    asked = [chat(model="gpt-4o"), chat(model="mine"), chat(model="mine")]
    assert texts(server, *asked) == ["404 model_not_found", "a", "400 script_exhausted"]


def test_without_a_script_the_last_user_message_is_echoed() -> None:
    assert texts(emulator(), chat("Anybody?")) == ["Anybody?"]


def test_a_script_may_ask_for_the_echo_where_no_rule_answers() -> None:
    server = emulator({"responses": ["a"], "defaults": {"on_unmatched": "echo"}})

    assert texts(server, chat("x"), chat("y")) == ["a", "y"]


def test_the_servers_fallback_holds_where_the_script_names_none() -> None:
    server = emulator({"responses": ["a"]}, on_unmatched="echo")

    assert texts(server, chat("x"), chat("y")) == ["a", "y"]
    assert TOKEN
