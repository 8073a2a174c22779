"""Rules that never answer, and curly quotes in patterns, are warned of."""

import pytest

from llemulator_addon.script.doubtful import find_doubtful
from llemulator_addon.script.reader import read_script, read_text
from llemulator_addon.script.script_error import ScriptError


@pytest.mark.parametrize(
    ("rules", "doubts"),
    [
        (
            [{"reply": "all"}, {"match": {"user_text": "hi"}, "reply": "hi"}],
            ['rule "rules[1]" never answers: "rules[0]" matches all of its requests and goes before it'],
        ),
        ([{"reply": "all"}, {"match": {"user_text": "hi"}, "reply": "hi", "priority": 1}], []),
        ([{"reply": "all", "times": 1}, {"match": {"user_text": "hi"}, "reply": "hi"}], []),
        ([{"reply": "all"}, {"match": {"path": "/v1/files"}, "reply": {"raw": {"body": "x"}}}], []),
        (
            [{"match": {"user_text": "say “hi”"}, "reply": "hi"}],
            ['rule "rules[0]" looks for curly quotes (“ ”); write straight ones (" or \') instead?'],
        ),
    ],
)
def test_what_is_most_likely_a_mistake_is_told(rules: list[dict[str, object]], doubts: list[str]) -> None:
    assert list(find_doubtful(read_script({"rules": rules}).rules)) == doubts


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("rules:\n\t- {reply: x}\n", "(YAML is indented with spaces, not with tabs) in line 2"),
        ('rules:\n  - {reply: "\\w"}\n', "put regular expressions in single quotes) in line 2"),
        ('rules:\n  - {reply: "x}\n  - {reply: y}\n', "a quote is not closed; it opens in line 2, column 13"),
    ],
)
def test_the_usual_mistakes_of_yaml_are_told_with_a_remedy(text: str, told: str) -> None:
    with pytest.raises(ScriptError) as caught:
        read_text(text, "yaml")

    assert told in str(caught.value)
