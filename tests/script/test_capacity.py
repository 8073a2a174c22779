"""Figures and profiles of a capacity, in settings and on their page."""

from dataclasses import fields

import pytest

from llemulator_addon.core.capacity import PROFILES, Capacity
from llemulator_addon.script.capacity import read_capacity
from llemulator_addon.script.reader import read_script
from tests.project import tables


@pytest.mark.parametrize(
    ("text", "capacity"),
    [
        ("gpu", PROFILES["gpu"]),
        ("unlimited", Capacity()),
        (" max-num-seqs = 1 , tokens_per_second=0.5", Capacity(max_num_seqs=1, tokens_per_second=0.5)),
        ("edge,refuse_with=429,max_waiting=0", None),
    ],
)
def test_a_text_names_a_profile_and_figures_and_is_printed_as_one_that_reads_the_same(
    text: str, capacity: Capacity | None
) -> None:
    read = read_capacity(text)

    assert capacity is None or read == capacity
    assert read_capacity(str(read)) == read


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("huge", "profile: expected 'edge', 'gpu'"),
        ("gpu,max_num_seqs=many", "max_num_seqs: "),
        ("max_seqs=1", 'unknown key; did you mean "max_num_seqs"?'),
        ("refuse_with=500", "refuse_with: expected 429 or 503"),
        ("time_factor_under_load=2", "time_factor_under_load needs max_num_seqs"),
    ],
)
def test_a_text_that_is_no_capacity_says_why(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=r"\S") as refused:
        read_capacity(text)

    assert reason in str(refused.value)


def test_a_script_says_it_in_the_same_words() -> None:
    short = read_script({"defaults": {"capacity": "crowded"}})
    full = read_script({"defaults": {"capacity": {"profile": "crowded", "max_num_seqs": 2}}})

    assert short.defaults is not None
    assert full.defaults is not None
    assert short.defaults.capacity == PROFILES["crowded"]
    assert full.defaults.capacity == read_capacity("crowded,max_num_seqs=2")


def test_the_page_has_every_figure_and_every_profile_with_its_numbers() -> None:
    figures = [name for name, _ in tables.rows("figures of a capacity")]
    shown = {name: cells.split("|")[1:] for name, cells in tables.rows("profiles of capacity")}

    assert figures == [each.name for each in fields(Capacity)]
    assert set(shown) == set(PROFILES)
    for name, capacity in PROFILES.items():
        if capacity == Capacity():
            continue
        seqs, cache, times = shown[name]
        first = capacity.ttft_ms + 1_000 * capacity.prefill_ms_per_token
        assert int(seqs) == capacity.max_num_seqs
        assert int(cache.replace("tokens", "").replace(" ", "")) == capacity.kv_cache_tokens
        assert times.split()[:3] == [f"{first:g}", "ms,", f"{capacity.tokens_per_second:g}"]
