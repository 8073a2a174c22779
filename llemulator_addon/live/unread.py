"""The memory of answers that are made and that their clients have not taken yet."""

from llemulator_addon.core.outcome import Play
from llemulator_addon.core.request import Request
from llemulator_addon.core.session_key import ExchangeId
from llemulator_addon.core.steps import Send

SMALL = 64 << 10
"""Bytes of an answer that is not counted: as much waits for each connection anyway."""
_MADE_WHILE_SENT = 96 << 10
"""Bytes of an answer that is made while it is sent, as measured: a portion, and the code that makes the next."""
_TIMES_A_BODY = 3
"""How often such an answer holds the request: as bytes, parsed, and written again."""
_BYTES_OF_A_STEP = 130


class Unread:
    """A bounded number of bytes. Not a value: it belongs to the event loop; any thread may call only `fits`."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.taken = 0
        self._held: dict[ExchangeId, int] = {}

    def fits(self, size: int) -> bool:
        """Whether there is room for an answer of this size. There always is for a small one, and for one alone."""
        return size <= SMALL or not self.taken or self.taken + size <= self.limit

    def hold(self, exchange: ExchangeId, size: int) -> None:
        """Count an answer until `let_go` is called for its exchange."""
        self.let_go(exchange)
        self._held[exchange] = size
        self.taken += size

    def let_go(self, exchange: ExchangeId) -> None:
        """Count an answer no longer. May be called again."""
        self.taken -= self._held.pop(exchange, 0)


def size_unread(play: Play, request: Request) -> int:
    """Return the bytes that an answer takes until its client has taken it."""
    if play.whole is not None:
        return _MADE_WHILE_SENT + play.holds + _TIMES_A_BODY * len(request.body)
    return sum([len(step.piece) + _BYTES_OF_A_STEP for step in play.steps if isinstance(step, Send)])
