"""The messages of a WebSocket connection, as the journal keeps them."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

_MOST = 1_000
"""Messages of one connection that are kept."""
_MOST_BYTES = 256 << 10
"""Bytes that their contents may have together."""
_ENOUGH_BYTES = 192 << 10
"""Bytes that they have after some were shortened; all shortened ones have less."""
_KEPT = 16 << 10
"""Bytes of one content that are kept."""
_BEGINNING = 128
"""Bytes that a content has after it was shortened: the type of a message is among them."""
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
    """The messages of one connection that are kept.

    Some twenty pieces of sound come in a second. So that the other messages are still there after a minute, old long
    contents are shortened first, and then their messages are the first to be dropped.
    """

    kept: tuple[TalkMessage, ...] = ()
    recorded: int = 0
    """How many were noted, with those that are no longer kept."""
    content_bytes: int = 0

    @property
    def size(self) -> int:
        """Bytes of memory that they take, about."""
        return self.content_bytes + _BYTES_OF_ONE * len(self.kept)

    def add(self, messages: Iterable[TalkMessage]) -> "TalkMessages":
        """Add messages, and shorten or drop old ones above the bounds.

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
        if (more := len(kept) - _MOST) > 0:
            content_bytes -= _drop(kept, more)
        if content_bytes > _MOST_BYTES:
            content_bytes -= _shorten(kept, content_bytes - _ENOUGH_BYTES)
        return TalkMessages(tuple(kept), recorded, content_bytes)

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


def _drop(kept: list[TalkMessage], number: int) -> int:
    """Drop that many: the oldest of which only the beginning was kept, then the oldest; return their bytes."""
    is_short = [not message.exchange and len(message.content) < message.size for message in kept]
    places = {*[place for place, short in enumerate(is_short) if short][:number]}
    places |= {*[place for place, short in enumerate(is_short) if not short][: number - len(places)]}
    dropped = sum(len(kept[place].content) for place in places)
    kept[:] = [message for place, message in enumerate(kept) if place not in places]
    return dropped


def _shorten(kept: list[TalkMessage], wanted: int) -> int:
    """Keep only the beginning of long contents, the oldest first, until enough bytes are free; return their number."""
    freed = 0
    for place, message in enumerate(kept):
        if freed >= wanted:
            break
        if len(message.content) > _BEGINNING:
            kept[place] = message._replace(content=message.content[:_BEGINNING])
            freed += len(message.content) - _BEGINNING
    return freed
