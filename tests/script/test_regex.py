"""What regular expressions may take."""

import random

import pytest

from llemulator_addon.script.reader import read_script
from llemulator_addon.script.regex import Compiled, RegexSet, compiled, found, size_of_regex
from llemulator_addon.script.script_error import ScriptError


def test_a_pattern_that_is_too_large_is_refused_with_its_place_and_what_to_do() -> None:
    with pytest.raises(ScriptError) as caught:
        read_script({"responses": {"(?i)\\p{L}{50}": "Hello"}})

    (problem,) = caught.value.problems
    assert problem.place == "responses['(?i)\\\\p{L}{50}'].pattern"
    assert "has 59854 parts" in problem.reason
    assert problem.reason.endswith("20000 are possible. Make its counts smaller")


def test_a_pattern_with_large_counts_is_taken() -> None:
    assert found("[^a]{1000}i", "b" * 1_000 + "i")


@pytest.mark.parametrize(("pattern", "room"), [("hello", 256 << 10), ("[^a]{1000}i", 1 << 20)])
def test_a_pattern_gets_no_more_room_than_it_needs(pattern: str, room: int) -> None:
    assert compiled(pattern).options.max_mem <= room


def test_a_text_for_which_an_automaton_remembers_too_much_is_searched_all_the_same() -> None:
    draws = random.Random(1)
    text = "".join(draws.choice("ab") for _ in range(20_000))
    patterns = tuple(f"a[ab]{{14}}{last}" for last in "cdefg")

    assert list(RegexSet(patterns).found(f"{text}a{'b' * 14}d")) == [1]


def test_above_the_bound_the_pattern_makes_room_that_was_not_used_for_longest() -> None:
    large, small, other = "[^a]{10}", "a", "b"
    compiled = Compiled(size_of_regex(large) + size_of_regex(small))
    for pattern in (small, large, small, other):
        compiled.get(pattern)

    assert compiled.size == size_of_regex(small) + size_of_regex(other)


def test_a_pattern_that_alone_is_too_large_is_compiled_and_not_kept() -> None:
    compiled = Compiled(10_000)
    large = compiled.get("[^a]{1000}i")

    assert (large.search("x" * 1_000 + "i") is not None, compiled.size) == (True, 0)


def test_a_pattern_of_many_repetitions_counts_for_what_it_takes() -> None:
    assert size_of_regex("[^a]{1000}i") > 50 * size_of_regex("[^a]i")
