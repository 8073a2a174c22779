"""The first difference between a JSON value and the part of it that a script names."""

import pytest

from llemulator_addon.script.paths import PathStep, parse
from llemulator_addon.script.subset import first_difference


@pytest.mark.parametrize(
    ("value", "wanted", "difference"),
    [
        ({"a": 1, "b": [1, {"c": 2, "d": 3}]}, {"b": [1, {"c": 2}]}, None),
        ({"a": 1}, {"a": 2}, "$.a is the number 2, the request has the number 1"),
        ({"a": 1}, {"b": "x"}, '$.b is "x", the request has none'),
        ([], {"a": 1}, "$ is an object, the request has a list"),
        ({"a": {"b": 1}}, {"a": {"b": [1]}}, "$.a.b is a list, the request has the number 1"),
        ({"a": [1, 2]}, {"a": [1]}, "$.a has 1 elements, the request's has 2"),
        ({"a": [1, 2]}, {"a": [1, 3]}, "$.a[1] is the number 3, the request has the number 2"),
    ],
)
def test_the_first_difference_is_named_with_its_place(value: object, wanted: object, difference: str | None) -> None:
    assert first_difference(value, wanted, "$") == difference


def test_a_path_is_read_in_steps() -> None:
    assert parse("$.a['b c'][0][-1][*].*..d..[\"e\"]") == (
        *(PathStep("a", False), PathStep("b c", False), PathStep(0, False), PathStep(-1, False), PathStep(None, False)),  # noqa: FBT003
        *(PathStep(None, False), PathStep("d", True), PathStep("e", True)),  # noqa: FBT003
    )


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("a", '"a" is no path: it begins with $, as $.tools[0].type'),
        ("$a", 'is no path that is understood from "a" on'),
        ("$.", 'is no path that is understood from "." on'),
        ("$['a", 'is no path that is understood from "[\'a" on'),
        ("$[x]", 'is no path that is understood from "[x]" on'),
        ("$[1", 'is no path that is understood from "[1" on'),
        ("$[--1]", 'is no path that is understood from "[--1]" on'),
        ("$[12345678901]", 'is no path that is understood from "[12345678901]" on'),
        ("$" + ".a" * 65, "has 65 steps; 64 are possible"),
        ("$." + "a" * 1000, "a path of 1002 characters is too long; 1000 are possible"),
    ],
)
def test_a_path_that_cannot_be_read_says_from_where_on(path: str, problem: str) -> None:
    with pytest.raises(ValueError, match=r"path|steps") as refused:
        parse(path)

    assert problem in str(refused.value)
