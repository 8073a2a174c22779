"""The cache of prompts as a value: what a request reads, and what is there for the next one."""

from hashlib import blake2b

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llemulator_addon.core.prompt_cache import DIGEST, LEAST, STEP, CachedPrefix, Lifetime, PrefixEnd, PromptCache
from llemulator_addon.store.written_values import read_value, write_value

_LIFETIME = Lifetime(600, 3600)
_BLOCKS = st.text("ab", max_size=12)
"""A prompt of so many prefixes, each of which differs by its letters."""


def _steps(blocks: str) -> bytes:
    return b"".join(_digest(blocks[: number + 1]) for number in range(len(blocks)))


def _digest(text: str) -> bytes:
    return blake2b(text.encode(), digest_size=DIGEST).digest()


def _common(one: str, other: str) -> int:
    return next(
        (at for at, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), min(len(one), len(other))
    )


@given(st.lists(_BLOCKS, max_size=20))
def test_a_request_reads_the_longest_beginning_that_it_has_in_common_with_any_before(prompts: list[str]) -> None:
    cache = PromptCache()
    for number, prompt in enumerate(prompts):
        common = max((_common(prompt, before) for before in prompts[:number]), default=0)

        use = cache.use_steps(_steps(prompt), _LIFETIME, float(number))

        assert use.read == (LEAST + STEP * (common - 1) if common else 0)
        cache = use.after


@given(st.lists(st.tuples(_BLOCKS, st.integers(0, 900)), max_size=20))
def test_nothing_is_read_that_no_request_used_for_longer_than_it_is_kept(asked: list[tuple[str, int]]) -> None:
    cache, now, used = PromptCache(), 0.0, list[tuple[str, float]]()
    for prompt, later in asked:
        now += later
        use = cache.use_steps(_steps(prompt), _LIFETIME, now)

        assert not use.read or any(_common(prompt, each) and now - at <= _LIFETIME.idle for each, at in used)
        cache = use.after
        used.append((prompt, now))


@pytest.mark.parametrize(
    ("at", "read"),
    [([0, 600], True), ([0, 601], False), ([0, 500, 1000, 1500], True), ([*range(0, 4_300, 600)], False)],
)
def test_a_prefix_lasts_while_it_is_used_and_an_hour_at_most(at: list[int], read: bool) -> None:  # noqa: FBT001
    cache = PromptCache()
    for each in at[:-1]:
        cache = cache.use_steps(_steps("aaa"), _LIFETIME, float(each)).after

    assert cache.use_steps(_steps("aaa"), _LIFETIME, float(at[-1])).read == (LEAST + 2 * STEP if read else 0)


def test_a_conversation_that_grows_is_kept_once() -> None:
    cache = PromptCache()
    for length in range(1, 50):
        cache = cache.use_steps(_steps("a" * length), _LIFETIME, 0.0).after

    assert [len(each.digests) for each in cache.prefixes] == [49 * DIGEST]


def test_the_cache_of_a_session_is_bounded_and_forgets_what_was_not_used_for_longest() -> None:
    cache = PromptCache()
    for number in range(100):
        cache = cache.use_steps(_steps(f"{number:04}" + "a" * 100), _LIFETIME, 0.0).after

    assert len(cache.prefixes) <= 64
    assert cache.size <= 64 * 300 + (32 << 10)
    assert cache.use_steps(_steps("0099" + "a" * 100), _LIFETIME, 0.0).read
    assert cache.use_steps(bytes(5_000 * DIGEST), _LIFETIME, 0.0).after.size > 5_000 * DIGEST


def _ends(*places: tuple[int, str, bool]) -> list[PrefixEnd]:
    return [PrefixEnd(tokens, _digest(text), marked) for tokens, text, marked in places]


def test_with_breakpoints_only_a_prefix_that_was_written_is_read_and_what_is_new_is_written() -> None:
    first = PromptCache().use_ends(_ends((1_500, "s", False), (1_600, "s1", False)), "implicit", _LIFETIME, 0.0)
    other = first.after.use_ends(_ends((1_500, "s", False), (1_700, "s2", False)), "implicit", _LIFETIME, 0.0)
    longer = other.after.use_ends(
        _ends((1_500, "s", False), (1_600, "s1", False), (2_000, "s1x", False)), "implicit", _LIFETIME, 0.0
    )

    assert [(use.read, use.written) for use in (first, other, longer)] == [(0, 1_600), (0, 1_700), (1_600, 400)]


def test_a_marked_prefix_is_shared_by_prompts_that_differ_behind_it() -> None:
    first = PromptCache().use_ends(_ends((1_500, "s", True), (1_600, "s1", False)), "implicit", _LIFETIME, 0.0)
    other = first.after.use_ends(_ends((1_500, "s", True), (1_700, "s2", False)), "implicit", _LIFETIME, 0.0)
    explicit = first.after.use_ends(_ends((1_500, "s", True), (1_700, "s2", False)), "explicit", _LIFETIME, 0.0)

    assert [(use.read, use.written) for use in (first, other, explicit)] == [(0, 1_600), (1_500, 200), (1_500, 0)]


def test_explicit_caching_without_a_mark_neither_reads_nor_writes() -> None:
    first = PromptCache().use_ends(_ends((1_500, "s", True)), "explicit", _LIFETIME, 0.0)
    use = first.after.use_ends(_ends((1_500, "s", False)), "explicit", _LIFETIME, 0.0)

    assert (use.read, use.written, use.after) == (0, 0, first.after)


def test_at_most_the_latest_four_breakpoints_are_written() -> None:
    marked = _ends(*((1_024 + number, str(number), True) for number in range(6)))
    end = _ends((2_000, "end", False))

    implicit = PromptCache().use_ends([*marked, *end], "implicit", _LIFETIME, 0.0).after
    explicit = PromptCache().use_ends([*marked, *end], "explicit", _LIFETIME, 0.0).after

    assert sorted(each.tokens for each in implicit.prefixes) == [1_027, 1_028, 1_029, 2_000]
    assert sorted(each.tokens for each in explicit.prefixes) == [1_026, 1_027, 1_028, 1_029]


def test_a_breakpoint_below_the_least_length_is_not_written() -> None:
    use = PromptCache().use_ends(_ends((1_023, "a", True), (1_500, "b", False)), "implicit", _LIFETIME, 0.0)

    assert [each.tokens for each in use.after.prefixes] == [1_500]


def test_a_store_writes_it_and_reads_the_same() -> None:
    cache = PromptCache((CachedPrefix(LEAST, b"\x00" * DIGEST, 1.0, 2.0, 3.0, 4.0),))

    assert read_value(write_value(cache)) == cache
