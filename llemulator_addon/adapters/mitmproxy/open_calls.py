"""A connection of a call of Realtime is closed when the call ends."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from llemulator_addon.adapters.websocket.connection import WebSocketConnection, WebSocketLine
from llemulator_addon.core.outcome import Converse
from llemulator_addon.live.open_calls import OpenCall, OpenCalls
from llemulator_addon.store.port import StoreFailed
from llemulator_addon.wire.credentials import is_client_secret, token_of

_OVER = 1000
_AGAIN_AFTER = 1.0
"""Seconds between attempts while the store fails."""

BeginConnection = Callable[[WebSocketLine], WebSocketConnection]


def close_with_call(calls: OpenCalls, accepted: Converse, begin: BeginConnection) -> BeginConnection:
    """Return what begins a connection; if it is that of a call, it ends with the call."""
    call_id = accepted.request.query_value("call_id")
    if call_id is None or not accepted.session:
        return begin
    call = OpenCall(accepted.exchange.session, call_id)
    # A client secret brings a session of its own.
    is_kept = not is_client_secret(token_of(accepted.request) or "")

    def begin_call(line: WebSocketLine) -> WebSocketConnection:
        connection = begin(line)
        connection.start(_watch(calls, call, partial(_close, connection), is_kept=is_kept))
        return connection

    return begin_call


async def _watch(calls: OpenCalls, call: OpenCall, close: Callable[[], None], *, is_kept: bool) -> None:
    while True:
        with suppress(StoreFailed):
            await calls.hold(call, close, is_kept=is_kept)
        await asyncio.sleep(_AGAIN_AFTER)


def _close(connection: WebSocketConnection) -> None:
    connection.start(connection.close(_OVER, "the call has ended"))
