from math import exp

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llemulator_addon.core.stamp import Stamp
from llemulator_addon.wire.json_bytes import make_lists
from llemulator_addon.wire.logprobs import legacy_logprobs_of, logprobs_of

STAMP = Stamp(1, 2)


@given(st.lists(st.text(min_size=1), max_size=4).map(tuple), st.integers(0, 20))
def test_each_token_has_its_bytes_and_as_many_alternatives_as_asked_for(pieces: tuple[str, ...], top: int) -> None:
    found = logprobs_of(pieces, top, STAMP)

    assert [entry["token"] for entry in found] == list(pieces)
    assert [len(entry["top_logprobs"]) for entry in found] == [top] * len(pieces)
    assert all(bytes(entry["bytes"]) == entry["token"].encode("utf-8", "replace") for entry in found)


@given(st.text(min_size=1), st.integers(1, 20))
def test_the_token_is_the_likeliest_and_the_chances_fall_and_stay_below_one(piece: str, top: int) -> None:
    (entry,) = logprobs_of((piece,), top, STAMP)

    chances = [exp(each["logprob"]) for each in entry["top_logprobs"]]
    assert entry["top_logprobs"][0]["token"] == piece
    assert chances == sorted(chances, reverse=True)
    assert sum(chances) <= 1 + 1e-9
    assert len({each["token"] for each in entry["top_logprobs"]}) == top


def test_the_old_form_has_lists_and_offsets() -> None:
    found = make_lists(legacy_logprobs_of(lambda: ("Hi", " there"), 2, 5, STAMP))

    assert (found["tokens"], found["text_offset"]) == (["Hi", " there"], [5, 7])
    assert [next(iter(each)) for each in found["top_logprobs"] or ()] == found["tokens"]


@pytest.mark.parametrize("pieces", [(), ("Hi",)])
def test_the_old_form_without_alternatives_has_none(pieces: tuple[str, ...]) -> None:
    found = make_lists(legacy_logprobs_of(lambda: pieces, 0, 0, STAMP))

    assert found["top_logprobs"] is None
    assert [len(found[name] or ()) for name in ("tokens", "token_logprobs", "text_offset")] == [len(pieces)] * 3
