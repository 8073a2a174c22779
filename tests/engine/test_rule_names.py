"""Rules without a name are called by their place, and are told apart."""

from tests.playing import chat, emulator, json_of, load, play, request


def _names(*scripts: object) -> list[str]:
    server = emulator()
    for script in scripts:
        load(server, script)
    (shown,) = play(server, request("GET", "/_emulator/script"))
    return [rule["name"] for rule in json_of(shown)["rules"]]


def test_rules_that_are_added_later_have_other_names_than_those_before_them() -> None:
    one = {"rules": [{"reply": "a", "times": 1}]}

    assert _names(one, {"responses": ["b"]}, one, one) == ["rules[0]", "responses[0]", "rules[0] (2)", "rules[0] (3)"]


def test_a_name_that_the_script_gives_stays() -> None:
    one = {"rules": [{"name": "mine", "reply": "a", "times": 1}]}

    assert _names(one, one) == ["mine", "mine"]


def test_the_journal_says_which_of_them_answered() -> None:
    server = emulator()
    for text in ("a", "b"):
        load(server, [text])
    *_, listed = play(server, chat(), chat(), request("GET", "/_emulator/requests"))

    assert [each["rule"] for each in json_of(listed)["data"]] == ["responses[0]", "responses[0] (2)"]
