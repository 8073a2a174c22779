"""A script is checked without loading it."""

from dataclasses import replace

from tests.playing import chat, emulator, json_of, load, play, post, texts


def test_each_problem_has_its_place_and_nothing_is_loaded() -> None:
    server = emulator()
    load(server, {"responses": ["before"]})
    script = {"rules": [{"match": {"modl": "x"}, "reply": "a"}, {"reply": {"txt": "b"}}]}
    (checked,) = play(server, post("/_emulator/script/check", script, token=None))

    assert json_of(checked)["rules"] == 0
    assert [each["place"] for each in json_of(checked)["problems"]] == ["rules[0].match.modl", "rules[1].reply.txt"]
    assert texts(server, chat()) == ["before"]


def test_a_script_that_is_right_has_its_number_of_rules_and_warnings() -> None:
    script = b"rules:\n  - reply: anything\n  - match: {user_text: never}\n    reply: reached\n"
    asked = post("/_emulator/script/check", None)
    (checked,) = play(emulator(), replace(asked, body=script, headers={"content-type": "application/yaml"}))

    assert json_of(checked) == {
        "object": "script.check", "rules": 2, "problems": [], "warnings": json_of(checked)["warnings"],
    }  # fmt: skip
