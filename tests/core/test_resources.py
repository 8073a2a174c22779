"""What a token has stored, within a bound of memory."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llemulator_addon.core.resources import Kept, Resources, TooLarge
from llemulator_addon.core.sizes import size_of


def _kept(resource_id: str, length: int = 10_000) -> Kept:
    return Kept("response", resource_id, {"text": "x" * length})


_ONE = Resources().put(_kept("1")).size


def _names(resources: Resources) -> list[str]:
    return [name for name in "123456789" if resources.get("response", name) is not None]


def test_above_the_bound_the_oldest_make_room() -> None:
    resources = Resources(size_limit=3 * _ONE)
    for name in "12345":
        resources = resources.put(_kept(name))

    assert (_names(resources), resources.size) == (["3", "4", "5"], 3 * _ONE)


def test_a_large_one_takes_the_room_of_several() -> None:
    resources = Resources(size_limit=3 * _ONE).put(_kept("1"), _kept("2"), _kept("3"))

    assert _names(resources.put(_kept("4", 15_000))) == ["3", "4"]


def test_one_that_grows_stays_and_the_oldest_others_make_room() -> None:
    resources = Resources(size_limit=3 * _ONE).put(_kept("1"), _kept("2"), _kept("3"))

    assert _names(resources.put(_kept("1", 15_000))) == ["1", "3"]


def test_a_new_value_takes_the_place_of_the_old_ones_size() -> None:
    resources = Resources().put(_kept("1", 20_000)).put(_kept("1"))

    assert resources.size == _ONE


def test_what_is_put_together_stays_together() -> None:
    resources = Resources(size_limit=3 * _ONE).put(_kept("1"), _kept("2")).put(_kept("3"), _kept("4"), _kept("5"))

    assert _names(resources) == ["3", "4", "5"]


@pytest.mark.parametrize("new", [(_kept("2", 40_000),), tuple(_kept(name) for name in "2345"), (_kept("1", 40_000),)])
def test_what_alone_is_larger_than_the_bound_is_not_kept_and_nothing_makes_room_for_it(new: tuple[Kept, ...]) -> None:
    resources = Resources(size_limit=3 * _ONE).put(_kept("1"))

    with pytest.raises(TooLarge):
        resources.put(*new)
    assert _names(resources) == ["1"]


def test_what_is_removed_gives_back_what_it_took() -> None:
    resources = Resources().put(_kept("1"), _kept("2"))

    assert (resources.remove("response", "1").size, resources.remove("response", "9").size) == (_ONE, 2 * _ONE)


def test_a_text_that_stands_in_a_value_several_times_is_counted_once() -> None:
    text = "x" * 100_000

    assert size_of({"input": [text], "output": text, "more": (text, text)}) < 101_000


def test_a_value_is_not_looked_at_further_than_to_the_bound() -> None:
    assert 1_000 < size_of([["x"] * 1_000] * 1_000, at_most=1_000) < 20_000


_NAMES = st.sampled_from("123456789")
_CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.lists(st.tuples(_NAMES, st.integers(0, 30_000)), max_size=4)),
        st.tuples(st.just("remove"), _NAMES),
    ),
    max_size=40,
)


@given(_CHANGES)
def test_whatever_is_put_and_removed_the_size_is_that_of_what_is_kept_and_within_the_bound(
    changes: list[tuple[str, list[tuple[str, int]] | str]],
) -> None:
    resources = Resources(size_limit=4 * _ONE)
    for _, change in changes:
        if isinstance(change, str):
            resources = resources.remove("response", change)
            continue
        new = tuple(_kept(name, length) for name, length in change)
        try:
            resources = resources.put(*new)
        except TooLarge:
            continue
        assert {kept.id for kept in new} <= set(_names(resources))
        assert resources.size <= resources.size_limit

    alone = Resources(size_limit=1 << 30)
    for value, name in zip(resources.list_kind("response"), _names(resources), strict=True):
        alone = alone.put(_kept(name, 0)).put(Kept("response", name, resources.get("response", name) or value))
    assert resources.size == alone.size
