"""OpenAI's cache of prompts, as far as its counts show it: which prefixes it has, and for how long. A value.

Prefixes are known by digests, each of all tokens before its end. Source: OpenAI's guide "Prompt caching".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

LEAST = 1_024
"""Tokens of a prefix that is cached."""
STEP = 128
"""Tokens by which a longer one is longer, for models without breakpoints."""
DIGEST = 8
"""Bytes."""

_MOST_PREFIXES = 64
_MOST_BYTES = 32 << 10
"""Of the digests of a session: half a million tokens."""
_BYTES_OF_A_PREFIX = 300
"""Of memory, in addition to its digests, as measured."""
_LATEST = 80
"""Breakpoints of a prompt that are looked for (OpenAI's description)."""


class Lifetime(NamedTuple):
    """How long a prefix is kept, in seconds."""

    idle: float
    """Since it was last used."""
    most: float
    """Since it was written."""


class PrefixEnd(NamedTuple):
    """A place in a prompt at which a prefix may end."""

    tokens: int
    digest: bytes
    is_marked: bool = False
    """Whether the request marks it as a breakpoint."""


class PromptPrefixes(NamedTuple):
    """The prefixes of one prompt."""

    steps: bytes
    """Digests of its first `LEAST` tokens, of `STEP` more, and so on."""
    ends: Sequence[PrefixEnd] = ()
    """The ends of its messages and its breakpoints."""


class CachedPrefix(NamedTuple):
    """A prefix that is cached, with the shorter ones in it."""

    tokens: int
    """Of the shortest."""
    digests: bytes
    written: float
    used: float
    idle: float
    most: float

    def lasts(self, at: float) -> bool:
        """Whether it is still there at a time."""
        return at - self.used <= self.idle and at - self.written <= self.most


class CacheUse(NamedTuple):
    """The effect of a request on the cache."""

    read: int
    """Tokens that were cached."""
    written: int
    """Tokens that are cached from now on, where writing counts."""
    after: "PromptCache"


@dataclass(frozen=True, slots=True)
class PromptCache:
    """The prefixes of one session; the last used first."""

    prefixes: tuple[CachedPrefix, ...] = ()

    @property
    def size(self) -> int:
        """Bytes of memory, about."""
        return sum(_BYTES_OF_A_PREFIX + len(each.digests) for each in self.prefixes)

    def use_steps(self, steps: bytes, lifetime: Lifetime, at: float) -> CacheUse:
        """Read the longest prefix that is there, in steps, and cache all of the prompt."""
        there = [each for each in self.prefixes if each.lasts(at)]
        found = max(there, key=lambda each: _count_common(each.digests, steps), default=None)
        common = 0 if found is None else _count_common(found.digests, steps)
        written = at
        if found is not None and common:
            there.remove(found)
            goes_on = common * DIGEST == len(found.digests)
            written = found.written if goes_on else at
            if common * DIGEST == len(steps):
                steps, written = found.digests, found.written
            elif not goes_on:
                there.insert(0, found._replace(used=at))
        new = CachedPrefix(LEAST, steps, written, at, *lifetime)
        read = LEAST + STEP * (common - 1) if common else 0
        return CacheUse(read, 0, _forget_oldest(new, *there))

    def use_ends(self, ends: Sequence[PrefixEnd], mode: str, lifetime: Lifetime, at: float) -> CacheUse:
        """Read the longest prefix that ends where one was cached, and cache those that the request marks.

        `mode` is `implicit`, which marks the end of the prompt as well, or `explicit`.
        """
        marked = [end for end in ends if end.is_marked]
        if mode == "explicit" and not marked:
            return CacheUse(0, 0, self)
        there = {each.digests: each for each in self.prefixes if each.lasts(at)}
        found = max((end.tokens for end in ends[-_LATEST:] if end.digest in there), default=0)
        writes = marked[-4:] if mode == "explicit" else [*marked[-3:], *ends[-1:]]
        used = [end for end in ends if end.tokens == found and end.digest in there]
        news = {end.digest: end for end in (*used, *writes) if end.tokens >= LEAST}
        written = max((end.tokens for end in news.values() if end.digest not in there), default=0)
        first = [
            CachedPrefix(
                end.tokens, end.digest, there[end.digest].written if end.digest in there else at, at, *lifetime
            )
            for end in news.values()
        ]
        others = [each for digest, each in there.items() if digest not in news]
        return CacheUse(found, max(0, written - found), _forget_oldest(*first, *others))


def _count_common(one: bytes, other: bytes) -> int:
    """Count the digests with which both begin: since each is of all before it, those up to the last equal one."""
    low, high = 0, min(len(one), len(other)) // DIGEST
    while low < high:
        middle = (low + high + 1) // 2
        place = slice((middle - 1) * DIGEST, middle * DIGEST)
        low, high = (middle, high) if one[place] == other[place] else (low, middle - 1)
    return low


def _forget_oldest(*prefixes: CachedPrefix) -> PromptCache:
    """Forget those that were not used for longest, where there are too many. The first stays."""
    kept, left = list[CachedPrefix](), _MOST_BYTES
    for each in islice(prefixes, _MOST_PREFIXES):
        left -= len(each.digests)
        if left < 0 and kept:
            break
        kept.append(each)
    return PromptCache(tuple(kept))
