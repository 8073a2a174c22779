"""The messages of a WebSocket connection, as the journal keeps them."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

_MOST = 1_000
"""Messages of one connection that are kept."""
_MOST_BYTES = 256 << 10
"""Bytes that their contents may have together."""
_KEPT = 16 << 10
"""Bytes of one content that are kept."""
_BYTES_OF_ONE = 200
"""Memory of one, in addition to its content."""


class TalkMessage(NamedTuple):
    """One message. A request that it is, and the answer to that, is an exchange of its own."""

    at: float
    """When it came or was sent, in seconds since the epoch."""
    by_client: bool
    content: bytes = b""
    """Its beginning; nothing of a client's that is the body of `exchange`."""
    size: int = 0
    """Bytes that it had."""
    exchange: int = 0
    """Number of the exchange that it began, or whose answer it is of; 0: none."""


class TalkMessages(NamedTuple):
    """The messages of one connection that are kept: the newest."""

    kept: tuple[TalkMessage, ...] = ()
    recorded: int = 0
    """How many were noted, with those that are no longer kept."""
    content_bytes: int = 0

    @property
    def size(self) -> int:
        """Bytes of memory that they take, about."""
        return self.content_bytes + _BYTES_OF_ONE * len(self.kept)

    def add(self, messages: Iterable[TalkMessage]) -> "TalkMessages":
        """Add messages, and drop the oldest above the bounds.

        A client's with an exchange is the one that was added before with the same time, whose exchange began.
        """
        kept, recorded, content_bytes = list(self.kept), self.recorded, self.content_bytes
        for message in messages:
            cut = message if len(message.content) <= _KEPT else message._replace(content=message.content[:_KEPT])
            if cut.by_client and cut.exchange:
                content_bytes -= _begin_exchange(kept, cut)
            else:
                kept.append(cut)
                recorded, content_bytes = recorded + 1, content_bytes + len(cut.content)
        first = max(0, len(kept) - _MOST)
        content_bytes -= sum(len(message.content) for message in kept[:first])
        while content_bytes > _MOST_BYTES:
            content_bytes -= len(kept[first].content)
            first += 1
        return TalkMessages(tuple(kept[first:]), recorded, content_bytes)

    def renumber(self, numbers: Mapping[int, int]) -> "TalkMessages":
        """Return the same with other numbers of exchanges; 0 for one that is no longer kept."""
        return self._replace(kept=tuple(each._replace(exchange=numbers.get(each.exchange, 0)) for each in self.kept))


def _begin_exchange(kept: list[TalkMessage], begun: TalkMessage) -> int:
    """Give the message that began an exchange its number; return how many bytes need not be kept any more."""
    for place in range(len(kept) - 1, -1, -1):
        came = kept[place]
        if came.by_client and came.at == begun.at and not came.exchange:
            is_body = came.content == begun.content
            kept[place] = came._replace(content=b"" if is_body else came.content, exchange=begun.exchange)
            return len(came.content) if is_body else 0
        if came.by_client and came.at < begun.at:
            break
    return 0


NO_MESSAGES = TalkMessages()
