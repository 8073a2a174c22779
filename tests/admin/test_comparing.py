"""A recorded request beside the rules of now, and asked again."""

from tests.playing import chat, emulator, json_of, load, play, post, request, status, texts


def test_a_request_is_compared_with_each_rule_and_the_nearest_is_first() -> None:
    server = emulator()
    rules = [
        {"name": "far", "match": {"model": "gpt-5.4", "user_text": "zebra"}, "reply": "x"},
        {"name": "near", "match": {"model": "gpt-4o", "user_text": "weather in Paris"}, "reply": "x"},
        {"name": "used", "match": {"user_text": "weather"}, "reply": "x", "times": 1},
    ]
    load(server, {"rules": rules})
    (*_, shown) = play(
        server, chat("weather in Rome"), chat("weather in Rome"), request("GET", "/_emulator/requests/2/rules")
    )

    compared = json_of(shown)["data"]
    assert [rule["rule"] for rule in compared] == ["used", "near", "far"]
    assert [(rule["matches"], rule["used_up"]) for rule in compared] == [(True, True), (False, False), (False, False)]
    assert [(check["word"], check["holds"]) for check in compared[1]["checks"]] == [
        ("model", True),
        ("user_text", False),
    ]
    assert "weather in Rome" in compared[1]["checks"][1]["difference"]


def test_a_recorded_request_is_asked_again_against_the_rules_of_now() -> None:
    server = emulator()
    load(server, {"rules": [{"match": {"user_text": "never"}, "reply": "x"}]})
    assert texts(server, chat("hi")) == ["400 no_matching_rule"]
    load(server, {"responses": ["Now it matches."]})
    again, shown = play(server, post("/_emulator/requests/1/again"), request("GET", "/_emulator/requests/2"))

    assert json_of(again) == {"object": "request.again", "number": 2, "again": 1}
    exchange = json_of(shown)
    assert exchange["answer"]["body"]["choices"][0]["message"]["content"] == "Now it matches."
    assert exchange["ending"]["how"] == "whole"


def test_a_request_that_a_person_would_answer_is_not_asked_again() -> None:
    server = emulator()
    load(server, {"rules": [{"match": {"user_text": "never"}, "reply": "x"}]})
    assert status(play(server, chat("hi"))[0]) == 400
    load(server, {"defaults": {"on_unmatched": "manual"}})
    refused, listed = play(server, post("/_emulator/requests/1/again"), request("GET", "/_emulator/requests"))

    assert (status(refused), json_of(refused)["error"]["code"]) == (409, "not_answered_here")
    assert json_of(listed)["recorded"] == 1


def test_what_is_not_kept_is_neither_compared_nor_asked_again() -> None:
    asked = (request("GET", "/_emulator/requests/7/rules"), post("/_emulator/requests/7/again"))

    assert [json_of(steps)["error"]["code"] for steps in play(emulator(), *asked)] == ["exchange_not_found"] * 2
