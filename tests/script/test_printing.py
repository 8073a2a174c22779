"""Any script that is printed reads as the same script."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from llemulator_addon.script.printing import print_rules, print_script
from llemulator_addon.script.reader import read_script, read_text
from llemulator_addon.script.yaml_text import read as read_yaml
from llemulator_addon.script.yaml_writing import write_yaml
from tests.fuzz.values import _FULL
from tests.playing import body_of, emulator, play, post, request
from tests.script.test_properties import _SCRIPTS

_ROOT = Path(__file__).parents[2]
_WHOLE = st.characters(exclude_categories=["Cs"])
_LINES = st.text(st.sampled_from("ab \n\t:#-'\"{},é世🌍\u0085\u2028\ufeff\x7f"), max_size=12)
_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(_WHOLE, max_size=12)
    | _LINES
    | st.sampled_from(("yes", "null", "1e3", "0x1", "2026-01-01", "~", "", " a", "a ", "- a", "a: b", "a #b")),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(_LINES | st.text(_WHOLE, max_size=9), inner, max_size=4)
    ),
    max_leaves=15,
)


@given(_VALUES)
@settings(max_examples=500, deadline=None)
def test_any_json_value_reads_the_same_from_its_yaml(value: object) -> None:
    assert read_yaml(write_yaml(value)) == value


@given(_SCRIPTS)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
def test_any_script_reads_the_same_when_it_is_printed(value: dict[str, object]) -> None:
    script = read_script(value)

    assert read_text(print_script(script), "yaml") == script


@given(
    st.text(max_size=9)
    | st.lists(
        st.text(max_size=9)
        | st.fixed_dictionaries(
            {"response": st.text(max_size=9)}, optional={"pattern": st.sampled_from(("a", "b")), "times": st.just(2)}
        )
        | st.fixed_dictionaries({"error": st.text(max_size=9)}, optional={"status": st.just(429)}),
        max_size=4,
    )
    | st.dictionaries(st.sampled_from(("a", "(?i)b: c", "d'")), st.text(max_size=9), max_size=3)
)
@settings(max_examples=150, deadline=None)
def test_any_short_form_reads_the_same_when_it_is_printed(responses: object) -> None:
    script = read_script({"responses": responses})

    assert read_text(print_script(script), "yaml") == script


def test_a_script_with_every_word_reads_the_same_when_it_is_printed() -> None:
    script = read_script(_FULL)

    assert read_text(print_script(script), "yaml") == script


@pytest.mark.parametrize("file", sorted((_ROOT / "scripts").glob("*.yaml")), ids=lambda file: file.name)
def test_the_shipped_scripts_read_the_same_when_they_are_printed(file: Path) -> None:
    script = read_text(file.read_text("utf-8"), "yaml")

    assert read_text(print_script(script), "yaml") == script


@pytest.mark.parametrize(
    ("script", "text"),
    [
        ({"responses": "Hello!"}, "responses: Hello!\n"),
        (
            {"responses": ["first", {"pattern": "help", "response": {"text": "Yes"}, "times": 2}]},
            'responses: [first, {pattern: help, response: "Yes", times: 2}]\n',
        ),
        ({"responses": [{"error": "Slow", "status": 429}]}, "responses: [{error: Slow, status: 429}]\n"),
        ({"responses": {"(?i)hi": "Hello"}}, 'responses: {"(?i)hi": Hello}\n'),
        (
            {"seed": 3, "rules": [{"match": {"turn": 1}, "reply": {"text": "a\nb"}}]},
            "seed: 3\nrules:\n  - match: {turn: 1}\n    reply: |-\n      a\n      b\n",
        ),
        (
            {"rules": [{"name": "w", "reply": {"reasoning": ["Hm."], "text": "Hi"}}]},
            "rules: [{name: w, reply: {reasoning: Hm., text: Hi}}]\n",
        ),
    ],
    ids=str,
)
def test_a_script_is_printed_in_its_shortest_form(script: dict[str, Any], text: str) -> None:
    printed = print_script(read_script(script))

    assert printed == text
    assert read_text(printed, "yaml") == read_script(script)


def test_rules_are_printed_without_the_script_that_they_were_part_of() -> None:
    first, second = read_script({"responses": ["a", "b"]}).rules

    assert [rule.replies for rule in read_text(print_rules([second]), "yaml").rules] == [second.replies]
    assert first.name == "responses[0]"


def test_the_rules_of_a_session_are_shown_as_a_script_that_loads_again() -> None:
    server = emulator()
    script = {"rules": [{"name": "a", "match": {"user_text": "x"}, "reply": "y", "times": 2}]}
    _, shown = play(
        server,
        post("/_emulator/script", script),
        request("GET", "/_emulator/script", headers={"accept": "application/yaml"}),
    )

    assert read_text(body_of(shown), "yaml").rules == read_script(script).rules
