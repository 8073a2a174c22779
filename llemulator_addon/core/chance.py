"""As many draws as a generated answer needs, all from one label of a stamp."""

from collections.abc import Sequence
from hashlib import shake_256

from llemulator_addon.core.prompt import Prompt
from llemulator_addon.core.stamp import Stamp

_BLOCK = 1024
_DRAW = 4


class Chance:
    """A stream of draws: the same label of the same stamp gives the same ones in the same order.

    An object that acts, because a text takes hundreds of draws one after the other; it lives for one answer.
    """

    def __init__(self, label: str) -> None:
        self._label = label
        self._blocks = 0
        self._bytes = b""
        self._at = 0

    def fraction(self) -> float:
        """Return a number from 0 up to, not including, 1."""
        return self._next() / (1 << (8 * _DRAW))

    def below(self, limit: int) -> int:
        """Return a whole number from 0 up to, not including, the limit, which may be of any size."""
        if limit <= 1:
            return 0
        words = limit.bit_length() // (8 * _DRAW) + 2
        drawn = 0
        for _ in range(words):
            drawn = drawn << (8 * _DRAW) | self._next()
        return drawn % limit

    def integer(self, low: int, high: int) -> int:
        """Return a whole number from low to high, both included."""
        return low + self.below(high - low + 1)

    def holds(self, probability: float) -> bool:
        """Whether something of this probability happens."""
        return self.fraction() < probability

    def one[T](self, of: Sequence[T]) -> T:
        """Return one of the values, which must not be empty."""
        return of[self.below(len(of))]

    def some[T](self, of: Sequence[T], count: int) -> list[T]:
        """Return `count` different ones, or all of them if there are fewer."""
        left = list(of)
        return [left.pop(self.below(len(left))) for _ in range(min(count, len(left)))]

    def digits(self, count: int) -> str:
        """Return `count` decimal digits."""
        return "".join(str(self.below(10)) for _ in range(count))

    def _next(self) -> int:
        if self._at + _DRAW > len(self._bytes):
            self._bytes = shake_256(f"{self._label}/{self._blocks}".encode()).digest(_BLOCK)
            self._blocks += 1
            self._at = 0
        drawn = int.from_bytes(self._bytes[self._at : self._at + _DRAW])
        self._at += _DRAW
        return drawn


def chance_for(prompt: Prompt, stamp: Stamp, choice: int = 0) -> Chance:
    """Return the draws for one choice of an answer: from the request's own `seed` where it has one.

    https://platform.openai.com/docs/api-reference/chat/create: repeated requests with the same seed and parameters
    should return the same result. So the turn has no say then.
    """
    seed = prompt.body.get("seed")
    if isinstance(seed, int) and not isinstance(seed, bool):
        return Chance(f"request/{seed}/{choice}")
    return Chance(f"session/{stamp.seed}/{stamp.turn}/{choice}")
