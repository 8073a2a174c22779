"""A script with something wrong in it is refused whole, with the place, what was expected and the nearest key."""

from typing import Literal

import pytest

from llemulator_addon.script.reader import read_script, read_text
from llemulator_addon.script.script_error import ScriptError

_RULE = {"reply": {"text": "a"}}


@pytest.mark.parametrize(
    ("script", "problems"),
    [
        (5, ["a script is an object, got the number 5"]),
        (None, ["a script is an object, got null"]),
        ({"respones": "a"}, ['respones: unknown key; did you mean "responses"?']),
        ({"Rules": []}, ['Rules: unknown key; did you mean "rules"?']),
        ({"responses": 5}, ["responses: expected text, a list or an object, got the number 5"]),
        ({"responses": None}, ["responses: expected text, a list or an object, got null"]),
        ({"responses": [5]}, ["responses[0]: expected text or an object, got the number 5"]),
        ({"responses": [{}]}, ['responses[0]: a rule has one of "response", "error" and "reply", got none']),
        (
            {"responses": ["a", "b", {"patern": "x", "response": "a"}]},
            ['responses[2].patern: unknown key; did you mean "pattern"?'],
        ),
        (
            {"responses": [{"pattern": "(", "response": "a"}]},
            [
                (
                    'responses[0].pattern: "(" is no regular expression of RE2: missing ): ( '
                    "(https://github.com/google/re2/wiki/Syntax)"
                )
            ],
        ),
        (
            {"responses": {"(": "a"}},
            [
                (
                    "responses['('].pattern: \"(\" is no regular expression of RE2: missing ): ( "
                    "(https://github.com/google/re2/wiki/Syntax)"
                )
            ],
        ),
        (
            {"responses": [{"pattern": "x", "match": "y", "response": "a"}]},
            ['responses[0].pattern: "pattern" and "match" exclude each other'],
        ),
        (
            {"responses": [{"response": "a", "error": "b"}]},
            ['responses[0]: a rule has one of "response", "error" and "reply", got response and error'],
        ),
        ({"responses": [{"response": "a", "status": 500}]}, ['responses[0].status: "status" goes with "error"']),
        (
            {"responses": [{"error": "a", "status": 200}]},
            ["responses[0].status: expected at least 400, got the number 200"],
        ),
        ({"responses": [{"response": "a", "times": 0}]}, ["responses[0].times: expected at least 1, got the number 0"]),
        ({"responses": [{"response": "a", "times": "2"}]}, ['responses[0].times: expected a whole number, got "2"']),
        (
            {"responses": {"response": "a"}},
            ["responses: an object's keys are patterns; write a single rule in a list: [{…}]"],
        ),
        ({"rules": [{"match": {}}]}, ["rules[0].reply: missing"]),
        ({"rules": [{**_RULE, "matsch": {}}]}, ['rules[0].matsch: unknown key; did you mean "match"?']),
        (
            {"rules": [{**_RULE, "match": {"usertext": "x"}}]},
            ['rules[0].match.usertext: unknown key; did you mean "user_text"?'],
        ),
        ({"rules": [{"reply": {"txt": "a"}}]}, ['rules[0].reply.txt: unknown key; did you mean "text"?']),
        (
            {"rules": [{**_RULE, "stream": {"cut_after": {"chunks": 1}}}]},
            ['rules[0].stream.cut_after: unknown key here; "cut_after" belongs in "faults"'],
        ),
        (
            {"rules": [{**_RULE, "pattern": "x"}]},
            [
                (
                    'rules[0].pattern: unknown key here; "pattern" belongs in "match.user_text" '
                    '("pattern" is for the short forms in "responses")'
                )
            ],
        ),
        (
            {"rules": [{**_RULE, "match": {"pattern": "x"}}]},
            [
                (
                    'rules[0].match.pattern: unknown key here; "pattern" belongs in "user_text" '
                    '("pattern" is for the short forms in "responses")'
                )
            ],
        ),
        (
            {"rules": [{"response": "x"}]},
            [
                (
                    'rules[0].response: unknown key here; "response" belongs in "reply" '
                    '("response" is for the short forms in "responses")'
                ),
            ],
        ),
        (
            {"rules": [{"reply": {"text": "a", "times": 2}}]},
            ['rules[0].reply.times: unknown key here; "times" belongs in the rule itself'],
        ),
        (
            {"responses": [{"response": "a", "user_text": "x"}]},
            ['responses[0].user_text: unknown key here; "user_text" belongs in "match"'],
        ),
        ({"on_unmatched": "echo"}, ['on_unmatched: unknown key here; "on_unmatched" belongs in "defaults"']),
        (
            {"defaults": {"ttft_ms": 300}},
            ['defaults.ttft_ms: unknown key here; "ttft_ms" belongs in "stream"'],
        ),
        ({"rules": [{"reply": {"text": 5}}]}, ["rules[0].reply.text: expected text, got the number 5"]),
        (
            {"rules": [{"reply": [{"text": "a"}, {"txt": "a"}]}]},
            ['rules[0].reply[1].txt: unknown key; did you mean "text"?'],
        ),
        ({"rules": [{"reply": []}]}, ["rules[0].reply: expected at least 1 of them, got a list"]),
        (
            {"rules": [{"reply": {"text": "a", "json": {}}}]},
            ['rules[0].reply: "text" and "json" exclude each other'],
        ),
        (
            {"rules": [{"reply": {"text": "a", "failure": {}}}]},
            ['rules[0].reply: "failure" and "text" exclude each other'],
        ),
        (
            {"rules": [{"reply": {"tool_calls": [{"nam": "f"}]}}]},
            [
                "rules[0].reply.tool_calls[0].name: missing",
                'rules[0].reply.tool_calls[0].nam: unknown key; did you mean "name"?',
            ],
        ),
        ({"models": []}, ["models: expected at least 1 of them, got a list"]),
        ({"models": "gpt-4o"}, ['models: expected a list, got "gpt-4o"']),
        ({"seed": "x"}, ['seed: expected a whole number, got "x"']),
        ({"reset": 1}, ["reset: expected true or false, got the number 1"]),
        (
            {"rules": [{**_RULE, "stream": {"chunk_by": 0}}]},
            [
                "rules[0].stream.chunk_by: expected 'token', 'word' or 'character', got the number 0",
                "rules[0].stream.chunk_by: expected at least 1, got the number 0",
            ],
        ),
        (
            {"rules": [{**_RULE, "stream": {"tokens_per_second": 0}}]},
            ["rules[0].stream.tokens_per_second: expected more than 0, got the number 0"],
        ),
        (
            {"responses": [{"patern": "x", "response": "a"}, 5], "sede": 1, "rules": [{"reply": {"txt": "a"}}]},
            [
                'sede: unknown key; did you mean "seed"?',
                'rules[0].reply.txt: unknown key; did you mean "text"?',
                'responses[0].patern: unknown key; did you mean "pattern"?',
                "responses[1]: expected text or an object, got the number 5",
            ],
        ),
    ],
)
def test_a_problem_is_named_with_its_place_and_its_remedy(script: object, problems: list[str]) -> None:
    with pytest.raises(ScriptError) as caught:
        read_script(script)

    assert sorted(map(str, caught.value.problems)) == sorted(problems)


@pytest.mark.parametrize(
    ("text", "language", "begins"),
    [
        ("{", "json", "not JSON: EOF while parsing"),
        ("", "json", "not JSON: EOF while parsing"),
        ('{"a": NaN}', "json", "not JSON: "),
        ("a: [", "yaml", "not YAML: "),
        ("a: b: c", "yaml", "not YAML: mapping values are not allowed in this context in line 1, column 5"),
        ("responses: {a: x, a: y}", "yaml", "not YAML: "),
        ("", "yaml", "a script is an object, got null"),
        ("responses: !!python/name:os.system x", "yaml", "not YAML: "),
    ],
)
def test_text_that_cannot_be_read_is_refused(text: str, language: Literal["json", "yaml"], begins: str) -> None:
    with pytest.raises(ScriptError) as caught:
        read_text(text, language)

    assert str(caught.value).startswith(begins)


def test_a_list_of_known_keys_names_each_once() -> None:
    with pytest.raises(ScriptError) as caught:
        read_script({"rules": [{"reply": {"qqqqq": 1}}]})

    known = str(caught.value).partition("known are ")[2].split(", ")
    assert "text" in known
    assert len(known) == len(set(known))
