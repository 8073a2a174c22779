"""Ids, time and chance come from the seed and the turn alone."""

from hypothesis import given
from hypothesis import strategies as st

from llemulator_addon.core.stamp import Stamp

_STAMPS = st.builds(Stamp, st.integers(0, 1 << 62), st.integers(0, 1 << 30))


def test_a_stamp_is_the_same_on_every_machine() -> None:
    stamp = Stamp(seed=42, turn=7)

    assert (stamp.created, stamp.hex("a", 8), stamp.base62("a", 8)) == (1_760_000_007, "b61deefe", "wTq60hmR")


@given(_STAMPS, st.text(), st.integers(0, 100))
def test_draws_have_the_length_that_was_asked_for(stamp: Stamp, label: str, digits: int) -> None:
    assert len(stamp.hex(label, digits)) == digits
    assert len(stamp.base62(label, digits)) == digits
    assert stamp.base62(label, digits).isalnum() is (digits > 0)
    assert 0 <= stamp.fraction(label) < 1


def test_another_label_turn_or_seed_draws_another_number() -> None:
    stamps = [Stamp(seed, turn) for seed in range(20) for turn in range(20)]
    drawn = {stamp.fraction(label) for stamp in stamps for label in ("a", "b")}

    assert len(drawn) == 800
