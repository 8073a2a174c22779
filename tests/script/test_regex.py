"""What regular expressions may take."""

import random

import pytest

from llemulator_addon.core.work import NotAtOnce, working_at_most
from llemulator_addon.script.reader import read_script
from llemulator_addon.script.regex import Compiled, compile_pattern, matches, size_of_regex, size_when_used
from llemulator_addon.script.regex_set import BUILT, Built, RegexSet
from llemulator_addon.script.script_error import ScriptError
from llemulator_addon.script.searching import searching
from tests.playing import chat, emulator, json_of, play, post


def test_a_pattern_that_is_too_large_is_refused_with_its_place_and_what_to_do() -> None:
    with pytest.raises(ScriptError) as caught:
        read_script({"responses": {"(?i)\\p{L}{50}": "Hello"}})

    (problem,) = caught.value.problems
    assert problem.place == "responses['(?i)\\\\p{L}{50}'].pattern"
    assert "has 59854 parts" in problem.reason
    assert problem.reason.endswith("20000 are possible. Make its counts smaller")


def test_a_pattern_with_large_counts_is_taken() -> None:
    assert matches("[^a]{1000}i", "b" * 1_000 + "i")


@pytest.mark.parametrize(("pattern", "room"), [("hello", 256 << 10), ("[^a]{1000}i", 1 << 20)])
def test_a_pattern_gets_no_more_room_than_it_needs(pattern: str, room: int) -> None:
    assert compile_pattern(pattern).options.max_mem <= room


def test_a_text_for_which_an_automaton_remembers_too_much_is_searched_all_the_same() -> None:
    draws = random.Random(1)
    text = "".join(draws.choice("ab") for _ in range(20_000))
    patterns = tuple(f"a[ab]{{14}}{last}" for last in "cdefg")

    assert list(RegexSet(patterns).find_candidates(f"{text}a{'b' * 14}d")) == [1]


def test_above_the_bound_the_pattern_makes_room_that_was_not_used_for_longest() -> None:
    large, small, other = "[^a]{10}", "a", "b"
    compiled = Compiled(size_when_used(large) + size_when_used(small))
    for pattern in (small, large, small, other):
        compiled.get(pattern)

    assert compiled.size == size_when_used(small) + size_when_used(other)


def test_a_pattern_that_alone_is_too_large_is_compiled_and_not_kept() -> None:
    compiled = Compiled(10_000)
    large = compiled.get("[^a]{1000}i")

    assert (large.search("x" * 1_000 + "i") is not None, compiled.size) == (True, 0)


def test_a_pattern_of_many_repetitions_counts_for_what_it_takes() -> None:
    assert size_of_regex("[^a]{1000}i") > 50 * size_of_regex("[^a]i")


_LARGE = "[^a]{1000}i"
_LONG = "Hello " * 20_000


def test_a_large_pattern_is_not_looked_for_in_a_text_that_is_too_long_for_it_and_the_answer_says_so() -> None:
    _, answer = play(emulator(), post("/_emulator/script", {"responses": {_LARGE: "found"}}), chat(_LONG))

    message = json_of(answer)["error"]["message"]
    assert "takes longer than one request may. Make their counts smaller" in message


@pytest.mark.long
def test_a_large_pattern_that_cannot_be_looked_for_is_no_expectation_that_is_met() -> None:
    wanted = {"expectations": [{"match": _LARGE, "count": 0}] * 90}
    *_, answer = play(emulator(), chat(_LONG), post("/_emulator/verify", wanted))

    error = json_of(answer)["error"]
    assert (error["code"], error["message"].startswith("to search for regular expressions this large")) == (
        "invalid_expectation",
        True,
    )


@pytest.mark.parametrize("patterns", [(_LARGE, "[^b]{1000}i"), tuple(f"a[ab]{{14}}{number}c" for number in range(500))])
def test_what_takes_long_to_search_is_not_done_at_once(patterns: tuple[str, ...]) -> None:
    regexes, text = RegexSet(patterns), _LONG[:10_000]

    def search() -> list[bool]:
        return [matches(patterns[position], text) for position in regexes.find_candidates(text)]

    with working_at_most(10_000), searching(), pytest.raises(NotAtOnce):
        search()


def test_patterns_in_several_parts_and_large_ones_are_found_as_in_one() -> None:
    patterns = (*(f"a{{500}}{number}b" for number in range(100)), _LARGE, "Hello")
    regexes = RegexSet(patterns)

    assert sorted(regexes.find_candidates("a" * 500 + "70b Hello")) == [70, 100, 101]
    assert regexes.not_certain == {100}


def test_what_finds_patterns_makes_room_for_others_and_is_built_again_when_it_is_used() -> None:
    built, first, second = Built(1), RegexSet(("a+",)), RegexSet(("b+",))
    of_first = built.build(first)
    built.build(second)

    assert built.size == built.build(second)[0].room
    assert built.build(first)[0].positions == of_first[0].positions
    assert built.build(first) is not of_first


def test_what_finds_patterns_goes_with_the_session_that_has_them() -> None:
    before = BUILT.size
    regexes = RegexSet(("a+",))
    during = BUILT.size
    del regexes

    assert (during > before, BUILT.size) == (True, before)
