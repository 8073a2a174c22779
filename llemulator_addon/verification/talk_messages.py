"""The messages of a WebSocket connection as its client sent and got them."""

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import NamedTuple

from llemulator_addon.core.talk import TalkMessage, TalkMessages
from llemulator_addon.engine.journal import Exchange, Journal
from llemulator_addon.wire.json_bytes import read

SWITCHED = 101
"""Status of a handshake that was accepted."""
OVER_WEBSOCKET = "WebSocket"
"""The version of HTTP of a request that came as a message."""


class ConnectionIndex(NamedTuple):
    """Which exchanges began a connection of a client, and which of them a WebSocket connection."""

    firsts: dict[str, int]
    handshakes: dict[str, int]
    """Both by the id of a connection."""

    def is_new(self, exchange: Exchange) -> bool:
        """Whether a request was the first on its connection."""
        return self.firsts.get(exchange.connection) == exchange.number

    def find_handshake(self, exchange: Exchange) -> int | None:
        """Return the number of the handshake of the connection on which a request came as a message."""
        return self.handshakes.get(exchange.connection) if exchange.http_version == OVER_WEBSOCKET else None


def index_connections(journal: Journal) -> ConnectionIndex:
    """Look through a journal."""
    index = ConnectionIndex({}, {})
    for exchange in journal:
        index.firsts.setdefault(exchange.connection, exchange.number)
        if exchange.status == SWITCHED:
            index.handshakes[exchange.connection] = exchange.number
    return index


def list_messages(handshake: Exchange, find: Callable[[int], Exchange | None]) -> Iterator[TalkMessage]:
    """Yield the messages of a connection that are kept, with their contents as far as those are."""
    for message in handshake.messages.kept:
        if message.content or not message.exchange:
            yield message
        elif (begun := find(message.exchange)) is not None:
            yield message._replace(content=begun.body)


def list_unknown_types(messages: TalkMessages) -> Iterator[str]:
    """Yield the types of a client's messages that were refused for them."""
    for said, answered in pairwise(message for message in messages.kept if not message.exchange):
        if not said.by_client or answered.by_client:
            continue
        match _read(said.content), _read(answered.content):
            case {"type": str(told)}, {"type": "error", "error": {"param": "type"}}:
                yield told
            case _:
                pass


def _read(content: bytes) -> object:
    try:
        return read(content)
    except ValueError:
        return None
