"""The only source of ids, time and chance below the adapters: the same seed and turn give the same bytes."""

import string
from dataclasses import dataclass
from hashlib import shake_256

_BASE62 = (string.digits + string.ascii_uppercase + string.ascii_lowercase).encode()
_TO_BASE62 = bytes(_BASE62[byte % 62] for byte in range(256))
_EPOCH = 1_760_000_000


@dataclass(frozen=True, slots=True)
class Stamp:
    """Ids, time and chance of one answer. Every draw has a label; the same label draws the same again."""

    seed: int
    turn: int
    """How many requests the session had answered before this one."""

    @property
    def created(self) -> int:
        """Seconds since the epoch. Not the clock's: a second for each turn, from a fixed start."""
        return _EPOCH + self.turn

    @property
    def lasting(self) -> "Stamp":
        """For what is the same in all answers of a session."""
        return Stamp(self.seed, 0)

    def hex(self, label: str, digits: int) -> str:
        """Return `digits` hexadecimal digits."""
        return self._bytes(label, (digits + 1) // 2).hex()[:digits]

    def base62(self, label: str, digits: int) -> str:
        """Return `digits` letters and digits, as the ids of chat completions and tool calls have them."""
        return self._bytes(label, digits).translate(_TO_BASE62).decode("ascii")

    def fraction(self, label: str) -> float:
        """Return a number from 0 up to, not including, 1."""
        return int.from_bytes(self._bytes(label, 7)) / (1 << 56)

    def _bytes(self, label: str, count: int) -> bytes:
        # Half of a surrogate pair can stand in a JSON string, and so in a label.
        return shake_256(f"{self.seed}/{self.turn}/{label}".encode("utf-8", "surrogatepass")).digest(count)
