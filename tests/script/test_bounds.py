"""A script has bounds, which a refusal names; of many problems the first are told."""

import json
import re
import tracemalloc
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llemulator_addon.script import yaml_text
from llemulator_addon.script.json_text import signs_of
from llemulator_addon.script.json_value import MOST_VALUES
from llemulator_addon.script.reader import RULES_AT_MOST, read_script, read_text
from llemulator_addon.script.script_error import MOST_TOLD, ScriptError


def _refusal(text: str, language: Literal["json", "yaml"]) -> ScriptError:
    with pytest.raises(ScriptError) as caught:
        read_text(text, language)
    return caught.value


@pytest.mark.long
@pytest.mark.parametrize(
    ("text", "language", "says"),
    [
        (f"responses: [{'a,' * MOST_VALUES}a]", "yaml", f"it has more than {MOST_VALUES} values"),
        (f'{{"responses": [{"1," * MOST_VALUES}1]}}', "json", f"it has more than {MOST_VALUES} values"),
        (f"responses: {'a' * (4 << 20)}", "yaml", "not read: YAML of more than 4 MiB takes long; JSON may have more"),
        (f'{{"responses": "{"a" * (16 << 20)}"}}', "json", "not read: it has more than 16 MiB"),
        ("[" * 2_000_000, "yaml", "not YAML: exceeded maximum nesting depth in line 1, column 1001"),
        ("? " * 2_000_000, "yaml", "not YAML: it is nested more than 100 times in line 1, column 205"),
        (
            f"responses: [{'a,' * RULES_AT_MOST}a]",
            "yaml",
            f"rules: at most {RULES_AT_MOST} rules, got {RULES_AT_MOST + 1}",
        ),
    ],
    ids=["values of YAML", "values of JSON", "bytes of YAML", "bytes of JSON", "depth", "keys in keys", "rules"],
)
def test_a_bound_is_named(text: str, language: Literal["json", "yaml"], says: str) -> None:
    assert str(_refusal(text, language)) == says


@given(
    st.recursive(
        st.none() | st.text(alphabet='\\\\"[{,:a'), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_signs_are_the_same_however_much_is_looked_at_at_once(value: object) -> None:
    text = json.dumps(value).encode()

    assert {b"".join(signs_of(text, at_once=size)) for size in (1, 2, 7, 1 << 20)} == {
        re.sub(rb'[^",:\[{]', b"", re.sub(rb'"(?:[^"\\]|\\.)*"', b"", text))
    }


@pytest.mark.long
def test_too_many_values_are_refused_before_much_is_made_of_them() -> None:
    text = json.dumps({f"k{number}": 1 for number in range(2 * MOST_VALUES)}).encode()
    tracemalloc.start()
    try:
        with pytest.raises(ScriptError, match="values"):
            read_text(text, "json")
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert most < len(text) * 2


def test_signs_within_texts_count_for_no_values() -> None:
    text = r"\"[{,:" * MOST_VALUES

    with pytest.raises(ScriptError, match="pattern"):
        read_text(f'{{"responses": [{{"patern": "{text}"}}]}}', "json")


@pytest.mark.long
@pytest.mark.parametrize(
    "bad",
    [
        {f"k{number}": 1 for number in range(100_000)},
        {"rules": [{f"k{number}": 1 for number in range(100_000)}]},
        {"rules": [{"reply": {f"k{number}": 1 for number in range(100_000)}}]},
        {"rules": [{"rply": "x"}] * RULES_AT_MOST},
        {"responses": {str(number): {"rply": "x"} for number in range(RULES_AT_MOST)}},
        {"rules": [{"reply": "x", "faults": [1] * 100_000}]},
        {"responses": [{"response": 10**400}] * RULES_AT_MOST},
    ],
    ids=["keys", "keys of a rule", "keys of a reply", "rules", "responses", "faults", "numbers"],
)
def test_of_many_problems_the_first_are_told(bad: object) -> None:
    found = _refusal(json.dumps(bad), "json").problems

    assert len(found) == MOST_TOLD + 1
    assert str(found[-1]) == f"there is more; the first {MOST_TOLD} problems are listed"


@pytest.mark.long
def test_too_many_alternatives_are_one_problem() -> None:
    error = _refusal(json.dumps({"rules": [{"match": {"any_of": [1] * 100_000}, "reply": "x"}]}), "json")

    assert "rules[0].match.any_of: expected at most 1000 of them, got a list" in str(error)


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ('{"rules": [{"reply": "a", "reply": "b"}], "seed": 1, "seed": 2}', ["rules[0].reply", "seed"]),
        ('{"responses": {"a": "b", "a": "c"}}', ["responses.a"]),
        ('[{"response": {"json": {"x": [{"y": 1, "\\u0079": 1}]}}}]', ["[0].response.json.x[0].y"]),
    ],
)
def test_a_key_that_stands_twice_in_json_is_told_with_its_place(text: str, places: list[str]) -> None:
    found = _refusal(text, "json").problems

    assert [problem.place for problem in found] == places
    assert {problem.reason for problem in found} == {"the key stands twice in its object"}


def test_a_key_that_stands_twice_in_yaml_is_told_with_its_line() -> None:
    error = _refusal("responses:\n  a: b\n  a: c\n", "yaml")

    assert str(error) == 'not YAML: found duplicate key "a" in line 3, column 3'


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *((word, word) for word in ("yes", "no", "on", "off", "y", "n", "1:30", "=", "1,000", "0o8", "1e")),
        *(("true", True), ("False", False), ("~", None), ("", None), ("NULL", None)),
        *(("0o17", 15), ("017", 17), ("0x1F", 31), ("0b11", 3), ("1_000", 1000), ("-1", -1), ("+1", 1)),
        *(("1.5", 1.5), (".5", 0.5), ("1e3", 1000.0), ("1.", 1.0)),
        *(("'1'", "1"), ('"true"', "true"), ("!!str 1", "1"), ("!!int '1'", 1), ("!!float 1", 1.0)),
        *(
            ("&x 1", 1),
            ("|\n  a\n  b\n", "a\nb\n"),
            (">\n  a\n  b\n", "a b\n"),
            ("a # b", "a"),
            ("[1, [a],]", [1, ["a"]]),
        ),
    ],
)
def test_a_scalar_is_what_yaml_1_2_says(text: str, value: object) -> None:
    read = yaml_text.read(f"a: {text}")

    assert repr(read) == repr({"a": value})


def test_merged_keys_give_way_to_own_ones_and_the_first_object_goes_before_the_others() -> None:
    text = "a: &a {k: 1}\nb: &b {k: 2, l: 2, m: 2}\nc: {m: 3, <<: [*a, *b]}"

    assert yaml_text.read(text) == {"a": {"k": 1}, "b": {"k": 2, "l": 2, "m": 2}, "c": {"k": 1, "l": 2, "m": 3}}


@pytest.mark.parametrize(
    "text",
    [
        "!!python/object/apply:os.system [true]",
        "!!binary aGVsbG8=",
        "!!set {a, b}",
        "!!timestamp 2024-01-01",
        "!<tag:x> y",
        "!!int x",
        "!!map [a]",
        "!!seq {a: b}",
        "2024-01-01",
        "{[a]: b}",
        "*unknown",
    ],
)
def test_what_is_no_json_is_no_value(text: str) -> None:
    with pytest.raises(ScriptError):
        read_script(yaml_text.read(f"responses: {text}"))


@pytest.mark.long
def test_all_regular_expressions_of_a_script_have_a_bound_together() -> None:
    rules = [{"match": {"user_text": f"[^a]{{1000}}[^b]{{1000}}{number}"}, "reply": "Hello"} for number in range(70)]

    assert str(_refusal(json.dumps({"rules": rules}), "json")) == (
        "the regular expressions have more than 1000000 parts together, once counts as {1000} and classes as [^a] are "
        "written out. Make their counts smaller, or load fewer"
    )


@pytest.mark.long
def test_all_templates_of_a_script_have_a_bound_together() -> None:
    template = "{{ turn }}" * 3_000

    assert str(
        _refusal(json.dumps({"responses": [{"response": {"text": template, "template": True}}] * 9}), "json")
    ) == ("the templates have more than 262144 characters together. Load fewer, or make them shorter")
