"""A simulated answer says what the tools returned, in words."""

import pytest

from llemulator_addon.core.chance import Chance
from llemulator_addon.simulate.tool_result_text import text_of_results


def _said(*results: tuple[str, str]) -> str:
    return text_of_results(results, Chance("results"))


@pytest.mark.parametrize(
    ("result", "words"),
    [
        ("", "The call of get weather was successful and returned nothing further."),
        ("null", "The call of get weather was successful and returned nothing further."),
        ("{}", "Get weather returned an empty result."),
        ("[]", "Get weather returned an empty result."),
        ('{"error": "no such city."}', "Unfortunately, get weather reported a problem: no such city."),
        ('{"error": null, "city": "Oslo"}', "error is not known and city is Oslo."),
        ('{"temperature": 21.5}', " temperature is 21.5."),
        ('{"wind": {"speed": 3, "gusts": true}, "tags": []}', "wind speed is 3, wind gusts is yes and tags is empty."),
        ('["a"]', "Get weather returned 1 result: a."),
        ('[{"n": 1}, [2, false]]', "Get weather returned 2 results: n is 1; 2, no."),
        ("It rains!", " It rains!"),
        ("It rains", " It rains."),
        ("x" * 601, "x" * 600 + "…"),
        ("42", "The result of get weather is 42."),
    ],
)
def test_a_result_of_any_kind_is_told(result: str, words: str) -> None:
    assert words in _said(("get_weather", result))


def test_several_results_are_a_list() -> None:
    lines = _said(("a", "1"), ("", "2")).splitlines()

    assert lines[1:3] == ["- The result of a is 1.", "- The result of the tool is 2."]


def test_of_many_members_the_first_are_told() -> None:
    said = _said(("f", "[" + ",".join(map(str, range(9))) + "]"))

    assert "F returned 9 results: 0; 1; 2; 3; 4; 5." in said
